/**
 * One of many processes on one buffer: writes alerts, or publishes, once its parent says so.
 *
 * Says `ready` on standard output when everything is loaded and the buffer is still closed, then
 * waits for the end of standard input, or, as a publisher, works until it comes.
 *
 * @module
 */
import { LockWait } from "../../src/buffer/sqlite/lock_wait.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { publishDue } from "../../src/publish/publisher.ts";
import type { Outcome, Sink } from "../../src/sink.ts";
import type { Decision } from "../../src/model.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";

/** SQLite serves nobody in turn: on a busy disk one of nine may wait long. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

/** The source that all writers see. */
export const COMMON_SOURCE = "82.202.219.155";
/** Alerts that every writer hands over, under the same ids. */
export const SHARED_ALERTS = 10;

/** The source that only one writer sees. */
export const ownSource = (writer: number) => `212.64.151.${writer}`;

/** The rules by which these processes freeze. */
export const SNAPSHOT_RULES = {
  ...PLAIN_SNAPSHOT_RULES,
  sinks: ["feed"],
  tags: ["tlp:green"],
} as const;

/** A round of publishing on a sink that takes everything. */
export async function publishAll(buffer: SqliteBuffer, owner: string): Promise<void> {
  const sink: Sink = {
    name: "feed",
    async *deliver(reports, now) {
      for (const report of reports) {
        const outcome = await Promise.resolve<Outcome>({ kind: "delivered", notes: [] });
        yield { report, outcome, startedAt: now() };
      }
    },
  };
  await publishDue(
    {
      buffer,
      sinks: [sink],
      due: { periodMs: 0, maxHoldMs: 0, sinks: ["feed"] },
      deliveryMs: 1000,
      prepare: () => Promise.resolve(),
      close: () => [],
      snapshot: (attack, record, now) => snapshotAttack(attack, record, SNAPSHOT_RULES, { now }),
      now: Date.now,
      random: () => 0.5,
      log: (_, message) => console.error(message),
    },
    owner,
    true,
  );
}

function decision(id: string, source: string, pid: number): Decision {
  const message = `Failed password for root from ${source} port 51676 ssh2`;
  return decideDefault(sshdAlert({ id, pid, message }));
}

/** Every second alert is about the source that all writers see, one connection for all of them. */
async function write(buffer: SqliteBuffer, writer: number, alerts: number): Promise<void> {
  for (let index = 0; index < alerts; index++) {
    const source = index % 2 === 0 ? COMMON_SOURCE : ownSource(writer);
    const decisions = [decision(`${writer}.${index}`, source, 26279)];
    if (index < SHARED_ALERTS) decisions.push(decision(`shared.${index}`, COMMON_SOURCE, 26279));
    await buffer.intake.accept(decisions, { maxUsernames: 100 }, Date.now());
  }
}

async function publishUntil(buffer: SqliteBuffer, isOver: () => boolean): Promise<void> {
  for (let round = 0; !isOver(); round++) {
    await publishAll(buffer, "publisher");
    // Connections without an open attack go into their homes while writers go on.
    await buffer.retention.prune({ seenMs: 1e9, recordMs: 1e12, connectionMs: 0 }, Date.now());
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function untilInputEnds(): Promise<void> {
  for await (const _ of Deno.stdin.readable) continue;
}

if (import.meta.main) {
  const [path = "", role = "", alerts = ""] = Deno.args;
  decision("0", COMMON_SOURCE, 1);
  console.log("ready");
  if (role === "publish") {
    let isOver = false;
    const ended = untilInputEnds().then(() => isOver = true);
    using buffer = new SqliteBuffer(path, Date.now(), { lockWait: new LockWait(LOCK_TIMEOUT_MS) });
    await publishUntil(buffer, () => isOver);
    await ended;
  } else {
    await untilInputEnds();
    using buffer = new SqliteBuffer(path, Date.now(), { lockWait: new LockWait(LOCK_TIMEOUT_MS) });
    await write(buffer, Number(role), Number(alerts));
  }
}
