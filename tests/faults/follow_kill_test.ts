/**
 * `follow` is killed at random moments while alerts.json is written and rotated: every alert counts
 * once. `WM_TEST_SEED=N` repeats a run's choices.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CAN_COMPILE, createProgram, type Program } from "../e2e/program.ts";
import { WazuhSite } from "../follow/wazuh_site.ts";
import { seededRandom } from "../support/random.ts";
import { numberedAlert } from "./numbered.ts";

const IS_SOAK = Deno.env.get("WM_SOAK") === "1";
const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));
const KIND = CAN_COMPILE ? "binary" : "deno run";
const ROUNDS = IS_SOAK ? 200 : 12;
const SOURCES = 7;
const LIFE_MS = CAN_COMPILE ? 300 : 700;

async function countsOf(program: Program) {
  const { code, stdout, stderr } = await program.run(["status", "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as {
    alerts: { accepted: number; duplicate: number; ignored: Record<string, number> };
    pending: { attempts: number };
    follow: { lag_bytes: number | null; rotations: number } | null;
  };
}

/** Looks again whenever the buffer changes. */
async function until(program: Program, isSo: () => Promise<boolean>): Promise<void> {
  const watcher = Deno.watchFs(program.buffer.replace(/\/[^/]+$/, ""));
  const readTimeout = setTimeout(() => watcher.close(), 60_000);
  try {
    if (await isSo()) return;
    for await (const _ of watcher) if (await isSo()) return;
    throw new Error(`a minute later: ${JSON.stringify(await countsOf(program))}`);
  } finally {
    clearTimeout(readTimeout);
    try {
      watcher.close();
    } catch {
      // Time was over.
    }
  }
}

Deno.test(`${KIND}: follow, killed at random while its file is rotated at random, takes every line once`, async () => {
  const random = seededRandom(SEED);
  console.log(`seed ${SEED}`);
  await using program = await createProgram(KIND);
  using site = new WazuhSite(`${program.root}/logs/alerts`);
  site.open();
  let written = 0;
  let rotations = 0;
  let half = "";
  const write = (count: number) => {
    let text = half;
    for (let index = 0; index < count; index++) {
      text += `${JSON.stringify(numberedAlert(written++, SOURCES))}\n`;
      if (random(4) === 0) {
        text += `{"timestamp":"2026-08-23T06:14:07.412+0000","rule":{"level":3,` +
          `"description":"x","id":"5501"},"agent":{"id":"001","name":"web"},"id":"1.${written}"}\n`;
      }
    }
    // Half a line, as when Wazuh is in the middle of it; its end comes with the next ones.
    half = "";
    if (random(3) === 0) {
      const line = `${JSON.stringify(numberedAlert(written++, SOURCES))}\n`;
      const cut = random(line.length);
      text += line.slice(0, cut);
      half = line.slice(cut);
    }
    site.append(text);
  };
  const finish = () => {
    site.append(half);
    half = "";
  };
  const rotate = () => {
    finish();
    const name = site.dated;
    random(2) === 0 ? site.nextDay() : site.nextPart();
    rotations++;
    // Wazuh packs a file a day later; here at once, which is worse.
    if (random(3) === 0) site.pack(name);
  };
  let kills = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const child = program.command(["follow", "--since", "2026-08-23"]).spawn();
    const over = setTimeout(() => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself, which the code below tells.
      }
    }, 50 + random(LIFE_MS));
    for (let burst = 0; burst < 5; burst++) {
      write(random(30));
      if (random(6) === 0) rotate();
      await Promise.resolve();
    }
    const { code, stderr } = await child.output();
    clearTimeout(over);
    assert.equal(code, 137, new TextDecoder().decode(stderr));
    kills++;
  }
  finish();
  const last = program.command(["follow", "--since", "2026-08-23", "--json"]).spawn();
  // From its first line on it ends in order when it is asked to.
  const lines = last.stdout.getReader();
  await lines.read();
  await until(program, async () => {
    const { alerts, follow } = await countsOf(program);
    // It may have all, and not have gone on to the newest file, which is empty still.
    return alerts.accepted === written && follow?.lag_bytes === 0;
  });
  const began = performance.now();
  last.kill("SIGTERM");
  while (!(await lines.read()).done);
  assert.equal((await last.status).code, 0);
  await last.stderr.cancel();
  const endedMs = performance.now() - began;
  const { alerts, pending, follow } = await countsOf(program);
  console.log(
    `${KIND}: ${written} alerts, ${rotations} rotations, ${kills} kills, ` +
      `${alerts.duplicate} duplicates seen, ${written - pending.attempts} losses; ` +
      `ended ${endedMs.toFixed(0)} ms after SIGTERM`,
  );
  assert.equal(pending.attempts, written);
  assert.equal(alerts.accepted, written);
  assert.equal(follow?.lag_bytes, 0);
  assert.ok(rotations > 0);
});
