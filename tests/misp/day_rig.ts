/**
 * Reports of sources that share the event of a day.
 *
 * @module
 */
import type { Report, SourceRecord } from "../../src/model.ts";
import { buildClosing, buildDayEvent } from "../../src/misp/day_event.ts";
import type { EventRules } from "../../src/misp/event.ts";
import { record } from "./rest_sink_rig.ts";

/** The first and the second part of the day's event of `wazuh-manager-01`. */
export const DAY_UUID = "bc5c49ae-210a-5cfc-a64d-a9dc46534fc2";
export const PART_2_UUID = "906671e4-4aa1-5724-b2c0-8955ffd61fab";
export const TITLE = "SSH brute-force sources seen by honeypots, 2026-11-23";
export const COMPROMISED = `${TITLE}, with a SUCCESSFUL LOGIN`;
export const CLOSED_TAG = 'workflow:state="complete"';

export const RULES: EventRules = {
  distribution: 0,
  threatLevel: 3,
  analysis: 0,
  tags: ["tlp:green"],
  usernames: "top",
  sensorNames: "pseudonym",
  passwords: false,
};

export function dayRecord(
  sourceIp: string,
  attempts = 3,
  changes: Partial<SourceRecord> = {},
): SourceRecord {
  return { ...record(attempts, sourceIp), eventUuid: DAY_UUID, part: 1, ...changes };
}

export function dayReport(published: SourceRecord, changes: Partial<Report> = {}): Report {
  const { sourceIp, attempts } = published;
  return reportOf(sourceIp, attempts, buildDayEvent(published, RULES, {}), changes);
}

export function closingReport(
  records: readonly SourceRecord[],
  changes: Partial<Report> = {},
): Report {
  const day = { eventUuid: DAY_UUID, publisher: "wazuh-manager-01", day: "2026-11-23", part: 1 };
  return reportOf("day 2026-11-23", 0, buildClosing(day, records, RULES), changes);
}

function reportOf(
  sourceIp: string,
  attempts: number,
  event: unknown,
  changes: Partial<Report>,
): Report {
  return {
    uuid: `report of ${sourceIp}`,
    sink: "misp",
    sourceIp,
    eventUuid: DAY_UUID,
    body: JSON.stringify(event),
    attempts,
    snapshotAt: 0,
    tries: 0,
    isKnownThere: false,
    lastPublished: "",
    sightings: [],
    ...changes,
  };
}

/** So many different addresses. */
export const sources = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `82.202.${at >> 8}.${at & 255}`);
