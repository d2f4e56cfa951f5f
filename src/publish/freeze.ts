/**
 * From an attack to its reports. Pure: any retry sends the bytes that were frozen.
 *
 * @module
 */
import type {
  Attack,
  DayEvent,
  Frozen,
  Home,
  NewReport,
  PlaceInDay,
  Sighting,
  SinkName,
} from "../buffer/buffer.ts";
import type { Location } from "../types.ts";
import type { ListVerdict } from "../guard/warninglists.ts";
import { buildEvent, type EventRules } from "../misp/event.ts";
import { buildClosing, buildDayEvent } from "../misp/day_event.ts";
import { attributesOf, withObjectsDeleted } from "../misp/objects.ts";
import { falsePositive, sightingsOf } from "../misp/sightings.ts";
import { dayEventUuid, uuidV5 } from "../misp/uuid.ts";
import { type HomeRules, type PlaceOfSource, updateHome } from "./home.ts";

/** What freezing is configured by. */
export interface FreezeRules extends HomeRules, EventRules {
  readonly sinks: readonly SinkName[];
  /** An event is updated in MISP at most once in so long, milliseconds. */
  readonly publishIntervalMs: number;
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
 * @param placeInDay undefined: a new source gets an event of its own
 */
export function freezeAttack(
  attack: Attack,
  earlier: Home | undefined,
  rules: FreezeRules,
  now: number,
  lookups: Lookups = NO_LOOKUPS,
  placeInDay?: PlaceInDay,
): Frozen {
  const location = lookups.locate(attack.sourceIp) ?? attack.place;
  const place: PlaceOfSource | undefined = placeInDay === undefined
    ? undefined
    : (publisher, day) =>
      placeInDay({
        publisher,
        day,
        attributes: attributesOf(location),
        uuidOf: (part) => dayEventUuid(publisher, day, part),
      });
  const { home, settled } = updateHome(attack, earlier, rules, now, place);
  const mustBeTold = home.compromisedAt !== undefined || home.reports > 0;
  const verdict = lookups.verdictOf(home.sourceIp);
  if (!mustBeTold && verdict?.action === "drop") {
    return { home, settled, reports: [], withheld: "warning_listed" };
  }
  if (!mustBeTold && home.attempts < rules.minAttempts) return { home, settled, reports: [] };
  // The event itself tells of the first attack.
  const again = home.reports === 0 ? [] : sightingsOf(home, attack.sensors, rules);
  return { ...tell(home, rules, now, lookups, again, rules.publishIntervalMs), settled };
}

/**
 * Withdraws an address: its event stays, but no longer gives it to detection, and says why.
 *
 * @param home of a source that was reported
 * @param now milliseconds UTC
 */
export function retractHome(home: Home, rules: FreezeRules, now: number, lookups: Lookups): Frozen {
  const retracted = { ...home, retractedAt: home.retractedAt ?? now };
  const sightings = [falsePositive(retracted, retracted.retractedAt)];
  return { ...tell(retracted, rules, now, lookups, sightings, 0), settled: [] };
}

/** Closes the event of a day that is over: the report of the event itself, not of a source. */
export function closeDay(
  event: DayEvent,
  homes: readonly Home[],
  rules: FreezeRules,
  now: number,
): readonly NewReport[] {
  const told = homes.filter((home) => home.reports > 0);
  if (told.length === 0) return [];
  const body = JSON.stringify(buildClosing(event, told, rules));
  return rules.sinks.map((sink) => ({
    // A day that gets a source later is closed again, and that is another report.
    uuid: uuidV5(event.eventUuid, `report/closed/${told.length}`),
    sink,
    sourceIp: `day ${event.day}`,
    eventUuid: event.eventUuid,
    body,
    attempts: told.reduce((sum, home) => sum + home.attempts, 0),
    frozenAt: now,
    sightings: [],
    restMs: 0,
  }));
}

function tell(
  home: Home,
  rules: FreezeRules,
  now: number,
  lookups: Lookups,
  sightings: readonly Sighting[],
  restMs: number,
): Pick<Frozen, "home" | "reports"> {
  const { sourceIp, eventUuid, attempts } = home;
  const told = { ...home, reports: home.reports + 1 };
  const verdict = lookups.verdictOf(sourceIp);
  const location = lookups.locate(sourceIp) ?? home.place;
  const build = home.part === undefined ? buildEvent : buildDayEvent;
  const event = build(told, rules, { verdict, location });
  const name = home.part === undefined ? told.reports : `${sourceIp}/${told.reports}`;
  const uuid = uuidV5(eventUuid, `report/${name}`);
  const reports = rules.sinks.map((sink) => ({
    uuid,
    sink,
    sourceIp,
    eventUuid,
    // Whoever pulls a feed learns only by a deletion that an address is withdrawn.
    body: JSON.stringify(
      sink === "feed" && home.retractedAt !== undefined ? withObjectsDeleted(event) : event,
    ),
    attempts,
    frozenAt: now,
    // A feed has no sightings: whoever pulls it gets the new times.
    sightings: sink === "misp" ? sightings : [],
    restMs: sink === "misp" ? restMs : 0,
  }));
  return { home: told, reports };
}
