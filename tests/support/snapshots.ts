/**
 * The rules by which tests freeze attacks into reports.
 *
 * @module
 */
import { dayEventUuid, eventUuid } from "../../src/misp/uuid.ts";
import type { SnapshotRules } from "../../src/publish/snapshot.ts";

/**
 * Those of a default installation that publishes to MISP, but without tags. What else a test needs it
 * says itself: `{ ...PLAIN_SNAPSHOT_RULES, tags: ["tlp:green"] }`.
 */
export const PLAIN_SNAPSHOT_RULES: SnapshotRules = {
  sinks: ["misp"],
  publishIntervalMs: 0,
  reopenAfterMs: 30 * 24 * 60 * 60_000,
  maxUsernames: 100,
  publisher: undefined,
  eventUuidOf: eventUuid,
  dayEventUuidOf: dayEventUuid,
  distribution: 0,
  threatLevel: 3,
  analysis: 0,
  usernames: "top",
  sensorNames: "pseudonym",
  passwords: false,
  tags: [],
  minAttempts: 1,
};
