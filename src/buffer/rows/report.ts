/**
 * The rows of reports as what they say. Pure.
 *
 * @module
 */
import type { Report, Sighting, SinkName } from "../../model.ts";
import type { ReportRow, ReportState } from "../reports.ts";
import type { Row } from "./row.ts";

/** A report as people look at it. */
export function toRow(row: Row): ReportRow {
  const state = row.state as ReportState;
  return {
    uuid: String(row.uuid),
    sink: row.sink as SinkName,
    sourceIp: String(row.source_ip),
    eventUuid: String(row.event_uuid),
    state,
    attempts: Number(row.attempts),
    snapshotAt: Number(row.snapshot_at),
    tries: Number(row.tries),
    nextTryAt: state === "pending" ? Number(row.next_try_at) : undefined,
    lastTriedAt: row.ended_at === null ? undefined : Number(row.ended_at),
    lastError: row.last_error === null ? undefined : String(row.last_error),
  };
}

/** A report on its way, with its sightings. */
export function reportOf(row: Row, sightings: readonly Sighting[]): Report {
  return {
    uuid: String(row.uuid),
    sink: row.sink as SinkName,
    sourceIp: String(row.source_ip),
    eventUuid: String(row.event_uuid),
    body: String(row.body),
    attempts: Number(row.attempts),
    snapshotAt: Number(row.snapshot_at),
    tries: Number(row.tries),
    // SQLite has no booleans.
    ...(row.has_failed ? { hasFailed: true } : {}),
    isKnownThere: Boolean(row.known),
    lastPublished: String(row.last_published ?? ""),
    sightings,
  };
}

/** A sighting on its way. */
export function sightingOf(row: Row): Sighting {
  return {
    uuid: String(row.uuid),
    attributeUuid: String(row.attribute_uuid),
    source: String(row.source),
    kind: row.kind as Sighting["kind"],
    seenAt: Number(row.seen_at),
  };
}
