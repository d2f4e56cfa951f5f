/**
 * Reports of sources that share the event of a day.
 *
 * @module
 */
import type { Report, SourceRecord } from "../../src/model.ts";
import { buildClosing, buildDayEvent } from "../../src/misp/day_event.ts";
import { firstReport } from "../support/source_record.ts";
import { record, RULES } from "./rest_sink_rig.ts";

/** The first and the second part of the day's event of `wazuh-manager-01`. */
export const DAY_UUID = "bc5c49ae-210a-5cfc-a64d-a9dc46534fc2";
export const PART_2_UUID = "906671e4-4aa1-5724-b2c0-8955ffd61fab";
export const TITLE = "SSH brute-force sources seen by honeypots, 2026-11-23";
export const COMPROMISED = `SUCCESSFUL LOGIN among ${TITLE}`;
export const CLOSED_TAG = 'workflow:state="complete"';

export function dayRecord(
  sourceIp: string,
  attempts = 3,
  changes: Partial<SourceRecord> = {},
): SourceRecord {
  return { ...record(attempts, sourceIp), eventUuid: DAY_UUID, part: 1, ...changes };
}

export const dayReport = (published: SourceRecord, changes: Partial<Report> = {}): Report =>
  firstReport({ ...published, eventUuid: DAY_UUID }, buildDayEvent(published, RULES, {}), changes);

export function closingReport(
  records: readonly SourceRecord[],
  changes: Partial<Report> = {},
): Report {
  const day = { eventUuid: DAY_UUID, publisher: "wazuh-manager-01", day: "2026-11-23", part: 1 };
  const about = { sourceIp: "day 2026-11-23", eventUuid: DAY_UUID, attempts: 0 };
  return firstReport(about, buildClosing(day, records, RULES), changes);
}

/** So many different addresses. */
export const sources = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `82.202.${at >> 8}.${at & 255}`);
