/**
 * Forgetting the ids of accepted alerts. An id of 4.x begins with the second in which the alert was written
 * (docs/contracts/wazuh.md 4.1), and so its text alone says in which partition it is: that of its day. A day
 * is forgotten as a whole, by dropping its partition.
 *
 * Where a day has no partition, its ids are in the default one, as are those of 5.x, which say no time: no
 * alert ever waits for a partition. From there they are deleted, some at a time.
 *
 * @module
 */
import { DAY, SECOND } from "../../../clock.ts";
import { all, changes, one, type Sql } from "../sql.ts";

/** For so many days from today on there are partitions: where nobody prunes, nothing is lost by it. */
const DAYS_AHEAD = 3;

const DAY_SECONDS = DAY / SECOND;

/**
 * A change of the partitions waits no longer for transactions that are open, and what comes meanwhile waits
 * with it. The next look tries again.
 */
const NOT_LONG = "SET LOCAL lock_timeout TO '500ms'";
const ALONE = `${NOT_LONG}; LOCK TABLE ONLY seen_alert IN ACCESS EXCLUSIVE MODE`;

const NAME = /^seen_alert_day_(\d+)$/;
const tableOf = (day: number) => `seen_alert_day_${day}`;
const indexOf = (day: number) => `${tableOf(day)}_age`;

/** The least text that an id of a day may have: ten digits until the year 2286. */
const beginOf = (day: number) => String(day * DAY_SECONDS).padStart(10, "0");

/** Days since 1970, in UTC. */
export interface Days {
  /** Those without a partition that should have one. */
  readonly missing: readonly number[];
  /** Those whose alerts were all written too long ago. */
  readonly over: readonly number[];
}

/** Compares the partitions that are there with those that should be. @param seenBefore, now milliseconds UTC */
export async function findDays(sql: Sql, seenBefore: number, now: number): Promise<Days> {
  const rows = await all(
    sql,
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'seen_alert'::regclass`,
  );
  const made = new Set(
    rows.flatMap(({ name }) => NAME.exec(String(name))?.[1] ?? []).map(Number),
  );
  const today = Math.floor(now / DAY);
  const wanted = Array.from({ length: DAYS_AHEAD + 1 }, (_, index) => today + index);
  return {
    missing: wanted.filter((day) => !made.has(day)),
    over: [...made].filter((day) => (day + 1) * DAY <= seenBefore).sort((a, b) => a - b),
  };
}

/** Makes the partition of a day, unless ids of that day are in the default one already. */
export async function makeDay(sql: Sql, day: number): Promise<void> {
  // Most often they are: the day of the first start has them for as long as they are kept.
  if (await isInDefault(sql, day)) return;
  await sql.script(ALONE);
  if (await isInDefault(sql, day)) return;
  const table = tableOf(day);
  await sql(
    `CREATE TABLE IF NOT EXISTS ${table} PARTITION OF seen_alert
     FOR VALUES FROM ('${beginOf(day)}') TO ('${beginOf(day + 1)}')`,
  );
  // Rows come in the order of this time: such an index is a few pages, and costs a writer nothing.
  await sql(`CREATE INDEX IF NOT EXISTS ${indexOf(day)} ON ${table} USING brin (seen_at)`);
}

async function isInDefault(sql: Sql, day: number): Promise<boolean> {
  return await one(
    sql,
    `SELECT 1 FROM manager m WHERE EXISTS (SELECT 1 FROM seen_alert_default s
       WHERE s.manager = m.number AND s.alert_id >= $1 AND s.alert_id < $2) LIMIT 1`,
    ...[beginOf(day), beginOf(day + 1)],
  ) !== undefined;
}

/** Drops the partition of a day, unless an alert of it was accepted since. */
export async function dropDay(sql: Sql, day: number, seenBefore: number): Promise<void> {
  sql.later(NOT_LONG);
  // Autovacuum has mostly done so. Without it, the whole table would be read while writers wait.
  await sql("SELECT brin_summarize_new_values($1::regclass)", indexOf(day));
  if (await isNeeded(sql, day, seenBefore)) return;
  await sql.script(ALONE);
  // One may have been accepted just now.
  if (await isNeeded(sql, day, seenBefore)) return;
  await sql(`DROP TABLE ${tableOf(day)}`);
}

async function isNeeded(sql: Sql, day: number, seenBefore: number): Promise<boolean> {
  const recent = `SELECT 1 FROM ${tableOf(day)} WHERE seen_at >= $1 LIMIT 1`;
  return await one(sql, recent, seenBefore) !== undefined;
}

/** Of other ids than those of 4.x there are few: they have an index by age (migrations/first.ts). */
const IS_DATED = "alert_id ~ '^[12][0-9]{9}\\.[0-9]'";
const IS_UNDATED = "alert_id !~ '^[12][0-9]{9}\\.[0-9]'";

/**
 * Deletes up to about so many ids from the default partition, the oldest first.
 *
 * @param seenBefore milliseconds UTC; those accepted since are kept, and dated ones written since too
 * @returns how many
 */
export async function deleteAlertIds(sql: Sql, seenBefore: number, most: number): Promise<number> {
  const end = String(Math.floor(seenBefore / SECOND)).padStart(10, "0");
  let deleted = 0;
  for (const { number } of await all(sql, "SELECT number FROM manager ORDER BY number")) {
    deleted += await changes(
      sql,
      `DELETE FROM seen_alert_default WHERE manager = $1 AND alert_id IN
         (SELECT alert_id FROM seen_alert_default WHERE manager = $1 AND alert_id < $2
            AND seen_at < $3 AND ${IS_DATED} ORDER BY alert_id LIMIT $4)`,
      ...[Number(number), end, seenBefore, most],
    );
  }
  return deleted + await changes(
    sql,
    `DELETE FROM seen_alert_default WHERE (manager, alert_id) IN
       (SELECT manager, alert_id FROM seen_alert_default WHERE seen_at < $1 AND ${IS_UNDATED}
        ORDER BY seen_at LIMIT $2)`,
    seenBefore,
    most,
  );
}
