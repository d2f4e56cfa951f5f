/**
 * A SQLite file that is copied from or into.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { SECOND } from "../../clock.ts";
import type { CopyEnd, CopySide } from "../copy/copy.ts";
import {
  type Cell,
  type Column,
  namesOf,
  type Row,
  rowsAtOnce,
  type Table,
} from "../copy/tables.ts";
import { close } from "./connect.ts";
import { toBufferError } from "./error_text.ts";
import { isBusy, isOfFile, Unusable } from "./errors.ts";
import { openDatabase } from "./open.ts";
import { noteOlderNames } from "./outbox/older_names.ts";

/** An integration call has the file open for no longer, milliseconds. */
const WAIT_MS = 5 * SECOND;

/** The file at a path. */
export class SqliteEnd implements CopyEnd {
  readonly name: string;
  readonly hintIfFull = "let buffer.path name a file that is not there yet";

  constructor(path: string) {
    this.name = path;
  }

  async alone<T>(work: (side: CopySide) => Promise<T>): Promise<T> {
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(this.name, Date.now(), { keepDamaged: true }).db;
      begin(db, this.name);
      const result = await work(new SqliteSide(db, this.name));
      db.exec("COMMIT");
      return result;
    } catch (error) {
      throw describedError(this.name, error);
    } finally {
      // A transaction that is open is rolled back.
      if (db !== undefined) close(db);
    }
  }
}

const describedError = (path: string, error: unknown) =>
  isOfFile(error) || error instanceof Unusable ? toBufferError(path, error) : error;

/**
 * Begins a transaction in a file that no other process has open, whether it works or not: SQLite gives
 * this lock to nobody else. @throws {Unusable} one has
 */
function begin(db: DatabaseSync, path: string): void {
  db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = ${WAIT_MS}`);
  try {
    db.exec("BEGIN IMMEDIATE");
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new Unusable(
      "another process uses it",
      `\`fuser ${path}\` shows which; stop it, then try again`,
    );
  }
}

/** The tables were made with a counter that has counted nothing. */
const NO_ZERO = " WHERE value <> 0";

class SqliteSide implements CopySide {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  complete(): Promise<void> {
    return this.#attempt(() => {
      while (noteOlderNames((text) => this.#prepared(text)));
    });
  }

  async *read(table: Table): AsyncGenerator<readonly Row[]> {
    const most = rowsAtOnce(table);
    const names = table.columns.map(textOf).join(", ");
    try {
      let rows: Row[] = [];
      for (const found of this.#prepared(`SELECT ${names} FROM ${table.name}`).iterate()) {
        rows.push(table.columns.map(({ name }) => cellOf(found[name])));
        if (rows.length < most) continue;
        yield rows;
        rows = [];
      }
      if (rows.length > 0) yield rows;
    } catch (error) {
      // Whoever reads may take it for an error of the other side.
      throw describedError(this.#path, error);
    }
  }

  write(table: Table, rows: readonly Row[]): Promise<void> {
    const places = table.columns.map(() => "?").join(", ");
    return this.#attempt(() => {
      const insert = this.#prepared(
        `INSERT INTO ${table.name} (${namesOf(table)}) VALUES (${places})`,
      );
      for (const row of rows) insert.run(...row);
    });
  }

  async hasRows({ name }: Table): Promise<boolean> {
    let found = false;
    await this.#attempt(() => {
      const text = `SELECT 1 FROM ${name}${name === "counter" ? NO_ZERO : ""} LIMIT 1`;
      found = this.#prepared(text).get() !== undefined;
    });
    return found;
  }

  clear({ name }: Table): Promise<void> {
    return this.#attempt(() => void this.#prepared(`DELETE FROM ${name}`).run());
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  #prepared(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  #attempt(work: () => void): Promise<void> {
    try {
      work();
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(describedError(this.#path, error));
    }
  }
}

/** node:sqlite ends a text at a NUL, and so a whole one is read as bytes. */
function textOf({ name, isKey }: Column): string {
  const column = `"${name}"`;
  if (!isKey) return column;
  return `CASE WHEN instr(${column}, char(0)) THEN CAST(${column} AS BLOB) ELSE ${column} END
    AS ${column}`;
}

const cellOf = (value: unknown): Cell =>
  value instanceof Uint8Array ? new TextDecoder().decode(value) : value as Cell;
