/**
 * One trip to the server and back with several statements, which `pg` cannot send by itself. The messages
 * end with one Sync: after a statement that failed the server runs none of the others.
 *
 * @module
 */
import { createHash } from "node:crypto";
import pg from "pg";
import { encode, type Value } from "./values.ts";

/** A row by the names of its columns. Numbers are JavaScript numbers. */
export type Row = Readonly<Record<string, unknown>>;

/** What a statement came to. */
export interface Result {
  readonly rows: readonly Row[];
  /** How many rows were changed. */
  readonly changes: number;
}

/** A statement and its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly Value[];
  /** Whether the server keeps its plan for the next time. */
  readonly isPrepared: boolean;
}

/** The connection of `pg`, as its own queries use it. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  close(message: { type: "S"; name: string }): void;
  parse(message: { text: string; name: string }): void;
  bind(message: { statement: string; values: readonly (string | null)[] }): void;
  describe(message: { type: "P"; name: string }): void;
  execute(message: Record<string, never>): void;
  sync(): void;
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

type Parse = (text: string) => unknown;

/** Types of PostgreSQL that are numbers here: int8 and numeric. No value of the buffer exceeds 2^53. */
const NUMBERS: ReadonlySet<number> = new Set([20, 1700]);

const parserOf = ({ dataTypeID }: Field): Parse =>
  NUMBERS.has(dataTypeID) ? Number : pg.types.getTypeParser(dataTypeID, "text") as Parse;

/** What `pg` runs as one of its queries. */
export class Trip {
  readonly #statements: readonly Statement[];
  readonly #prepared: Set<string>;
  readonly #results: Result[] = [];
  #fields: readonly (readonly [name: string, parse: Parse])[] = [];
  #rows: Row[] = [];
  #error: unknown;
  /** `pg` wraps it where a query may take only so long. */
  callback: (error: unknown, results?: readonly Result[]) => void;

  /** @param prepared names of statements that the session has; new ones are added */
  constructor(
    statements: readonly Statement[],
    prepared: Set<string>,
    callback: (error: unknown, results?: readonly Result[]) => void,
  ) {
    this.#statements = statements;
    this.#prepared = prepared;
    this.callback = callback;
  }

  /** Sends all statements. */
  submit(wire: Wire): Error | null {
    wire.stream.cork();
    try {
      for (const { text, values, isPrepared } of this.#statements) {
        const name = isPrepared ? nameOf(text) : "";
        if (!this.#prepared.has(name)) {
          // Where an earlier trip failed, it may be there. To close one that is not there does nothing.
          if (isPrepared) wire.close({ type: "S", name });
          wire.parse({ text, name });
        }
        wire.bind({ statement: name, values: values.map(encode) });
        wire.describe({ type: "P", name: "" });
        wire.execute({});
      }
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return null;
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#fields = fields.map((field) => [field.name, parserOf(field)]);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    for (const [index, [name, parse]] of this.#fields.entries()) {
      const text = fields[index]!;
      row[name] = text === null ? null : parse(text);
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#results.push({ rows: this.#rows, changes: Number(/ (\d+)$/.exec(text)?.[1] ?? 0) });
    this.#rows = [];
    this.#fields = [];
  }

  handleError(error: unknown): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    for (const { text, isPrepared } of this.#statements) {
      if (isPrepared) this.#prepared.add(nameOf(text));
    }
    this.callback(null, this.#results);
  }
}

const names = new Map<string, string>();

/** A name that stands for this text and no other, whichever process gave it. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash("sha256").update(text).digest("hex").slice(0, 32);
    names.set(text, name);
  }
  return name;
}
