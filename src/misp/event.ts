/**
 * The MISP event of an attacker. Pure: the same home gives the same event (contracts/misp.md 1, 2).
 *
 * @module
 */
import type { Home } from "../buffer/buffer.ts";
import { techniqueTags } from "./techniques.ts";
import { uuidV5 } from "./uuid.ts";

/** An attribute as MISP takes it. Times are ISO 8601, UTC, microseconds. */
export interface MispAttribute {
  readonly uuid: string;
  readonly object_relation: string;
  readonly type: string;
  readonly category: string;
  readonly value: string;
  readonly to_ids: boolean;
  readonly disable_correlation: boolean;
  readonly distribution: "5";
  readonly comment: string;
  readonly first_seen?: string;
  readonly last_seen?: string;
}

/** An object as MISP takes it. */
export interface MispObject {
  readonly uuid: string;
  readonly name: string;
  readonly "meta-category": string;
  readonly description: string;
  readonly template_uuid: string;
  readonly template_version: string;
  readonly distribution: "5";
  readonly comment: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly Attribute: readonly MispAttribute[];
}

/** An event as MISP takes it. Numbers are texts, as in its own answers. */
export interface MispEvent {
  readonly uuid: string;
  readonly info: string;
  readonly date: string;
  readonly threat_level_id: string;
  readonly analysis: string;
  readonly distribution: string;
  readonly published: boolean;
  readonly Tag: readonly { readonly name: string }[];
  readonly Attribute: readonly [];
  readonly Object: readonly MispObject[];
}

/** What events are configured by. */
export interface EventRules {
  readonly distribution: number;
  readonly threatLevel: number;
  readonly analysis: number;
  readonly tags: readonly string[];
}

/** MISP object template of the one object that every event has (contracts/misp.md 2). */
const FAILURE_REPORT = {
  name: "authentication-failure-report",
  "meta-category": "network",
  description: "Authentication Failure Report",
  template_uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
  template_version: "4",
} as const;

/** Builds the event of a home. */
export function buildEvent(home: Home, rules: EventRules): MispEvent {
  const { sourceIp, attempts } = home;
  const tags = [...new Set([...rules.tags, ...techniqueTags(home.techniques)])];
  return {
    uuid: home.eventUuid,
    info: `SSH Brute Force Attack from ${sourceIp} (${attempts} attempts)`,
    date: home.openedOn,
    threat_level_id: String(rules.threatLevel),
    analysis: String(rules.analysis),
    distribution: String(rules.distribution),
    published: false,
    Tag: tags.map((name) => ({ name })),
    Attribute: [],
    Object: [failureReport(home)],
  };
}

function failureReport(home: Home): MispObject {
  const uuid = uuidV5(home.eventUuid, `object/${FAILURE_REPORT.name}/${home.sourceIp}`);
  const seen = { first_seen: mispTime(home.firstSeen), last_seen: mispTime(home.lastSeen) };
  const attribute = (relation: string, type: string, value: string) => ({
    uuid: uuidV5(uuid, `attr/${relation}`),
    object_relation: relation,
    type,
    category: "Other",
    value,
    to_ids: false,
    disable_correlation: true,
    distribution: "5" as const,
    comment: "",
  });
  return {
    uuid,
    ...FAILURE_REPORT,
    distribution: "5",
    comment: story(home),
    ...seen,
    Attribute: [
      {
        ...attribute("ip-src", "ip-src", home.sourceIp),
        category: "Network activity",
        to_ids: true,
        disable_correlation: false,
        ...seen,
      },
      attribute("total", "counter", String(home.attempts)),
      attribute("type", "text", "ssh"),
    ],
  };
}

function story(home: Home): string {
  const sensors = count(home.sensors.length, "sensor");
  const usernames = count(Object.keys(home.usernames).length, "different user name");
  return `${sensors}; ${usernames}; ${count(home.alerts, "Wazuh alert")}`;
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** A time as MISP writes it back: `2026-11-23T00:04:11.000000+00:00`. */
export function mispTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000+00:00");
}
