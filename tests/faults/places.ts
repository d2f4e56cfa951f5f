/**
 * Places of buffers, of each engine.
 *
 * @module
 */
import type { Buffer } from "../../src/buffer/buffer.ts";
import { PostgresBuffer } from "../../src/buffer/postgres/postgres_buffer.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { accessIn, freshSchema } from "../support/postgres.ts";
import { tempFolder } from "../support/temp.ts";

/** Where a buffer lies: whatever opens it finds what was there before. */
export interface Place extends Disposable {
  open(now: number): Buffer;
}

/** A file of its own. */
export function sqlitePlace(): Place {
  const folder = tempFolder();
  return {
    open: (now) => new SqliteBuffer(folder.file("buffer.db"), now),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** A schema of its own; it goes with the server of the tests. */
export function postgresPlace(): Place {
  const access = accessIn(freshSchema());
  return { open: () => new PostgresBuffer(access), [Symbol.dispose]: () => {} };
}
