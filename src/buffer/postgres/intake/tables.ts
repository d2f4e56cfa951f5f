/**
 * The tables that a batch goes into, and what becomes of rows that are there already.
 *
 * @module
 */
import { MOST_TECHNIQUES } from "../../batch/techniques.ts";
import { type Cell, columnsOf, distinctRows, insertOf, type Rows } from "../columns.ts";
import type { Value } from "../values.ts";
import type { Sql } from "../sql.ts";

/**
 * The techniques of an attack and those that come to it, as `TechniqueTexts` puts them together: of each the
 * first name, in the order of their ids.
 */
const ALL_TECHNIQUES =
  `(SELECT '[' || string_agg(one::text, ',' ORDER BY id COLLATE "C") || ']' FROM
  (SELECT id, one FROM
    (SELECT DISTINCT ON (id) id, one, place FROM
      (SELECT one->>'id' AS id, one, 0 AS place
       FROM json_array_elements(t.techniques::json) AS a (one)
       UNION ALL SELECT one->>'id', one, 1
       FROM json_array_elements(excluded.techniques::json) AS b (one)) AS every
     ORDER BY id, (one->>'name') IS NULL, place) AS different
   ORDER BY place, id LIMIT ${MOST_TECHNIQUES}) AS kept)`;

/** Of an earlier version: a NUL or half of a pair as an escape, which PostgreSQL does not read as JSON. */
const IS_UNREADABLE = String.raw`t.techniques ~ '(^|[^\\])(\\\\)*\\u(0000|d[89a-f])'`;

/** The attacks of sources: from then on each is locked until the commit. */
export const ATTACKS: Rows = {
  into: `INSERT INTO attack AS t (source_ip, first_seen, last_seen, opened_at, touched_at, alerts,
    manager, compromised_at, services, source_location, techniques)`,
  keys: 1,
  types: [
    ...["text", "bigint", "bigint", "bigint", "bigint", "bigint"] as const,
    ...["text", "bigint", "bigint", "text", "text"] as const,
  ],
  // Where it was opened later than now, the clock was set back since.
  onConflict: `ON CONFLICT (source_ip) DO UPDATE SET
    first_seen = least(t.first_seen, excluded.first_seen),
    last_seen = greatest(t.last_seen, excluded.last_seen), alerts = t.alerts + excluded.alerts,
    opened_at = least(t.opened_at, excluded.opened_at),
    compromised_at = coalesce(t.compromised_at, excluded.compromised_at),
    services = t.services | excluded.services,
    source_location = coalesce(excluded.source_location, t.source_location),
    touched_at = greatest(t.touched_at, excluded.touched_at),
    techniques = CASE WHEN t.techniques IS NULL THEN excluded.techniques
      WHEN excluded.techniques IS NULL OR excluded.techniques = t.techniques OR ${IS_UNREADABLE}
        THEN t.techniques
      WHEN t.techniques::jsonb @> excluded.techniques::jsonb THEN t.techniques
      ELSE ${ALL_TECHNIQUES} END`,
};

const SUMS = ["sshd", "pam_error", "pam", "connect"].map((name) =>
  `${name} = t.${name} + excluded.${name}`
).join(", ");

const CONNECTIONS: Rows = {
  into: `INSERT INTO attack_connection AS t (source_ip, sensor, pid, location, sshd, pam_error,
    pam, connect, refused, touched_at)`,
  keys: 4,
  types: [
    ...["text", "text", "bigint", "text"] as const,
    ...["bigint", "bigint", "bigint", "bigint", "bigint", "bigint"] as const,
  ],
  onConflict: `ON CONFLICT (source_ip, sensor, pid, location) DO UPDATE SET ${SUMS},
    refused = t.refused + excluded.refused,
    touched_at = greatest(t.touched_at, excluded.touched_at)`,
};

const SENSORS: Rows = {
  into: `INSERT INTO attack_sensor AS t (source_ip, sensor, hour, name, alerts, first_seen,
    last_seen)`,
  keys: 3,
  types: ["text", "text", "bigint", "text", "bigint", "bigint", "bigint"],
  onConflict: `ON CONFLICT (source_ip, sensor, hour) DO UPDATE SET name = excluded.name,
    alerts = t.alerts + excluded.alerts, first_seen = least(t.first_seen, excluded.first_seen),
    last_seen = greatest(t.last_seen, excluded.last_seen)`,
};

const USERNAMES: Rows = {
  into: `INSERT INTO attack_username AS t (source_ip, username, location, sshd, pam_error, pam,
    connect)`,
  keys: 3,
  types: ["text", "text", "text", "bigint", "bigint", "bigint", "bigint"],
  onConflict: `ON CONFLICT (source_ip, username, location) DO UPDATE SET ${SUMS}`,
};

const PASSWORDS: Rows = {
  into: "INSERT INTO attack_password AS t (source_ip, password, attempts)",
  keys: 2,
  types: ["text", "text", "bigint"],
  onConflict: `ON CONFLICT (source_ip, password) DO UPDATE SET
    attempts = t.attempts + excluded.attempts`,
};

/** The tables of what belongs to an attack. */
export const TABLES = {
  connections: CONNECTIONS,
  sensors: SENSORS,
  usernames: USERNAMES,
  passwords: PASSWORDS,
} as const;

/** Rows of one table. */
export type TableRows = readonly [table: Rows, rows: readonly (readonly Cell[])[]];

/** Writes rows of several tables, in one statement where each has each key once. */
export function writeRows(sql: Sql, ...tables: readonly TableRows[]): void {
  const groups = tables.map(([table, rows]) => [table, distinctRows(rows, table.keys)] as const);
  for (let at = 0;; at++) {
    const values: Value[] = [];
    const inserts: string[] = [];
    for (const [table, parts] of groups) {
      const rows = parts[at];
      if (rows === undefined) continue;
      inserts.push(`w${inserts.length} AS (${insertOf(table, values.length)})`);
      values.push(...columnsOf(rows, table.types.length));
    }
    if (inserts.length === 0) return;
    sql.later(`WITH ${inserts.join(", ")} SELECT 1`, ...values);
  }
}
