/**
 * Several `serve` while the disk of their database is full: the one that holds the tables, and the one
 * that holds the write-ahead log, where PostgreSQL stops altogether.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ask, isRunning, ownServer, restart, type TestServer } from "../support/postgres.ts";
import { tempFolder } from "../support/temp.ts";
import { numbers } from "./numbered.ts";
import { IS_SOAK, nameOf, needsSite, pause, ReplicaSite } from "./replica_site.ts";
import { mountSmallDisk, type SmallDisk } from "./small_disk.ts";

const ROUNDS = IS_SOAK ? 10 : 2;
const LOG_ROUNDS = IS_SOAK ? 10 : 1;

/** A disk that PostgreSQL may write to, and that others see, too. */
async function diskOf(folder: string, size: string): Promise<SmallDisk> {
  await Deno.chmod(folder, 0o755);
  const disk = await mountSmallDisk(folder, [], `size=${size},mode=755`, true);
  await disk.sh("mkdir own && chown 65534:65534 own");
  return disk;
}

/**
 * Fills the disk until nothing can be stored any more, and frees it, some times.
 *
 * @returns how often the server had given up, and was started again
 */
async function fillAndEmpty(
  site: ReplicaSite,
  disk: SmallDisk,
  server: TestServer,
  rounds: number,
): Promise<number> {
  let restarts = 0;
  await site.during(async () => {
    for (const _ of numbers(0, rounds)) {
      await site.untilStored();
      await disk.fill();
      await site.untilUnavailable();
      await disk.empty();
      // It comes back by itself, or has given up, or does so now.
      for (let answers = false; !answers; answers = await isAnswering(server)) {
        if (isRunning(server)) continue;
        await restart(server);
        restarts++;
      }
      await site.untilStored();
    }
  }, 0);
  return restarts;
}

async function isAnswering(server: TestServer): Promise<boolean> {
  try {
    await ask(server, "SELECT 1");
    return true;
  } catch {
    await pause(50);
    return false;
  }
}

Deno.test({
  name: nameOf("answer 503 while the disk of its tables is full, and go on by themselves"),
  ...needsSite("a disk of its own (root)"),
  fn: async () => {
    using folder = tempFolder();
    await using disk = await diskOf(folder.path, IS_SOAK ? "128m" : "16m");
    using server = ownServer([], { wrapper: disk.wrapper });
    await ask(server, `CREATE TABLESPACE small LOCATION '${folder.path}/small/own'`);
    await ask(server, "ALTER ROLE misp SET default_tablespace = small");
    await using site = await ReplicaSite.start(server.port);
    assert.equal(await fillAndEmpty(site, disk, server, ROUNDS), 0);
    await site.finish(`${ROUNDS} times a full disk of tables`);
    assert.match(await site.log(), /its disk is full; free some space there/);
  },
});

Deno.test({
  name: nameOf("lose nothing when the disk of its write-ahead log is full, and it stops"),
  ...needsSite("a disk of its own (root)"),
  fn: async () => {
    using folder = tempFolder();
    await using disk = await diskOf(folder.path, "16m");
    // Small segments, so that the next one is soon wanted.
    using server = ownServer(["min_wal_size = 2MB", "max_wal_size = 2MB"], {
      wrapper: disk.wrapper,
      initdb: [`--waldir=${folder.path}/small/own/wal`, "--wal-segsize=1"],
    });
    await using site = await ReplicaSite.start(server.port);
    const restarts = await fillAndEmpty(site, disk, server, LOG_ROUNDS);
    const panics = (await Deno.readTextFile(`${server.folder}/log`)).match(/PANIC: .*No space/g);
    await site.finish(
      `${LOG_ROUNDS} times a full disk of the log, ${panics?.length} failures of the database, ` +
        `${restarts} restarts`,
    );
    assert.ok(panics !== null);
  },
});
