/**
 * What one sensor saw, and when sensors were heard of last.
 *
 * @module
 */
import type { OpenAttack } from "../../rows/open_attack.ts";
import type { SensorContact, SensorView } from "../../views.ts";
import { all, one, type Sql } from "../sql.ts";
import { readHistory } from "./ranking.ts";

/** Reads a sensor by its key, or by its name where that is not a key. */
export async function readSensor(
  sql: Sql,
  open: ReadonlyMap<string, OpenAttack>,
  asked: string,
  now: number,
): Promise<SensorView | undefined> {
  const cells = [...open.values()].flatMap(({ sensors }) => sensors);
  const stored = await one(
    sql,
    `SELECT sensor, name, alerts, last_seen FROM sensor WHERE sensor = $1 OR name = $1
     ORDER BY (sensor = $1) DESC, last_seen DESC LIMIT 1`,
    asked,
  );
  const found = cells.find(({ sensor }) => sensor === asked) ??
    (stored === undefined
      ? cells.find(({ name }) => name === asked)
      : { sensor: String(stored.sensor), name: String(stored.name) });
  if (found === undefined) return undefined;
  const { sensor, name } = found;
  const own = cells.filter((cell) => cell.sensor === sensor);
  const of = { kind: "sensor", name: sensor } as const;
  const [row, day, month] = await Promise.all([
    one(sql, "SELECT alerts, last_seen FROM sensor WHERE sensor = $1", sensor),
    readHistory(sql, open.values(), { span: "day", now, of }),
    readHistory(sql, open.values(), { span: "month", now, of }),
  ]);
  return {
    ...{ sensor, name },
    alerts: own.reduce((sum, { alerts }) => sum + alerts, Number(row?.alerts ?? 0)),
    lastSeen: Math.max(Number(row?.last_seen ?? 0), ...own.map(({ lastSeen }) => lastSeen)),
    ...{ day, month },
  };
}

/** Sensors that are named, those with the latest contact first: metrics must not grow without end. */
const MOST_SENSORS = 100;
/** Open attacks whose sensors are looked at, those that were heard of last. */
const MOST_ATTACKS = 1000;

/** Reads them from snapshots and open attacks. Sensors of one name on several managers are one. */
export async function readSensorContacts(sql: Sql): Promise<readonly SensorContact[]> {
  const rows = await all(
    sql,
    `SELECT name, max(last_seen) AS last_seen FROM (
       SELECT name, last_seen FROM sensor
       UNION ALL SELECT s.name, s.last_seen
         FROM (SELECT source_ip FROM attack ORDER BY touched_at DESC LIMIT $1) a
           JOIN attack_sensor s ON s.source_ip = a.source_ip) AS c
     GROUP BY name ORDER BY max(last_seen) DESC, name LIMIT $2`,
    MOST_ATTACKS,
    MOST_SENSORS,
  );
  return rows.map((row) => ({ name: String(row.name), lastSeen: Number(row.last_seen) }));
}
