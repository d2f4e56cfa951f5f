/**
 * A buffer that is damaged, and all that can be asked of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BufferError } from "../../src/buffer/sqlite/errors.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { SNAPSHOT_RULES } from "../buffer/writer_process.ts";
import { decideDefault } from "../support/fixtures.ts";
import type { TempFolder } from "../support/temp.ts";
import { acceptNumber, alertOf } from "./numbered_sources.ts";

export const NOW = Date.UTC(2026, 10, 23, 1, 21, 31, 5);
export const PAGE = 4096;

/** What a buffer of these tests holds: frozen sources first, pending ones behind them. */
export const SNAPSHOT = 5;
export const PENDING = 5;
/** The first source's further alerts: what is known of it reaches into pages of its own. */
export const REPEATED = 20;
/** All of them. */
export const HELD = SNAPSHOT + PENDING + REPEATED;

export const accept = (buffer: SqliteBuffer, number: number) => acceptNumber(buffer, number, NOW);

export async function snapshotAll(buffer: SqliteBuffer): Promise<number> {
  const rules = { periodMs: -1e9, maxHoldMs: -1e9, sinks: SNAPSHOT_RULES.sinks };
  return await buffer.outbox.snapshotDue(
    rules,
    1000,
    NOW,
    (attack, record) => snapshotAttack(attack, record, SNAPSHOT_RULES, { now: NOW }),
  );
}

/** Fills a buffer with alerts 1 to 10, half of them frozen with repeats of the first, and leaves all of it in its one file. */
export async function fill(path: string): Promise<void> {
  using buffer = new SqliteBuffer(path, NOW);
  const take = (alerts: readonly unknown[]) =>
    buffer.intake.accept(alerts.map(decideDefault), { maxUsernames: 100 }, NOW);
  const snapshot = Array.from({ length: SNAPSHOT }, (_, at) => alertOf(at + 1));
  const repeated = Array.from({ length: REPEATED }, (_, at) => alertOf(1, at + 1));
  await take([...snapshot, ...repeated]);
  await snapshotAll(buffer);
  await take(Array.from({ length: PENDING }, (_, at) => alertOf(SNAPSHOT + at + 1)));
}

export async function countsOf(path: string) {
  using buffer = new SqliteBuffer(path, NOW);
  const { accepted, pendingAttacks, pendingAttempts, waiting } = await buffer.views.status();
  return { accepted, pendingAttacks, pendingAttempts, waiting };
}

export const ALL = {
  accepted: HELD,
  pendingAttacks: PENDING,
  pendingAttempts: PENDING,
  waiting: SNAPSHOT,
};

export const asides = (folder: TempFolder) =>
  folder.names().filter((name) => /\.corrupt-[^/]*Z$/.test(name));

export function zeroPage(path: string, page: number): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(page * PAGE, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(PAGE));
}

/** What goes wrong must be one line that names the file. */
export function isOneLine(error: unknown, path: string): boolean {
  return error instanceof BufferError && error.message.startsWith(`buffer ${path}: `) &&
    !error.message.includes("\n");
}

/** Everything that other commands ask of a buffer. @returns the lines that they end with */
export async function useAll(path: string, keepDamaged: boolean): Promise<readonly string[]> {
  const lines: string[] = [];
  const uses: readonly ((buffer: SqliteBuffer) => Promise<unknown>)[] = [
    (buffer) => buffer.views.status(),
    (buffer) => buffer.reports.list(Infinity),
    async (buffer) => {
      for (const row of (await buffer.reports.list(50)).rows) {
        JSON.parse(await buffer.reports.body(row) ?? "{}");
      }
    },
    (buffer) => buffer.reports.find({ kind: "undelivered" }),
    (buffer) => buffer.settings.get("anything"),
    (buffer) => buffer.leases.isHeld("publish", NOW),
    (buffer) => buffer.outbox.nextDueAt({ periodMs: 1, maxHoldMs: 1, sinks: ["feed"] }),
    async (buffer) => {
      for (const report of await buffer.outbox.reportsToTry(["feed"], 100, NOW * 2)) {
        JSON.parse(report.body);
      }
    },
    (buffer) => buffer.outbox.countWaiting(["feed"]),
    (buffer) => buffer.outbox.closeDays(NOW, () => []),
    ...(keepDamaged ? [] : [
      async (buffer: SqliteBuffer) => {
        for (let number = 1; number <= SNAPSHOT; number++) {
          await acceptNumber(buffer, number, NOW, REPEATED + 1);
        }
      },
      snapshotAll,
      (buffer: SqliteBuffer) => buffer.settings.put("anything", "x"),
      (buffer: SqliteBuffer) => buffer.leases.take("publish", "me", 1000, NOW),
      (buffer: SqliteBuffer) =>
        buffer.retention.prune({ seenMs: 0, recordMs: 1e12, connectionMs: 1e12 }, NOW + 1e6),
    ]),
  ];
  const tell = (error: unknown) => {
    assert.ok(isOneLine(error, path), `${error instanceof Error ? error.stack : error}`);
    lines.push((error as Error).message);
  };
  try {
    using buffer = new SqliteBuffer(path, NOW, { keepDamaged });
    for (const use of uses) await use(buffer).catch(tell);
  } catch (error) {
    tell(error);
  }
  return lines;
}

/** What SQLite itself says of a file. */
export function integrityOf(path: string): unknown {
  const db = new DatabaseSync(path);
  try {
    return db.prepare("PRAGMA integrity_check").get()?.integrity_check;
  } finally {
    db.close();
  }
}
