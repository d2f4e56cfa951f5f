/**
 * Texts that one process leaves for others.
 *
 * @module
 */
import type { SettingStore } from "../settings.ts";
import type { Database } from "./database.ts";

/** Settings in a SQLite file. */
export class SqliteSettings implements SettingStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(name: string): Promise<string | undefined> {
    return this.#db.read((sql) => {
      const row = sql("SELECT value FROM setting WHERE name = ?").get(name);
      return row === undefined ? undefined : String(row.value);
    });
  }

  put(name: string, value: string | undefined): Promise<void> {
    return this.#db.write((sql) => {
      if (value === undefined) sql("DELETE FROM setting WHERE name = ?").run(name);
      else {
        sql(
          `INSERT INTO setting (name, value) VALUES (?, ?)
           ON CONFLICT DO UPDATE SET value = excluded.value`,
        ).run(name, value);
      }
    });
  }
}
