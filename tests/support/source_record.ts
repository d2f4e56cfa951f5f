/**
 * What is known of a source, and a report of it, for tests that make them by hand.
 *
 * @module
 */
import type { Report, SourceRecord } from "../../src/model.ts";

/** A source with three attempts within an hour, of which a test says what else it needs. */
export function sourceRecord(changes: Partial<SourceRecord> = {}): SourceRecord {
  return {
    sourceIp: "82.202.219.155",
    eventUuid: "fa04dc62-89e1-5024-b207-249034a5af55",
    publisher: "wazuh-manager-01",
    openedOn: "2026-08-23",
    firstSeen: Date.UTC(2026, 7, 23, 6),
    lastSeen: Date.UTC(2026, 7, 23, 7),
    alerts: 7,
    compacted: { pam: 0, sshd: 0, connect: 0 },
    compromisedAt: undefined,
    retractedAt: undefined,
    services: ["ssh"],
    sourceLocation: undefined,
    furtherUsernames: 0,
    attempts: 3,
    reports: 1,
    usernames: {},
    passwords: {},
    sensors: [],
    techniques: [],
    ...changes,
  };
}

/** The first report of a source to the sink `misp`. */
export function firstReport(
  { sourceIp, eventUuid, attempts }: Pick<Report, "sourceIp" | "eventUuid" | "attempts">,
  event: unknown,
  changes: Partial<Report> = {},
): Report {
  return {
    uuid: `report of ${sourceIp}`,
    sink: "misp",
    sourceIp,
    eventUuid,
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
