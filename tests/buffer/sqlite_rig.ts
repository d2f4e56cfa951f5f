/** What tests of the buffer share: a buffer in memory, and what goes in and out of it. */
import assert from "node:assert/strict";
import type { Attack, DueRules, Frozen, Home, Lease, Report } from "../../src/buffer/buffer.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite.ts";
import { freezeAttack } from "../../src/publish/freeze.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_FREEZE_RULES } from "../support/freezing.ts";

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
  buffer: SqliteBuffer,
  decisions: readonly ReturnType<typeof guess>[],
  now = START,
  maxUsernames = 100,
) {
  return buffer.accept(decisions, { maxUsernames }, now);
}

/** Freezes with the real rules and keeps what was seen. */
export function freezing(now: number, sinks: readonly ("feed" | "misp")[] = ["feed"]) {
  const seen: { attack: Attack; home: Home | undefined; frozen: Frozen }[] = [];
  const freeze = (attack: Attack, home: Home | undefined) => {
    const frozen = freezeAttack(attack, home, { ...PLAIN_FREEZE_RULES, sinks }, now);
    seen.push({ attack, home, frozen });
    return frozen;
  };
  return { seen, freeze };
}

export async function freezeAll(buffer: SqliteBuffer, now: number, sinks?: ("feed" | "misp")[]) {
  const { seen, freeze } = freezing(now, sinks);
  await buffer.freezeDue(AT_ONCE, 1000, now, freeze);
  return seen;
}

export async function onlyAttack(buffer: SqliteBuffer, now = START): Promise<Attack> {
  const seen = await freezeAll(buffer, now);
  assert.equal(seen.length, 1);
  return seen[0]!.attack;
}

export async function lease(buffer: SqliteBuffer, now = START): Promise<Lease> {
  const taken = await buffer.takeLease("publish", "me", MINUTE, now);
  assert.ok(taken);
  return taken;
}

export async function onlyReport(buffer: SqliteBuffer, at = Infinity): Promise<Report> {
  const reports = await buffer.reportsToTry(["feed"], 10, at);
  assert.equal(reports.length, 1);
  return reports[0]!;
}

export const KEEP = { seenMs: 7 * DAY, homeMs: 30 * DAY, connectionMs: 60 * MINUTE };
