/**
 * The MISP event of an attacker. Pure: the same home gives the same event (docs/contracts/misp.md 1).
 *
 * @module
 */
import type { Home } from "../buffer/buffer.ts";
import type { ListVerdict } from "../guard/warninglists.ts";
import type { Location, Technique } from "../types.ts";
import {
  failureReport,
  geolocationObject,
  type MispObject,
  type MispTag,
  networkObject,
} from "./objects.ts";
import { type MispEventReport, type StoryRules, tellStory } from "./story.ts";
import { techniqueTags } from "./techniques.ts";
import { forMisp } from "./usernames.ts";

/** An event as MISP takes it. Numbers are texts, as in its own answers. */
export interface MispEvent {
  readonly uuid: string;
  readonly info: string;
  readonly date: string;
  readonly threat_level_id: string;
  readonly analysis: string;
  readonly distribution: string;
  readonly published: boolean;
  readonly Tag: readonly MispTag[];
  readonly Attribute: readonly [];
  readonly Object: readonly MispObject[];
  readonly EventReport: readonly MispEventReport[];
}

/** What events are configured by. */
export interface EventRules extends StoryRules {
  readonly distribution: number;
  readonly threatLevel: number;
  readonly analysis: number;
  readonly tags: readonly string[];
}

/** What was looked up of the address. */
export interface AddressFacts {
  readonly verdict?: ListVerdict | undefined;
  readonly location?: Location | undefined;
}

/** What a success after failures means, beside the guessing (docs/contracts/misp.md 4). */
const VALID_ACCOUNTS: Technique = { id: "T1078", name: undefined };

/** What a withdrawn address is tagged with (docs/contracts/misp.md 4). */
const FALSE_POSITIVE = 'false-positive:risk="high"';

/** MISP's highest threat level. */
export const HIGH = "1";

/** Builds the event of a home. */
export function buildEvent(home: Home, rules: EventRules, facts: AddressFacts = {}): MispEvent {
  const { sourceIp, attempts, eventUuid } = home;
  const isCompromise = home.compromisedAt !== undefined;
  const techniques = isCompromise ? [...home.techniques, VALID_ACCOUNTS] : home.techniques;
  const outcome = (isCompromise ? ", then a SUCCESSFUL LOGIN" : "") +
    (home.retractedAt === undefined ? "" : ", withdrawn");
  const { location } = facts;
  return {
    uuid: eventUuid,
    info: `SSH Brute Force Attack from ${sourceIp} (${attempts} attempts)${outcome}`,
    date: home.openedOn,
    threat_level_id: isCompromise ? HIGH : String(rules.threatLevel),
    analysis: String(rules.analysis),
    distribution: String(rules.distribution),
    published: false,
    Tag: [...new Set([...rules.tags, ...techniqueTags(techniques)])].map((name) => ({ name })),
    Attribute: [],
    Object: [
      failureReport(eventUuid, addressTold(home, facts), summary(home), {
        first_seen: mispTime(home.firstSeen),
        last_seen: mispTime(home.lastSeen),
      }),
      ...(location === undefined ? [] : networkObject(eventUuid, sourceIp, location)),
      ...(location === undefined ? [] : geolocationObject(eventUuid, sourceIp, location)),
    ],
    EventReport: [tellStory(home, rules)],
  };
}

/** An address on a warning list of scanners or shared infrastructure must not be blocked by itself. */
function addressTold(home: Home, { verdict }: AddressFacts) {
  const { sourceIp, attempts, services, retractedAt } = home;
  const lists = verdict?.lists ?? [];
  const listed = lists.length === 0 ? "" : forMisp(`on warning lists: ${lists.join(", ")}`, 1000);
  const isRetracted = retractedAt !== undefined;
  const tags = [...(verdict?.tags ?? []), ...(isRetracted ? [FALSE_POSITIVE] : [])];
  return {
    sourceIp,
    attempts,
    type: services.includes("telnet") ? services.join(" and ") : "ssh",
    toIds: !isRetracted && (verdict === undefined || verdict.action === "publish"),
    tags: [...new Set(tags)].map((name) => ({ name })),
    comment: isRetracted ? `withdrawn by an operator at ${mispTime(retractedAt)}` : listed,
  };
}

function summary(home: Home): string {
  const sensors = count(home.sensors.length, "sensor");
  const usernames = count(Object.keys(home.usernames).length, "different user name");
  const told = `${sensors}; ${usernames}; ${count(home.alerts, "Wazuh alert")}`;
  if (home.compromisedAt === undefined) return told;
  return `a login was let in at ${mispTime(home.compromisedAt)}: check that host; ${told}`;
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** A time as MISP writes it back: `2026-11-23T00:04:11.000000+00:00`. */
export function mispTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000+00:00");
}
