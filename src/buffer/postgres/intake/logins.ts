/**
 * Accepted logins. One is a compromise when the same source failed before it, by the time of the log
 * lines: whichever alert comes first.
 *
 * @module
 */
import type { Attempt } from "../../../model.ts";
import { SERVICE_BITS } from "../../batch/batch.ts";
import { HOUR } from "../../../clock.ts";
import { columnsOf } from "../columns.ts";
import type { Row } from "../trip.ts";
import { keyText } from "../keys.ts";
import { all, changes, type Sql } from "../sql.ts";

/** More logins of a source prove nothing more; a hostile one must not fill the table. */
const MOST_OF_SOURCE = 20;

/**
 * Stores logins, and marks attacks as compromised whose source logged in after a failure.
 *
 * @param addresses the sources of the batch, whose failures may be older than a login that is stored
 * @param now milliseconds UTC
 */
export async function writeLogins(
  sql: Sql,
  logins: readonly Attempt[],
  addresses: readonly string[],
  now: number,
): Promise<void> {
  if (logins.length > 0) store(sql, logins);
  await markCompromised(sql, [...addresses, ...logins.map(({ sourceIp }) => sourceIp)], now);
}

/**
 * Marks the attacks of sources that logged in after a failure. A source without an open attack, but with
 * a record, gets one: its event has to say so.
 */
export async function markCompromised(
  sql: Sql,
  sources: readonly string[],
  now: number,
): Promise<void> {
  const found = await all(
    sql,
    `SELECT DISTINCT ON (l.source_ip) l.source_ip, l.at, l.sensor, l.name, l.manager
     FROM login l LEFT JOIN attack a ON a.source_ip = l.source_ip
       LEFT JOIN source_record r ON r.source_ip = l.source_ip
     WHERE l.source_ip = ANY($1) AND l.at >= least(a.first_seen, r.first_seen)
       AND coalesce(a.compromised_at, r.compromised_at) IS NULL
     ORDER BY l.source_ip, l.at`,
    [...new Set(sources)],
  );
  for (const row of found) await mark(sql, row, now);
}

function store(sql: Sql, logins: readonly Attempt[]): void {
  const rows = logins.map(({ sourceIp, sensor, at, username }) => [
    ...[sourceIp, keyText(`${sensor.id}@${sensor.manager}`), at, sensor.name, sensor.manager],
    username ?? null,
  ]).sort(([one], [other]) => String(one) < String(other) ? -1 : 1);
  sql.later(
    `INSERT INTO login (source_ip, sensor, at, name, manager, username)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
     ON CONFLICT DO NOTHING`,
    ...columnsOf(rows, 6),
  );
  // The newest is enough to find that a login came after a failure.
  sql.later(
    `DELETE FROM login WHERE (source_ip, sensor, at) IN
       (SELECT source_ip, sensor, at FROM
         (SELECT source_ip, sensor, at,
            row_number() OVER (PARTITION BY source_ip ORDER BY at DESC) AS place
          FROM login WHERE source_ip = ANY($1)) AS n WHERE place > $2)`,
    [...new Set(rows.map(([sourceIp]) => String(sourceIp)))],
    MOST_OF_SOURCE,
  );
}

async function mark(sql: Sql, row: Row, now: number): Promise<void> {
  const source = String(row.source_ip);
  const at = Number(row.at);
  const changed = await changes(
    sql,
    "UPDATE attack SET compromised_at = $1 WHERE source_ip = $2",
    at,
    source,
  );
  if (changed > 0) return;
  const made = await changes(
    sql,
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
       compromised_at, services) VALUES ($1, $2, $2, $3, $3, 1, $4, $2, $5)
     ON CONFLICT DO NOTHING`,
    ...[source, at, now, String(row.manager), SERVICE_BITS.ssh],
  );
  // Another batch has opened one just now.
  if (made === 0) return await mark(sql, row, now);
  await sql(
    `INSERT INTO attack_sensor (source_ip, sensor, hour, name, alerts, first_seen, last_seen)
     VALUES ($1, $2, $3, $4, 1, $5, $5)`,
    ...[source, String(row.sensor), Math.floor(at / HOUR), String(row.name), at],
  );
}
