/**
 * MISP is away until very many reports wait: each look costs one try and little time, and in the end
 * MISP has each attack once. `WM_SOAK=1` has 250,000 of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { tempFolder } from "../support/temp.ts";
import { decisionOf, HOUR, MINUTE, SECOND, Site, totalsAt } from "./site.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
const WAITING = IS_SOAK ? 250_000 : 300;
const BATCH = 1000;
const LOOKS_WHILE_AWAY = 12;

const sourceOf = (number: number) =>
  `82.${number >> 16 & 255}.${number >> 8 & 255}.${number & 255}`;

const guessOf = (number: number, at: number) =>
  decisionOf({
    ...{ source: sourceOf(number), at, sensor: "honeypot-fra1", username: "root", pid: 1000 },
  });

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

Deno.test(`publishDue() delivers ${WAITING} reports that waited for MISP, each once`, async () => {
  using folder = tempFolder();
  await using site = await Site.open({
    ...{ path: folder.file("buffer.db"), asksFirst: true, keepsRequests: false },
  });
  site.misp.down = true;
  for (let first = 0; first < WAITING; first += BATCH) {
    const count = Math.min(BATCH, WAITING - first);
    await site.accept(Array.from({ length: count }, (_, n) => guessOf(first + n, site.now)));
  }
  site.now += 16 * MINUTE;
  const snapshotsMs = await timed(() => site.look());
  const { waiting } = await site.buffer.views.status();
  assert.equal(waiting, WAITING);
  // By then the pauses are as long as they get, half an hour.
  const looks: number[] = [];
  for (let look = 1; look < LOOKS_WHILE_AWAY; look++) {
    site.now += 31 * MINUTE;
    looks.push(await timed(() => site.look()));
  }
  assert.equal(site.tries.length, LOOKS_WHILE_AWAY, "one try a look");
  const statusMs = await timed(() => site.buffer.views.status());
  const acceptMs = await timed(() => site.accept([guessOf(WAITING, site.now)]));

  site.misp.down = false;
  site.now += HOUR;
  const deliveryMs = await timed(async () => {
    for (let rounds = 0; (await site.buffer.views.status()).waiting > 0; rounds++) {
      assert.ok(rounds < 10, "reports are left");
      await site.look();
      site.now += MINUTE;
    }
  });
  const ms = (milliseconds: number) => `${milliseconds.toFixed(1)} ms`;
  const { rss } = Deno.memoryUsage();
  console.log(
    `${WAITING} reports waited: made in ${
      (snapshotsMs / SECOND).toFixed(1)
    } s, the slowest look while ` +
      `MISP was away ${ms(Math.max(...looks))}, status ${ms(statusMs)}, one more alert ` +
      `${ms(acceptMs)}; delivered in ${(deliveryMs / SECOND).toFixed(1)} s, ` +
      `${(WAITING / deliveryMs * SECOND).toFixed(0)} a second; ${
        Math.round(rss / 1024 / 1024)
      } MiB with the fake MISP`,
  );
  const totals = totalsAt(site.misp);
  const stored = [...site.misp.stored()].length;
  assert.equal(stored, WAITING + 1, "an event is there twice, or is missing");
  assert.equal(totals.size, WAITING + 1);
  assert.deepEqual([...new Set(totals.values())], [1]);
});
