/**
 * Accepted logins. One is a compromise when the same source failed before it, by the time of the log
 * lines: whichever alert comes first. Wazuh's own rule for it hardly ever fires on a manager with more
 * than one honeypot (docs/contracts/wazuh.md 3).
 *
 * @module
 */
import type { Attempt } from "../../../model.ts";
import type { Statements } from "../sql.ts";
import { SERVICE_BITS } from "../../batch/batch.ts";
import { storable } from "../../batch/storable.ts";
import { HOUR } from "../../../clock.ts";

/** More logins of a source prove nothing more; a hostile one must not fill the table. */
const MOST_OF_SOURCE = 20;

/**
 * Stores logins, and marks attacks as compromised whose source logged in after a failure. A source
 * without an open attack, but with a record, gets one: its event has to say so.
 *
 * @param addresses the sources of the batch, whose failures may be older than a login that is stored
 * @param now milliseconds UTC
 */
export function writeLogins(
  sql: Statements,
  logins: readonly Attempt[],
  addresses: readonly string[],
  now: number,
): void {
  for (const login of logins) store(sql, login);
  const isAny = logins.length > 0 || sql("SELECT 1 FROM login LIMIT 1").get() !== undefined;
  if (!isAny) return;
  const sources = new Set([...addresses, ...logins.map(({ sourceIp }) => sourceIp)]);
  const found = sql(
    `SELECT l.source_ip, min(l.at) AS at, l.sensor, l.name, l.manager
     FROM json_each(?) s CROSS JOIN login l ON l.source_ip = s.value
       LEFT JOIN attack a ON a.source_ip = l.source_ip
       LEFT JOIN source_record r ON r.source_ip = l.source_ip
     WHERE l.at >= min(coalesce(a.first_seen, r.first_seen), coalesce(r.first_seen, a.first_seen))
       AND coalesce(a.compromised_at, r.compromised_at) IS NULL
     GROUP BY l.source_ip`,
  ).all(JSON.stringify([...sources]));
  for (const row of found) markCompromised(sql, row, now);
}

function store(sql: Statements, { sourceIp, sensor, at, username }: Attempt): void {
  sql(
    `INSERT OR IGNORE INTO login (source_ip, sensor, at, name, manager, username)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(
    ...[sourceIp, storable(`${sensor.id}@${sensor.manager}`), at, storable(sensor.name)],
    ...[storable(sensor.manager), username === undefined ? null : storable(username)],
  );
  // The newest is enough to find that a login came after a failure.
  sql(
    `DELETE FROM login WHERE source_ip = ? AND (source_ip, sensor, at) NOT IN
       (SELECT source_ip, sensor, at FROM login WHERE source_ip = ? ORDER BY at DESC LIMIT ?)`,
  ).run(sourceIp, sourceIp, MOST_OF_SOURCE);
}

function markCompromised(sql: Statements, row: Record<string, unknown>, now: number): void {
  const source = String(row.source_ip);
  const at = Number(row.at);
  const { changes } = sql("UPDATE attack SET compromised_at = ? WHERE source_ip = ?")
    .run(at, source);
  if (Number(changes) > 0) return;
  sql(
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
       compromised_at, services) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)`,
  ).run(source, at, at, now, now, String(row.manager), at, SERVICE_BITS.ssh);
  sql(
    `INSERT INTO attack_sensor (source_ip, sensor, hour, name, alerts, first_seen, last_seen)
     VALUES (?, ?, ?, ?, 1, ?, ?)`,
  ).run(source, String(row.sensor), Math.floor(at / HOUR), String(row.name), at, at);
}
