/**
 * A buffer in PostgreSQL, from the configuration. Loaded only where `buffer.url` is set.
 *
 * @module
 */
import { createRequire } from "node:module";
import type { Buffer } from "../../../buffer/buffer.ts";
import type { PostgresBuffer } from "../../../buffer/postgres/postgres_buffer.ts";
import { serverName, serverOf } from "../../../buffer/postgres/server.ts";
import type { CopyEnd } from "../../../buffer/copy/copy.ts";
import type { Access } from "../../../buffer/postgres/connection.ts";
import { BUSY_TIMEOUT_MS } from "../../../buffer/sqlite/errors.ts";
import { MINUTE, SECOND } from "../../../clock.ts";
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import { databaseOf } from "./database.ts";
import { readSetting } from "../publisher.ts";

/** How long connecting may take, and each statement. */
const CONNECT_MS = 5 * SECOND;
const STATEMENT_MS = 30 * SECOND;
/** The same of a copy: its last statement may have to wait for the disk. */
const COPY_STATEMENT_MS = 10 * MINUTE;

/** The database, as messages name it. */
export function databaseName(config: Config): string {
  return serverName(serverOf(databaseOf(config)!));
}

/** Opens the buffer in the database. @throws {ConfigError} a file cannot be read */
export async function openDatabaseBuffer(config: Config): Promise<Buffer> {
  return await openPostgres(config);
}

/** As {@link openDatabaseBuffer}, with what only `doctor` asks. */
export async function openPostgres(config: Config): Promise<PostgresBuffer> {
  const access = accessOf(config, STATEMENT_MS);
  const { PostgresBuffer } = await import("../../../buffer/postgres/postgres_buffer.ts");
  return new PostgresBuffer(access);
}

/** The database as `buffer copy` works with it. @throws {ConfigError} a file cannot be read */
export async function databaseEnd(config: Config): Promise<CopyEnd> {
  const access = accessOf(config, COPY_STATEMENT_MS);
  const { PostgresEnd } = await import("../../../buffer/postgres/copy_end.ts");
  return new PostgresEnd(access);
}

/** How to reach the database; call it before the client is loaded. */
function accessOf(config: Config, statementMs: number): Access {
  const { passwordFile, caFile } = config.buffer;
  const password = passwordFile === undefined ? undefined : () => readPassword(passwordFile);
  // A file that cannot be used is found now, not at the first connection.
  password?.();
  const caCertificate = readSetting("buffer.ca_file", caFile);
  if (caCertificate !== undefined && !caCertificate.includes("-----BEGIN CERTIFICATE-----")) {
    throw new ConfigError(`buffer.ca_file ${caFile} does not hold a PEM certificate`);
  }
  // In a bundle of Deno 2.5, a CommonJS package finds modules of the runtime only by this.
  (globalThis as { require?: NodeJS.Require }).require ??= createRequire(import.meta.url);
  const server = serverOf(databaseOf(config)!);
  const lockMs = Math.min(BUSY_TIMEOUT_MS, config.server.readTimeoutMs);
  return { server, password, caCertificate, connectMs: CONNECT_MS, statementMs, lockMs };
}

function readPassword(file: string): string {
  const password = readSetting("buffer.password_file", file)!.replace(/\r?\n$/, "");
  if (password === "") throw new ConfigError(`buffer.password_file ${file} is empty`);
  return password;
}
