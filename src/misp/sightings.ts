/**
 * Sightings: which sensor saw a source again, and when (docs/contracts/misp.md 3.4).
 *
 * @module
 */
import type { SensorRow, Sighting, SourceRecord } from "../model.ts";
import { addressUuid } from "./objects.ts";
import { sensorName, type StoryRules } from "./story.ts";
import { forMisp } from "./usernames.ts";
import { uuidV5 } from "./uuid.ts";

/** MISP answers 500 for a longer source (docs/contracts/misp.md 8.5). */
const LONGEST_SOURCE = 255;

/** One sighting for each sensor of an attack, at the time of its last alert. */
export function sightingsOf(
  record: SourceRecord,
  sensors: readonly SensorRow[],
  rules: StoryRules,
): readonly Sighting[] {
  const attributeUuid = addressUuid(record.eventUuid, record.sourceIp);
  return sensors.map((sensor) => {
    const began = Math.floor(sensor.firstSeen / 1000);
    const name = sensorName(record, sensor, rules, (text) => forMisp(text, LONGEST_SOURCE));
    return {
      uuid: uuidV5(attributeUuid, `sighting/${sensor.sensor}/${began}`),
      attributeUuid,
      source: name,
      kind: "seen",
      seenAt: sensor.lastSeen,
    };
  });
}

/** The false-positive sighting of an address that an operator withdrew. */
export function falsePositive(record: SourceRecord, at: number): Sighting {
  const attributeUuid = addressUuid(record.eventUuid, record.sourceIp);
  return {
    uuid: uuidV5(attributeUuid, "sighting/retracted"),
    attributeUuid,
    source: "withdrawn by an operator",
    kind: "false-positive",
    seenAt: at,
  };
}

/**
 * The sighting that says that an address has expired: one for each silence.
 *
 * @param at when it expired, milliseconds UTC
 */
export function expiration(record: SourceRecord, at: number): Sighting {
  const attributeUuid = addressUuid(record.eventUuid, record.sourceIp);
  return {
    uuid: uuidV5(attributeUuid, `sighting/expired/${Math.floor(record.lastSeen / 1000)}`),
    attributeUuid,
    source: "no attempts for too long",
    kind: "expiration",
    seenAt: at,
  };
}

/** MISP's number of each kind (docs/contracts/misp.md 3.4). */
const TYPES: Readonly<Record<Sighting["kind"], string>> = {
  "seen": "0",
  "false-positive": "1",
  "expiration": "2",
};

/** The rows of `bulkSaveSightings`, with the numbers that MISP uses for types and times. */
export function sightingRows(sightings: readonly Sighting[]) {
  return sightings.map(({ uuid, attributeUuid, source, kind, seenAt }) => ({
    uuid,
    attribute_uuid: attributeUuid,
    source,
    type: TYPES[kind],
    date_sighting: String(Math.floor(seenAt / 1000)),
  }));
}
