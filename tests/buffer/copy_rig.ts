/** A buffer with something in every table, and all that a file holds. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { copyBuffer, type CopyEnd } from "../../src/buffer/copy/copy.ts";
import { type Column, type Table, type TableName, TABLES } from "../../src/buffer/copy/tables.ts";
import { PostgresEnd } from "../../src/buffer/postgres/copy_end.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decide } from "../../src/intake/decide.ts";
import { NOW, sceneLines, sessionRules } from "../cowrie/session_rig.ts";
import { accessTo, sharedServer, urlOf } from "../support/postgres.ts";
import { accept, guess, lease, OTHER_IP, snapshotAll, START } from "./sqlite_rig.ts";

/** Alerts that are forwarded wait in a file only. */
export const SPOOLS: readonly TableName[] = ["spool", "spool_refused"];

/** A database of the server that tests share. */
export const endOf = (schema: string, url = urlOf(sharedServer(), schema)): CopyEnd =>
  new PostgresEnd(accessTo(url));

/** Copies, and says how many rows each table has that has any. */
export async function copied(from: CopyEnd, to: CopyEnd) {
  const { rows, wasThere } = await copyBuffer(from, to, () => {});
  return { wasThere, rows: Object.fromEntries([...rows].filter(([, count]) => count > 0)) };
}

/** Opens a file for a moment. */
export function withFile<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** All rows of a file by table, in an order of their own; leases are of processes. */
export function contentOf(path: string): Readonly<Record<string, readonly string[]>> {
  return withFile(path, (db) => {
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return Object.fromEntries(
      names.map(({ name }) => String(name)).filter((name) => name !== "lease").sort().map((
        name,
      ) => [
        name,
        db.prepare(`SELECT * FROM ${name}`).all().map((row) => JSON.stringify(row)).sort(),
      ]),
    );
  });
}

const PENDING = 1;
/** Of each table, beside what alerts left. */
const ROWS = 4;

/** Fills a file as alerts and publishing do, and every table with odd rows. */
export async function fill(path: string): Promise<void> {
  using buffer = new SqliteBuffer(path, START);
  await accept(buffer, [guess("root"), guess("wörld ☃ 😀", OTHER_IP), guess("", "192.0.2.77")]);
  const rules = sessionRules();
  await buffer.intake.accept(
    sceneLines.wazuh.map((line) => decide(JSON.parse(line), rules, NOW)),
    { maxUsernames: 100 },
    NOW,
  );
  await snapshotAll(buffer, START);
  const publisher = await lease(buffer);
  const [first, second] = await buffer.outbox.reportsToTry(["feed"], 10, Infinity);
  await buffer.outbox.markDelivered(publisher, first!, '{"event":1}', START);
  await buffer.outbox.markRefused(publisher, second!, "no right to add events", START);
  await buffer.outbox.pauseSink(publisher, second!, "it is away", () => 5_000, START);
  await buffer.leases.release(publisher);
  await accept(buffer, Array.from({ length: PENDING }, () => guess("again")), START + 1);
  withFile(path, (db) => {
    const nullable = nullableOf(db);
    for (const table of TABLES) {
      if (!SPOOLS.includes(table.name)) addRows(db, table, nullable);
    }
    db.exec(`INSERT OR REPLACE INTO setting VALUES ('names noted up to', '~')`);
  });
  const content = contentOf(path);
  const empty = TABLES.filter(({ name }) => content[name]!.length === 0).map(({ name }) => name);
  assert.deepEqual(empty, SPOOLS);
}

type Nullable = (table: string, column: string) => boolean;

function nullableOf(db: DatabaseSync): Nullable {
  const found = new Set<string>();
  for (const { name } of TABLES) {
    for (const { name: column, notnull, pk } of db.prepare(`PRAGMA table_info(${name})`).all()) {
      if (notnull === 0 && pk === 0) found.add(`${name}.${column}`);
    }
  }
  return (table, column) => found.has(`${table}.${column}`);
}

const ODD = ["", "ünïcode ☃ 😀", `a "quoted" one's \\ and \t`, "x".repeat(590)];

function addRows(db: DatabaseSync, { name, columns }: Table, isNullable: Nullable): void {
  const marks = columns.map(() => "?").join(", ");
  const names = columns.map((column) => `"${column.name}"`).join(", ");
  const insert = db.prepare(`INSERT OR REPLACE INTO ${name} (${names}) VALUES (${marks})`);
  for (let row = 0; row < ROWS; row++) {
    insert.run(
      ...columns.map((column, at) =>
        row === 0 && isNullable(name, column.name) ? null : cellOf(name, column, row, at)
      ),
    );
  }
}

function cellOf(table: TableName, column: Column, row: number, at: number): string | number {
  if (column.name === "state") return ["pending", "delivered", "refused", "pending"][row]!;
  if (column.name === "is_closed") return row % 2;
  if (column.isNumber) return row === 1 ? 2 ** 53 - 1 - at : 1_787_464_800_000 + 100 * row + at;
  if (table === "counter") {
    return ["last_accepted_at", "last_delivered.feed", "rests_until.misp", "ignored.x"][row]!;
  }
  const isJson = ["detail", "body", "further", "techniques", "source_location"].includes(
    column.name,
  );
  return isJson ? JSON.stringify({ row, odd: ODD[row] }) : `${row}${ODD[row]}`;
}
