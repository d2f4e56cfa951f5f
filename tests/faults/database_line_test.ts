/**
 * Several `serve` while the way to their database breaks, and while the database has no connection left.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Connection } from "../../src/buffer/postgres/connection.ts";
import { connect, ownServer, type TestServer } from "../support/postgres.ts";
import { seededRandom } from "../support/random.ts";
import { BadLine } from "./bad_line.ts";
import { numbers } from "./numbered.ts";
import { IS_SOAK, nameOf, needsSite, pause, ReplicaSite } from "./replica_site.ts";

/** Connections that are cut, in the middle of an answer or not. */
const CUTS = IS_SOAK ? 300 : 20;
const LONGEST_MS = IS_SOAK ? 3_600_000 : 120_000;
const BADNESS = {
  oneOf: IS_SOAK ? 150 : 60,
  // Longer than a publisher may be silent: another one then takes over from one that lives.
  longestDelayMs: IS_SOAK ? 12_000 : 500,
};

Deno.test({
  name: nameOf("publish each alert once over a line that cuts, halves and delays"),
  ...needsSite(),
  fn: async () => {
    using server = ownServer();
    // Which part of a conversation suffers depends on time, too: this seed repeats no run.
    await using line = new BadLine(server.port, seededRandom(server.port));
    await using site = await ReplicaSite.start(line.port);
    await site.during(async () => {
      line.badness = BADNESS;
      const isEnough = () => line.cuts + line.halves >= CUTS && line.halves > 0 && line.delays > 0;
      await site.until(isEnough, "too few faults", LONGEST_MS);
      line.badness = undefined;
      await site.untilStored();
    }, 0);
    const { cuts, halves, delays } = line;
    await site.finish(`${cuts} cuts, ${halves} half answers, ${delays} delays`);
  },
});

const ROUNDS = IS_SOAK ? 20 : 2;
/** Three `serve` may want eight each. */
const CONNECTIONS = 12;

/** Takes every connection that a server has; those of others are ended. */
async function takeAll(server: TestServer): Promise<readonly Connection[]> {
  const own: Connection[] = [];
  while (own.length < CONNECTIONS) {
    try {
      own.push(await connect(server));
    } catch (error) {
      // too_many_connections; a connection that ends is free some moments later.
      assert.equal((error as { code?: unknown }).code, "53300");
      await (own.length > 0 ? endOthers(own) : pause(20));
    }
  }
  return own;
}

async function endOthers(own: readonly Connection[]): Promise<void> {
  const pids = own.map((one) => one.query("SELECT pg_backend_pid() AS pid"));
  await own[0]!.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> ALL($1)`,
    [(await Promise.all(pids)).map(({ rows }) => rows[0]!.pid as number)],
  );
}

Deno.test({
  name: nameOf("answer 503 while it has no connection left, and go on by themselves"),
  ...needsSite(),
  fn: async () => {
    using server = ownServer([`max_connections = ${CONNECTIONS}`]);
    await using site = await ReplicaSite.start(server.port);
    const said = async () =>
      (await site.log()).split("it has no connection left; raise max_connections there").length;
    await site.during(async () => {
      for (const _ of numbers(0, ROUNDS)) {
        await site.untilStored();
        const before = await said();
        const own = await takeAll(server);
        await site.until(async () => await said() > before, "no serve met the limit");
        for (const connection of own) connection.close();
        await site.untilStored();
      }
    }, 0);
    await site.finish(`${ROUNDS} times none of ${CONNECTIONS} connections left`);
    assert.ok(site.unavailable > 0);
  },
});
