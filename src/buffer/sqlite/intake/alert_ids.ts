/**
 * The ids of accepted alerts. Their table grows with the alerts, and all others with the sources, so a
 * row is small: managers by number, and no index but the key. An id of 4.x begins with the time at
 * which the alert was written (docs/contracts/wazuh.md 4.1), so that the oldest stand first in the key.
 *
 * @module
 */
import type { AlertKey } from "../../../model.ts";
import type { Statements } from "../sql.ts";

/** Of other ids, 5.x has such, there are few: they have an index by age (schema.ts). */
const IS_DATED = "alert_id GLOB '[12]?????????.[0-9]*'";
const IS_UNDATED = "alert_id NOT GLOB '[12]?????????.[0-9]*'";

/** So many at once are worth a statement of their own. */
const MANY = 16;

/** Stores the ids of one batch. */
export class AlertIds {
  readonly #sql: Statements;
  readonly #managers = new Map<string, number>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** @returns false when the alert was accepted before */
  add({ manager, id }: AlertKey, now: number): boolean {
    const { changes } = this.#sql(
      "INSERT OR IGNORE INTO seen_alert (manager, alert_id, seen_at) VALUES (?, ?, ?)",
    ).run(this.#numberOf(manager), id, now);
    return Number(changes) > 0;
  }

  /**
   * Stores the ids of many alerts at once, in an eighth of the time.
   *
   * @returns false when any of them was accepted before, or comes twice: then none is stored, and
   * they have to be asked for one by one
   */
  addAll(keys: readonly AlertKey[], now: number): boolean {
    if (keys.length < MANY) return false;
    const lists = new Map<string, string[]>();
    for (const { manager, id } of keys) {
      const list = lists.get(manager);
      if (list === undefined) lists.set(manager, [id]);
      else list.push(id);
    }
    this.#sql("SAVEPOINT alert_ids").get();
    for (const [manager, ids] of lists) {
      if (this.#addList(manager, ids, now)) continue;
      this.#sql("ROLLBACK TO alert_ids").get();
      // The rows of managers that were new are undone with it.
      this.#managers.clear();
      this.#sql("RELEASE alert_ids").get();
      return false;
    }
    this.#sql("RELEASE alert_ids").get();
    return true;
  }

  #addList(manager: string, ids: readonly string[], now: number): boolean {
    const list = JSON.stringify(ids);
    // No real id has anything that is escaped; SQLite reads some of it otherwise than it was.
    if (list.includes("\\")) return false;
    const { changes } = this.#sql(
      `INSERT OR IGNORE INTO seen_alert (manager, alert_id, seen_at)
       SELECT ?, value, ? FROM json_each(?)`,
    ).run(this.#numberOf(manager), now, list);
    return Number(changes) === ids.length;
  }

  #numberOf(manager: string): number {
    const known = this.#managers.get(manager);
    if (known !== undefined) return known;
    const row = this.#sql("SELECT number FROM manager WHERE name = ?").get(manager) ??
      this.#sql("INSERT INTO manager (name) VALUES (?) RETURNING number").get(manager);
    const number = Number(row!.number);
    this.#managers.set(manager, number);
    return number;
  }
}

/**
 * Deletes up to about so many ids, the oldest first.
 *
 * @param seenBefore milliseconds UTC; those accepted since are kept, and dated ones written since too
 * @returns how many
 */
export function deleteAlertIds(sql: Statements, seenBefore: number, most: number): number {
  return deleteDated(sql, seenBefore, seenBefore, most) + deleteUndated(sql, seenBefore, most);
}

/**
 * As `deleteAlertIds()`, where the limit is reached: of a file of old alerts that was replayed, the ids go
 * first, however lately they came. It looks at nothing but what it takes.
 */
export function evictAlertIds(sql: Statements, writtenBefore: number, most: number): number {
  return deleteDated(sql, writtenBefore, Number.MAX_SAFE_INTEGER, most) +
    deleteUndated(sql, writtenBefore, most);
}

function deleteDated(
  sql: Statements,
  writtenBefore: number,
  seenBefore: number,
  most: number,
): number {
  const end = String(Math.floor(writtenBefore / 1000)).padStart(10, "0");
  let deleted = 0;
  for (const { number } of sql("SELECT number FROM manager").all()) {
    const { changes } = sql(
      `DELETE FROM seen_alert WHERE manager = ? AND alert_id IN
         (SELECT alert_id FROM seen_alert WHERE manager = ? AND alert_id < ? AND seen_at < ?
            AND ${IS_DATED} ORDER BY alert_id LIMIT ?)`,
    ).run(number!, number!, end, seenBefore, most);
    deleted += Number(changes);
  }
  return deleted;
}

function deleteUndated(sql: Statements, seenBefore: number, most: number): number {
  const { changes } = sql(
    `DELETE FROM seen_alert WHERE (manager, alert_id) IN
       (SELECT manager, alert_id FROM seen_alert WHERE seen_at < ? AND ${IS_UNDATED}
        ORDER BY seen_at LIMIT ?)`,
  ).run(seenBefore, most);
  return Number(changes);
}
