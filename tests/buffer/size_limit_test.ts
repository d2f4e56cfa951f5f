import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import type { Decision } from "../../src/model.ts";
import { numberedAlert, numbers } from "../faults/numbered.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { sourceRecord } from "../support/source_record.ts";

/** When the numbered alerts were written. */
const WRITTEN = Date.UTC(2026, 7, 23, 6);
const HOUR = 60 * 60_000;
const KIB = 1024;

class Rig implements Disposable {
  readonly buffer = new SqliteBuffer(":memory:", WRITTEN);
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
  }

  /** Hands over in batches, as from a file. */
  async accept(decisions: readonly Decision[], now: number) {
    const total = { accepted: 0, duplicate: 0 };
    for (let start = 0; start < decisions.length; start += 100) {
      const batch = decisions.slice(start, start + 100);
      const limits = { maxUsernames: 100, maxBytes: this.#maxBytes };
      const { accepted, duplicate } = await this.buffer.intake.accept(batch, limits, now);
      total.accepted += accepted;
      total.duplicate += duplicate;
    }
    return total;
  }
}

/** All guesses of a source in one connection: rows of connections are not what is measured here. */
const decisionsOf = (of: readonly number[], sources: number) =>
  of.map((number) => {
    const alert = numberedAlert(number, sources);
    const full_log = alert.full_log.replace(/sshd\[\d+\]/, "sshd[26279]");
    return decideDefault({ ...alert, full_log });
  });

/** One guess of one source at one user name. */
function guess(source: number, name: number): Decision {
  return decideDefault(sshdAlert({
    id: `${WRITTEN / 1000}.${source * 1000 + name}`,
    pid: 26279,
    message: `Failed password for user-${name} from 82.202.${source}.7 port 51676 ssh2`,
  }));
}

Deno.test("accept() evicts ids of alerts that are a day old, and nothing else, to stay within its limit", async () => {
  using rig = new Rig(512 * KIB);
  const day = decisionsOf(numbers(0, 20_000), 20);
  assert.deepEqual(await rig.accept(day, WRITTEN + 30 * HOUR), { accepted: 20_000, duplicate: 0 });
  const { bytes, evicted, pendingAttacks, pendingAttempts } = await rig.buffer.views.status();
  assert.ok(bytes <= 520 * KIB, String(bytes));
  assert.deepEqual([pendingAttacks, pendingAttempts], [20, 20_000]);
  assert.ok(evicted.alertIds > 5_000 && evicted.alertIds < 20_000, String(evicted.alertIds));
  assert.deepEqual([evicted.usernames, evicted.passwords], [0, 0]);
  // The newest are known still.
  assert.deepEqual(await rig.accept(day.slice(-1000), WRITTEN + 30 * HOUR), {
    accepted: 0,
    duplicate: 1000,
  });
});

Deno.test("accept() turns user names into a count before it evicts ids of this day", async () => {
  using rig = new Rig(640 * KIB);
  const sources = numbers(0, 120);
  const guesses = sources.flatMap((source) => numbers(0, 60).map((name) => guess(source, name)));
  // One name is tried most, and stays.
  const most = sources.flatMap((source) =>
    numbers(0, 3).map((time) =>
      decideDefault(sshdAlert({
        id: `${WRITTEN / 1000 + 1}.${source * 10 + time}`,
        pid: 26279,
        message: `Failed password for oracle from 82.202.${source}.7 port 51676 ssh2`,
      }))
    )
  );
  await rig.accept([...most, ...guesses], WRITTEN + HOUR / 2);
  // Room is made step by step, with each further hand-over.
  for (let step = 0; step < 10; step++) await rig.accept([guess(0, 70 + step)], WRITTEN + HOUR / 2);
  const { bytes, evicted, pendingAttempts } = await rig.buffer.views.status();
  assert.ok(bytes <= 660 * KIB, String(bytes));
  assert.equal(pendingAttempts, 120 * 63 + 10);
  assert.equal(evicted.alertIds, 0);
  assert.ok(evicted.usernames > 1000, String(evicted.usernames));
  let attempts = 0;
  await rig.buffer.outbox.snapshotDue(
    { periodMs: 0, maxHoldMs: 0, sinks: [] },
    1000,
    WRITTEN + 24 * HOUR,
    (attack) => {
      assert.ok(attack.usernames.some(({ username, sshd }) => username === "oracle" && sshd === 3));
      attempts += attack.furtherUsernames;
      for (const { sshd } of attack.usernames) attempts += sshd;
      return {
        record: recordOf(attack.sourceIp),
        compacted: attack.evidence,
        activity: [],
        reports: [],
      };
    },
  );
  assert.equal(attempts, 120 * 63 + 10);
});

Deno.test("accept() evicts no source, however small its limit", async () => {
  using rig = new Rig(64 * KIB);
  await rig.accept(decisionsOf(numbers(0, 5_000), 1000), WRITTEN + 30 * HOUR);
  const { pendingAttacks, pendingAttempts } = await rig.buffer.views.status();
  assert.deepEqual([pendingAttacks, pendingAttempts], [1000, 5_000]);
});

Deno.test("prune() forgets ids by when they were accepted, of 5.x too, and keeps a replayed file's", async () => {
  using rig = new Rig(1024 * KIB);
  const old = decisionsOf(numbers(0, 200), 5);
  const undated = numbers(0, 50).map((number) =>
    decideDefault(sshdAlert({ id: `xK3b${number}-${number}` }))
  );
  await rig.accept(undated, WRITTEN);
  await rig.accept(old.slice(0, 100), WRITTEN + HOUR);
  // A file of that day that is replayed a week later.
  await rig.accept(old.slice(100), WRITTEN + 7 * 24 * HOUR);
  const keep = { seenMs: 7 * 24 * HOUR, recordMs: 1e12, connectionMs: 1e12 };
  await rig.buffer.retention.prune(keep, WRITTEN + 7 * 24 * HOUR + 2 * HOUR);
  const again = [...undated, ...old];
  assert.deepEqual(await rig.accept(again, WRITTEN + 8 * 24 * HOUR), {
    accepted: 150,
    duplicate: 100,
  });
});

const recordOf = (sourceIp: string) =>
  sourceRecord({
    sourceIp,
    eventUuid: crypto.randomUUID(),
    firstSeen: WRITTEN,
    lastSeen: WRITTEN,
    alerts: 1,
    attempts: 1,
  });
