/**
 * When sensors were heard of last: one that fell silent is seen by it.
 *
 * @module
 */
import type { SensorContact } from "../../views.ts";
import type { Statements } from "../sql.ts";

/** Sensors that are named, those with the latest contact first: metrics must not grow without end. */
const MOST_SENSORS = 100;
/** Open attacks whose sensors are looked at, those that were heard of last. */
const MOST_ATTACKS = 1000;

/** Reads them from snapshots and open attacks. Sensors of one name on several managers are one. */
export function readSensorContacts(sql: Statements): readonly SensorContact[] {
  return sql(
    `SELECT name, max(last_seen) AS last_seen FROM (
       SELECT name, last_seen FROM sensor
       UNION ALL SELECT s.name, s.last_seen
         FROM (SELECT source_ip FROM attack ORDER BY touched_at DESC LIMIT ?) a
           CROSS JOIN attack_sensor s ON s.source_ip = a.source_ip)
     GROUP BY name ORDER BY max(last_seen) DESC, name LIMIT ?`,
  ).all(MOST_ATTACKS, MOST_SENSORS).map((row) => ({
    name: String(row.name),
    lastSeen: Number(row.last_seen),
  }));
}
