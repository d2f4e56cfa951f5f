/**
 * From an attack to its reports. Pure: any retry sends the bytes that were frozen.
 *
 * @module
 */
import type { Attack, Frozen, Home, SinkName } from "../buffer/buffer.ts";
import type { Location } from "../types.ts";
import type { ListVerdict } from "../guard/warninglists.ts";
import { buildEvent, type EventRules } from "../misp/event.ts";
import { sightingsOf } from "../misp/sightings.ts";
import { uuidV5 } from "../misp/uuid.ts";
import { type HomeRules, updateHome } from "./home.ts";

/** What freezing is configured by. */
export interface FreezeRules extends HomeRules, EventRules {
  readonly sinks: readonly SinkName[];
  /** A source with fewer attempts so far is remembered, but not published. */
  readonly minAttempts: number;
}

/** What is looked up of an address, beside what the attack itself says. */
export interface Lookups {
  readonly verdictOf: (address: string) => ListVerdict | undefined;
  readonly locate: (address: string) => Location | undefined;
}

/** Nothing is configured to be looked up. */
export const NO_LOOKUPS: Lookups = { verdictOf: () => undefined, locate: () => undefined };

/**
 * Freezes an attack.
 *
 * A source on a dropping warning list is not published, but an event that is there already is brought
 * up to date, without `to_ids`; so is what looks like a compromise.
 *
 * @param now milliseconds UTC
 */
export function freezeAttack(
  attack: Attack,
  earlier: Home | undefined,
  rules: FreezeRules,
  now: number,
  lookups: Lookups = NO_LOOKUPS,
): Frozen {
  const { home, settled } = updateHome(attack, earlier, rules, now);
  const mustBeTold = home.compromisedAt !== undefined || home.reports > 0;
  const verdict = lookups.verdictOf(home.sourceIp);
  if (!mustBeTold && verdict?.action === "drop") {
    return { home, settled, reports: [], withheld: "warning_listed" };
  }
  if (!mustBeTold && home.attempts < rules.minAttempts) return { home, settled, reports: [] };
  const told = { ...home, reports: home.reports + 1 };
  const location = lookups.locate(home.sourceIp) ?? home.place;
  const body = JSON.stringify(buildEvent(told, rules, { verdict, location }));
  const uuid = uuidV5(home.eventUuid, `report/${told.reports}`);
  // The event itself tells of the first attack.
  const again = told.reports === 1 ? [] : sightingsOf(told, attack.sensors, rules);
  const reports = rules.sinks.map((sink) => ({
    uuid,
    sink,
    sourceIp: home.sourceIp,
    eventUuid: home.eventUuid,
    body,
    attempts: home.attempts,
    frozenAt: now,
    // A feed has no sightings: whoever pulls it gets the new times.
    sightings: sink === "misp" ? again : [],
  }));
  return { home: told, settled, reports };
}
