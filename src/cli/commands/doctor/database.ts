/**
 * The checks of `doctor` on the database that holds the buffer.
 *
 * @module
 */
import { BufferError } from "../../../buffer/sqlite/errors.ts";
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import { type Check, failure, ok, warning } from "../../terminal/checks.ts";
import { databaseOf } from "../../wiring/buffer/database.ts";

/** Connects, looks at the tables, and writes a row. */
export async function checkDatabase(config: Config): Promise<readonly Check[]> {
  const { databaseName, openDatabaseBuffer } = await import(
    "../../wiring/buffer/database_buffer.ts"
  );
  const { MIGRATIONS } = await import("../../../buffer/postgres/schema.ts");
  const name = databaseName(config);
  try {
    using buffer = await openDatabaseBuffer(config);
    await buffer.settings.put(WRITTEN, new Date().toISOString());
    return [ok("buffer", `${name}, schema ${MIGRATIONS.length}`), ...encryption(config, name)];
  } catch (error) {
    if (error instanceof ConfigError) {
      return [failure("buffer", error.message, "correct that file")];
    }
    if (!(error instanceof BufferError)) throw error;
    return [failure("buffer", `${name}: ${error.what}`, error.hint)];
  }
}

/** Name of the row that shows that writing works. */
const WRITTEN = "doctor wrote";

function encryption(config: Config, name: string): readonly Check[] {
  const { hostname, searchParams } = new URL(databaseOf(config)!);
  const isHere = /^(127\.|localhost$|\[::1\]$)/.test(hostname);
  if (isHere || searchParams.get("sslmode") !== "disable") return [];
  return [
    warning(
      "buffer.url",
      `${name} is not encrypted: the password can be read`,
      "set sslmode=verify-full",
    ),
  ];
}
