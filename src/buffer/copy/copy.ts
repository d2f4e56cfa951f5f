/**
 * Copies all that one buffer holds into another one, in one transaction of each: a copy that was broken off
 * has left nothing, and one that is there is whole.
 *
 * @module
 */
import { faultPoint } from "../../fault_point.ts";
import { Unusable } from "../sqlite/errors.ts";
import { Digest } from "./digest.ts";
import { commonRows, type Row, type Table, type TableName, TABLES } from "./tables.ts";

/** A buffer, while nobody else can change it. */
export interface CopySide {
  /** Writes what an older version of the program left to be written later. */
  complete(): Promise<void>;
  /** All rows of a table, some at a time. */
  read(table: Table): AsyncIterable<readonly Row[]>;
  /** Puts rows into a table that has none of the same key. */
  write(table: Table, rows: readonly Row[]): Promise<void>;
  /** Whether a table has rows. */
  hasRows(table: Table): Promise<boolean>;
  /** Deletes all rows of a table. */
  clear(table: Table): Promise<void>;
  /** Brings in order what follows from the rows. */
  finish(): Promise<void>;
}

/** A buffer that is copied from or into. */
export interface CopyEnd {
  /** As messages name it. */
  readonly name: string;
  /** What the user may do where it holds something else. */
  readonly hintIfFull: string;
  /**
   * Does work while nobody else can use the buffer. When it returns, what was written is on the disk; when
   * it throws, nothing was written.
   *
   * @throws {BufferError} somebody uses it, or it cannot be used
   */
  alone<T>(work: (side: CopySide) => Promise<T>): Promise<T>;
}

/** What a copy came to. */
export interface Copied {
  /** How many rows each table has, in both. */
  readonly rows: ReadonlyMap<TableName, number>;
  /** Whether they had been copied before. */
  readonly wasThere: boolean;
}

/** Is called with the table and how many of its rows are done. */
export type OnProgress = (doing: "copying" | "comparing", table: TableName, rows: number) => void;

/** What a `serve` writes that has no alert yet may be there already, and is replaced. */
const REPLACED: ReadonlySet<TableName> = new Set(["setting"]);

/**
 * Copies a buffer, and compares every row with what it was made of.
 *
 * @throws {BufferError} it cannot be copied; then the target is as it was
 */
export function copyBuffer(from: CopyEnd, to: CopyEnd, onProgress: OnProgress): Promise<Copied> {
  return from.alone((source) =>
    to.alone(async (target) => {
      await source.complete();
      const full = await firstFull(target);
      if (full === undefined) return await copyAll(source, target, to, onProgress);
      const rows = await compareAll(source, target, onProgress);
      if (rows !== undefined) return { rows, wasThere: true };
      throw new Unusable(
        `it is not empty: its table ${full} has rows, and they are not those of ${from.name}`,
        to.hintIfFull,
      );
    })
  );
}

async function firstFull(target: CopySide): Promise<TableName | undefined> {
  for (const table of TABLES) {
    if (!REPLACED.has(table.name) && await target.hasRows(table)) return table.name;
  }
  return undefined;
}

async function copyAll(
  source: CopySide,
  target: CopySide,
  { name }: CopyEnd,
  onProgress: OnProgress,
): Promise<Copied> {
  const digests = new Map<Table, Digest>();
  for (const table of TABLES) {
    await target.clear(table);
    const digest = new Digest();
    for await (const found of source.read(table)) {
      const rows = commonRows(table, found);
      digest.add(rows);
      await target.write(table, rows);
      onProgress("copying", table.name, digest.rows);
      faultPoint("in-copy");
    }
    digests.set(table, digest);
  }
  await target.finish();
  for (const [table, digest] of digests) {
    if (digest.equals(await digestOf(target, table, onProgress))) continue;
    throw new Unusable(
      `what was read back of the table ${table.name} is not what was written into it`,
      `look at the disk and the log of ${name}, then try again`,
    );
  }
  faultPoint("copied-before-commit");
  const rows = new Map([...digests].map(([table, digest]) => [table.name, digest.rows] as const));
  return { rows, wasThere: false };
}

/** @returns how many rows each table has; undefined: they are not the same */
async function compareAll(
  source: CopySide,
  target: CopySide,
  onProgress: OnProgress,
): Promise<Copied["rows"] | undefined> {
  const found = new Map<TableName, number>();
  for (const table of TABLES) {
    const digest = await digestOf(source, table, onProgress);
    if (!digest.equals(await digestOf(target, table, onProgress))) return undefined;
    found.set(table.name, digest.rows);
  }
  return found;
}

async function digestOf(side: CopySide, table: Table, onProgress: OnProgress): Promise<Digest> {
  const digest = new Digest();
  for await (const rows of side.read(table)) {
    digest.add(commonRows(table, rows));
    onProgress("comparing", table.name, digest.rows);
  }
  return digest;
}
