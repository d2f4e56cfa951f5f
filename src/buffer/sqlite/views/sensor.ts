/**
 * What one sensor saw, and when.
 *
 * @module
 */
import type { Statements } from "../sql.ts";
import type { SensorView } from "../../views.ts";
import type { OpenAttack } from "../../rows/open_attack.ts";
import { readHistory } from "./ranking.ts";

/** Reads a sensor by its key, or by its name where that is not a key. */
export function readSensor(
  sql: Statements,
  open: ReadonlyMap<string, OpenAttack>,
  asked: string,
  now: number,
): SensorView | undefined {
  const cells = [...open.values()].flatMap(({ sensors }) => sensors);
  const stored = sql(
    `SELECT sensor, name, alerts, last_seen FROM sensor WHERE sensor = ? OR name = ?
     ORDER BY sensor = ? DESC, last_seen DESC LIMIT 1`,
  ).get(asked, asked, asked);
  const found = cells.find(({ sensor }) => sensor === asked) ??
    (stored === undefined
      ? cells.find(({ name }) => name === asked)
      : { sensor: String(stored.sensor), name: String(stored.name) });
  if (found === undefined) return undefined;
  const { sensor, name } = found;
  const own = cells.filter((cell) => cell.sensor === sensor);
  const row = sql("SELECT alerts, last_seen FROM sensor WHERE sensor = ?").get(sensor);
  const of = { kind: "sensor", name: sensor } as const;
  return {
    ...{ sensor, name },
    alerts: own.reduce((sum, { alerts }) => sum + alerts, Number(row?.alerts ?? 0)),
    lastSeen: Math.max(Number(row?.last_seen ?? 0), ...own.map(({ lastSeen }) => lastSeen)),
    day: readHistory(sql, open.values(), { span: "day", now, of }),
    month: readHistory(sql, open.values(), { span: "month", now, of }),
  };
}
