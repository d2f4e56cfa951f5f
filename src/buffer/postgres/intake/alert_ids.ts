/**
 * The ids of accepted alerts. Their table grows with the alerts, and all others with the sources, so a
 * row is small: managers by number, and no index but the key. outbox/alert_days.ts forgets them.
 *
 * @module
 */
import type { AlertKey } from "../../../model.ts";
import { keyText } from "../keys.ts";
import { all, type Sql } from "../sql.ts";

/** Whether an alert was accepted before; each is asked for once, in its order. */
export type IsDuplicate = (key: AlertKey) => boolean;

/**
 * Stores the ids of many alerts with the next statement, in the order of the key.
 *
 * @param numbers of all their managers
 */
export async function storeIds(
  sql: Sql,
  keys: readonly AlertKey[],
  numbers: ReadonlyMap<string, number>,
  now: number,
): Promise<IsDuplicate> {
  const nameOf = ({ manager, id }: AlertKey) => `${numbers.get(manager)} ${keyText(id)}`;
  const distinct = new Map(
    keys.map((key) => [nameOf(key), [numbers.get(key.manager)!, keyText(key.id)] as const]),
  );
  const rows = [...distinct.values()].sort(([m, a], [n, b]) => m - n || (a < b ? -1 : 1));
  const { rows: before } = await sql.later(
    `WITH k AS (SELECT * FROM unnest($1::bigint[], $2::text[]) AS k (manager, alert_id)),
     added AS (
       INSERT INTO seen_alert (manager, alert_id, seen_at) SELECT manager, alert_id, $3::bigint FROM k
       ON CONFLICT DO NOTHING RETURNING manager, alert_id)
     SELECT k.manager, k.alert_id FROM k LEFT JOIN added USING (manager, alert_id)
     WHERE added.alert_id IS NULL`,
    rows.map(([manager]) => manager),
    rows.map(([, id]) => id),
    now,
  );
  const seen = new Set(before.map(({ manager, alert_id }) => `${manager} ${alert_id}`));
  return (key) => {
    const name = nameOf(key);
    if (seen.has(name)) return true;
    seen.add(name);
    return false;
  };
}

/**
 * The numbers of managers. Those of new ones hold from the commit on.
 *
 * @param known numbers that are committed
 */
export async function numbersOf(
  sql: Sql,
  of: readonly AlertKey[],
  known: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const missing = [...new Set(of.map(({ manager }) => manager))]
    .filter((name) => !known.has(name)).sort();
  if (missing.length === 0) return known;
  const keys = missing.map(keyText);
  sql.later(
    "INSERT INTO manager (name) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING",
    keys,
  );
  const rows = await all(sql, "SELECT number, name FROM manager WHERE name = ANY($1)", keys);
  const found = new Map(rows.map(({ name, number }) => [String(name), Number(number)]));
  return new Map([
    ...known,
    ...missing.map((name, index) => [name, found.get(keys[index]!)!] as const),
  ]);
}
