/**
 * Several `serve` while their database fails and its standby takes over, again and again. Replication is
 * synchronous: a commit is acknowledged once the standby has it, so that what was answered by 2xx
 * survives the first machine.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ask, ownServer, promote, standbyOf, stop, type TestServer } from "../support/postgres.ts";
import { seededRandom } from "../support/random.ts";
import { BadLine } from "./bad_line.ts";
import { numbers } from "./numbered.ts";
import { IS_SOAK, nameOf, needsSite, pause, ReplicaSite } from "./replica_site.ts";

const FAILOVERS = IS_SOAK ? 10 : 1;
const LATER_MS = 1000;
/** No standby needs longer until it is in step, milliseconds. */
const LONGEST_MS = 120_000;

/** Lets a server acknowledge a commit only once its standby has it, and waits until that holds. */
async function inStep(primary: TestServer): Promise<void> {
  await ask(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  await ask(primary, "SELECT pg_reload_conf()");
  const deadline = performance.now() + LONGEST_MS;
  for (;;) {
    const [row] = await ask(primary, "SELECT sync_state FROM pg_stat_replication");
    if (row?.sync_state === "sync") return;
    assert.ok(performance.now() < deadline, "the standby is not in step");
    await pause(50);
  }
}

Deno.test({
  name: nameOf("lose nothing when it fails and its standby is promoted"),
  ...needsSite(),
  fn: async () => {
    using stack = new DisposableStack();
    let primary: TestServer & Disposable = stack.use(ownServer());
    await using line = new BadLine(primary.port, seededRandom(0));
    await using site = await ReplicaSite.start(line.port);
    await site.during(async () => {
      for (const _ of numbers(0, FAILOVERS)) {
        // It begins with a copy of the settings, in which nobody is waited for yet.
        const standby = stack.use(await standbyOf(primary));
        await inStep(primary);
        await site.untilStored();
        await pause(site.random(LATER_MS));
        await stop(primary, "immediate");
        await promote(standby);
        line.leadTo(standby.port);
        primary = standby;
        await site.untilStored();
      }
    }, 0);
    await site.finish(`${FAILOVERS} failovers to a synchronous standby`);
    assert.ok(site.unavailable > 0);
  },
});
