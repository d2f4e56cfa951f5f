/** What tests of the buffer share: a buffer in memory, and what goes in and out of it. */
import assert from "node:assert/strict";
import type { Buffer } from "../../src/buffer/buffer.ts";
import type { Lease } from "../../src/buffer/leases.ts";
import type { DueRules } from "../../src/buffer/outbox.ts";
import type { Attack, Report, Snapshot, SourceRecord } from "../../src/model.ts";
import { PostgresBuffer } from "../../src/buffer/postgres/postgres_buffer.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { accessIn, freshSchema, needsPostgres } from "../support/postgres.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";

export type Shape = Parameters<typeof sshdAlert>[0];

export const IP = "82.202.219.155";
export const OTHER_IP = "192.241.237.101";
export const START = Date.UTC(2026, 7, 23, 6);
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
export const DUE: DueRules = {
  periodMs: 15 * MINUTE,
  maxHoldMs: 60 * MINUTE,
  sinks: ["feed", "misp"],
};
export const AT_ONCE: DueRules = { ...DUE, periodMs: 0, maxHoldMs: 0 };

export const open = () => new SqliteBuffer(":memory:", START);

/** Opens a buffer that is empty. */
export type Open = () => Buffer;

/** Each engine, and how a test opens it. */
const ENGINES: readonly (readonly [name: string, open: Open, ignore: () => { ignore: boolean }])[] =
  [
    ["SQLite", open, () => ({ ignore: false })],
    ["PostgreSQL", openPostgres, needsPostgres],
  ];

/** A buffer in a schema of its own. */
export function openPostgres(schema = freshSchema()): Buffer {
  return new PostgresBuffer(accessIn(schema));
}

/** Tests what is about the size of the file. */
export function onSqlite(name: string, test: (open: Open) => Promise<void>): void {
  Deno.test(name, () => test(open));
}

/** Tests what every engine promises. */
export function eachEngine(name: string, test: (open: Open) => Promise<void>): void {
  for (const [engine, open, ignore] of ENGINES) {
    Deno.test({ name: `${name} [${engine}]`, ...ignore(), fn: () => test(() => open()) });
  }
}

/** A refused password of `user`. */
export function guess(user = "root", ip = IP, shape: Shape = {}) {
  const message = `Failed password for ${user} from ${ip} port 51676 ssh2`;
  return decideDefault(sshdAlert({ message, ...shape }));
}

/** The end of a connection, which proves no guess. */
export function sessionEnd(ip = IP, shape: Shape = {}) {
  const message = `Connection closed by authenticating user root ${ip} port 51676 [preauth]`;
  return decideDefault(sshdAlert({ message, rule: "5710", ...shape }));
}

export function accept(
  buffer: Buffer,
  decisions: readonly ReturnType<typeof guess>[],
  now = START,
  maxUsernames = 100,
) {
  return buffer.intake.accept(decisions, { maxUsernames }, now);
}

/** Freezes with the real rules and keeps what was seen. */
export function freezing(now: number, sinks: readonly ("feed" | "misp")[] = ["feed"]) {
  const seen: { attack: Attack; record: SourceRecord | undefined; snapshot: Snapshot }[] = [];
  const snapshot = (attack: Attack, record: SourceRecord | undefined) => {
    const snapshot = snapshotAttack(attack, record, { ...PLAIN_SNAPSHOT_RULES, sinks }, { now });
    seen.push({ attack, record, snapshot });
    return snapshot;
  };
  return { seen, snapshot };
}

export async function snapshotAll(buffer: Buffer, now: number, sinks?: ("feed" | "misp")[]) {
  const { seen, snapshot } = freezing(now, sinks);
  await buffer.outbox.snapshotDue(AT_ONCE, 1000, now, snapshot);
  return seen;
}

export async function onlyAttack(buffer: Buffer, now = START): Promise<Attack> {
  const seen = await snapshotAll(buffer, now);
  assert.equal(seen.length, 1);
  return seen[0]!.attack;
}

export async function lease(buffer: Buffer, now = START): Promise<Lease> {
  const taken = await buffer.leases.take("publish", "me", MINUTE, now);
  assert.ok(taken);
  return taken;
}

export async function onlyReport(buffer: Buffer, at = Infinity): Promise<Report> {
  const reports = await buffer.outbox.reportsToTry(["feed"], 10, at);
  assert.equal(reports.length, 1);
  return reports[0]!;
}

export const KEEP = { seenMs: 7 * DAY, recordMs: 30 * DAY, connectionMs: 60 * MINUTE };
