import assert from "node:assert/strict";
import { WalSync } from "../../src/buffer/sqlite/wal_sync.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { tempFolder } from "../support/temp.ts";

const NOW = Date.UTC(2026, 10, 23, 12);

/** A disk that syncs when it is told to. */
function slowDisk() {
  const syncs: PromiseWithResolvers<void>[] = [];
  let closed = 0;
  return {
    syncs,
    closed: () => closed,
    open: () => ({
      syncData: () => {
        const sync = Promise.withResolvers<void>();
        syncs.push(sync);
        return sync.promise;
      },
      close: () => closed++,
    }),
  };
}

/** Lets everything go on that waits for nothing but promises. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("sync() begins anew for what came during a sync, once for all of it", async () => {
  const disk = slowDisk();
  using log = new WalSync(disk.open);
  const over: number[] = [];
  const call = (name: number) => log.sync().then(() => void over.push(name));
  const calls = [call(1)];
  await turn();
  calls.push(call(2), call(3));
  await turn();
  assert.deepEqual([disk.syncs.length, over], [1, []]);
  disk.syncs[0]!.resolve();
  await turn();
  assert.deepEqual([disk.syncs.length, over], [2, [1]]);
  disk.syncs[1]!.resolve();
  await Promise.all(calls);
  assert.deepEqual(over, [1, 2, 3]);
});

Deno.test("sync() says a failure to those it was for, and goes on", async () => {
  const disk = slowDisk();
  using log = new WalSync(disk.open);
  const first = log.sync();
  await turn();
  const second = log.sync();
  disk.syncs[0]!.reject(new Error("EIO"));
  await assert.rejects(first, /^Error: EIO$/);
  await turn();
  disk.syncs[1]!.resolve();
  await second;
});

Deno.test("WalSync closes what it opened", async () => {
  const disk = slowDisk();
  {
    using log = new WalSync(disk.open);
    void log.sync();
    await turn();
  }
  assert.equal(disk.closed(), 1);
});

Deno.test("acceptTogether() with asyncSync says nothing before the disk has it, and lets others go on", async () => {
  using folder = tempFolder();
  using buffer = new SqliteBuffer(`${folder.path}/buffer.db`, NOW, { asyncSync: true });
  const disk = Promise.withResolvers<void>();
  const syncData = Deno.FsFile.prototype.syncData;
  Deno.FsFile.prototype.syncData = () => disk.promise;
  try {
    let isAccepted = false;
    const groups = [[decideDefault(sshdAlert())]];
    const accepting = buffer.intake.acceptTogether(groups, { maxUsernames: 100 }, NOW);
    void accepting.then(() => isAccepted = true);
    assert.equal((await buffer.views.status()).accepted, 1);
    await turn();
    assert.equal(isAccepted, false);
    disk.resolve();
    assert.equal((await accepting)[0]?.accepted, 1);
  } finally {
    Deno.FsFile.prototype.syncData = syncData;
  }
});

Deno.test("accept() with asyncSync syncs by itself, before the event loop turns", async () => {
  using folder = tempFolder();
  using buffer = new SqliteBuffer(`${folder.path}/buffer.db`, NOW, { asyncSync: true });
  const syncData = Deno.FsFile.prototype.syncData;
  Deno.FsFile.prototype.syncData = () => Promise.reject(new Error("synced beside"));
  let hasTurned = false;
  const timer = setTimeout(() => hasTurned = true, 0);
  try {
    // Longer than the timer needs.
    const many = Array.from({ length: 500 }, () => decideDefault(sshdAlert()));
    assert.equal((await buffer.intake.accept(many, { maxUsernames: 100 }, NOW)).accepted, 500);
    assert.equal(hasTurned, false);
  } finally {
    clearTimeout(timer);
    Deno.FsFile.prototype.syncData = syncData;
  }
});

const PLACE = { stream: "alerts", name: "", device: "1", inode: "2", offset: 7, fingerprint: "f" };
const FOLLOWED = { checkpoint: PLACE, lines: 1, skipped: 0, rotations: 0 };

Deno.test("accept() with asyncSync does not wait for the disk with what is followed", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/buffer.db`;
  const syncData = Deno.FsFile.prototype.syncData;
  Deno.FsFile.prototype.syncData = () => Promise.reject(new Error("synced"));
  try {
    using buffer = new SqliteBuffer(path, NOW, { asyncSync: true });
    const decisions = [decideDefault(sshdAlert())];
    assert.equal(
      (await buffer.intake.accept(decisions, { maxUsernames: 100 }, NOW, FOLLOWED)).accepted,
      1,
    );
  } finally {
    Deno.FsFile.prototype.syncData = syncData;
  }
  using buffer = new SqliteBuffer(path, NOW);
  assert.equal((await buffer.views.status()).accepted, 1);
});

Deno.test("acceptTogether() with asyncSync says which file it was that did not reach the disk", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/buffer.db`;
  using buffer = new SqliteBuffer(path, NOW, { asyncSync: true });
  const alert = decideDefault(sshdAlert());
  const syncData = Deno.FsFile.prototype.syncData;
  Deno.FsFile.prototype.syncData = () =>
    Promise.reject(new Error("Input/output error (os error 5)"));
  try {
    await assert.rejects(
      buffer.intake.acceptTogether([[alert]], { maxUsernames: 100 }, NOW),
      (error: Error) => error.name === "BufferError" && error.message.includes(path),
    );
  } finally {
    Deno.FsFile.prototype.syncData = syncData;
  }
  const again = await buffer.intake.accept([alert], { maxUsernames: 100 }, NOW);
  assert.deepEqual([again.accepted, again.duplicate], [0, 1]);
});
