/**
 * Texts that one process leaves for others.
 *
 * @module
 */
import type { SettingStore } from "../settings.ts";
import type { Database } from "./database.ts";
import { one, type Sql } from "./sql.ts";

/** Settings in PostgreSQL. */
export class PostgresSettings implements SettingStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(name: string): Promise<string | undefined> {
    return this.#db.read((sql) => readSetting(sql, name));
  }

  put(name: string, value: string | undefined): Promise<void> {
    return this.#db.write((sql) => writeSetting(sql, name, value));
  }
}

/** Undefined: nothing is kept under that name. */
export async function readSetting(sql: Sql, name: string): Promise<string | undefined> {
  const row = await one(sql, "SELECT value FROM setting WHERE name = $1", name);
  return row === undefined ? undefined : String(row.value);
}

/** Keeps a text under a name. @param value undefined: nothing is kept there any more */
export async function writeSetting(
  sql: Sql,
  name: string,
  value: string | undefined,
): Promise<void> {
  if (value === undefined) {
    await sql("DELETE FROM setting WHERE name = $1", name);
    return;
  }
  await sql(
    `INSERT INTO setting (name, value) VALUES ($1, $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    name,
    value,
  );
}
