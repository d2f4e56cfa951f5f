/**
 * Makes the tables, and brings those of an older version forward: one process at a time.
 *
 * @module
 */
import { codeOf } from "./connection.ts";
import { newerSchema, otherEncoding, UNDEFINED_TABLE } from "./errors.ts";
import { MIGRATIONS } from "./schema.ts";
import type { Server } from "./server.ts";
import { one, type Sql } from "./sql.ts";

/** Of the advisory lock of this program's migrations; any number that others do not use. */
const LOCK = 7_346_211_905;

/** Runs work in a transaction of its own. */
export type Transact = <T>(work: (sql: Sql) => Promise<T>) => Promise<T>;

/**
 * Makes sure that the tables are those of this version.
 *
 * @throws {Unusable} a newer version made them, or the database cannot hold every text
 */
export async function prepareSchema(transact: Transact, server: Server): Promise<void> {
  if (await versionOf(transact) === MIGRATIONS.length) return;
  const { schema } = server;
  await transact(async (sql) => {
    // A character that it lacks would fail each batch that has an alert with it, again and again.
    const encoding = String((await one(sql, "SHOW server_encoding"))?.server_encoding);
    if (encoding !== "UTF8") throw otherEncoding(encoding, server);
    await sql("SELECT pg_advisory_xact_lock($1)", LOCK);
    if (schema !== "public") await sql(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    await sql("CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL)");
    const version = await readVersion(sql);
    for (const migration of MIGRATIONS.slice(version)) await sql.script(migration);
    await sql("DELETE FROM schema_version");
    await sql("INSERT INTO schema_version (version) VALUES ($1)", MIGRATIONS.length);
  });
}

/** Undefined: there are no tables. @throws {Unusable} a newer version made them */
async function versionOf(transact: Transact): Promise<number | undefined> {
  try {
    return await transact(readVersion);
  } catch (error) {
    if (codeOf(error) === UNDEFINED_TABLE) return undefined;
    throw error;
  }
}

async function readVersion(sql: Sql): Promise<number> {
  const version = Number((await one(sql, "SELECT version FROM schema_version"))?.version ?? 0);
  if (version > MIGRATIONS.length) throw newerSchema(version, MIGRATIONS.length);
  return version;
}
