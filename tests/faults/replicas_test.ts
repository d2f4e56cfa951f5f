/**
 * Several `serve` on one PostgreSQL while replicas are killed by SIGKILL and the database stops as if
 * its machine failed, at random moments; and while they are restarted one after the other, as for an
 * upgrade. In the end MISP has each alert once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ownServer, restart, stop } from "../support/postgres.ts";
import { numbers } from "./numbered.ts";
import { IS_SOAK, nameOf, needsSite, pause, REPLICAS, ReplicaSite } from "./replica_site.ts";

const KILLS = IS_SOAK ? 500 : 6;
const RESTARTS = IS_SOAK ? 20 : 2;
const ALERTS = IS_SOAK ? 100_000 : 600;
/** A fault comes so many milliseconds after the last one at most. */
const LATER_MS = 300;

Deno.test({
  name: nameOf("publish each alert once while they are killed at random, and it stops"),
  ...needsSite(),
  fn: async () => {
    using server = ownServer();
    await using site = await ReplicaSite.start(server.port);
    const { random } = site;
    const stops = new Set(
      numbers(1, RESTARTS).map((n) => Math.floor(n * KILLS / (RESTARTS + 1))),
    );
    await site.during(async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        await pause(random(LATER_MS));
        const at = random(REPLICAS);
        await site.end(at, "SIGKILL");
        const begun = site.begin(at);
        if (stops.has(kill)) {
          await stop(server, "immediate");
          await pause(random(LATER_MS));
          await restart(server);
        }
        await begun;
      }
    }, ALERTS);
    await site.finish(`${KILLS} kills, ${stops.size} restarts of the database`);
    assert.ok(site.unavailable > 0);
  },
});

const ROUNDS = IS_SOAK ? 20 : 1;
/** As many connections send as a busy site has. */
const BUSY = [1, 1, 1, 1, 1, 1, 10, 10, 50, 50, 200, 200];

Deno.test({
  name: nameOf("answer 2xx or 503 alone while they are restarted one after the other"),
  ...needsSite(),
  fn: async () => {
    using server = ownServer();
    await using site = await ReplicaSite.start(server.port);
    await site.during(
      async () => {
        for (const round of numbers(0, ROUNDS)) {
          for (const at of numbers(0, REPLICAS)) {
            assert.equal(await site.end(at, "SIGTERM"), 0, `round ${round}`);
            await site.begin(at);
            // The next one may end once this one does its part again.
            await site.untilServing(at);
          }
        }
      },
      0,
      BUSY,
    );
    await site.finish(`${ROUNDS * REPLICAS} restarts by SIGTERM`);
  },
});
