import assert from "node:assert/strict";
import { blocksOf } from "../support/documents.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;

/** Runs the demo, and returns what it prints. */
async function runDemo(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=demo", `${PROJECT}src/cli/commands/demo.ts`, ...args],
    cwd: PROJECT,
  }).output();
  const printed = new TextDecoder().decode(stdout);
  assert.equal(code, 0, printed + new TextDecoder().decode(stderr));
  return printed;
}

Deno.test("the demo prints what README shows of it, and --keep leaves the events", async () => {
  const printed = await runDemo("--keep");
  const [shown] = blocksOf("README.md", "").filter((block) => /^\d+ alerts: /.test(block));
  assert.match(shown!, /^20 alerts: 18 counted, 2 not attempts, 1 forged address corrected\n/);
  assert.ok(printed.startsWith(shown!.slice(0, shown!.indexOf("…"))), printed);
  const feed = /^The events are in (\/tmp\/ssh-honeypot-demo-\w+)\/feed$/m.exec(printed)!;
  const events = [...printed.matchAll(/^(\S+) +([0-9a-f-]{36}\.json)$/gm)];
  assert.equal(events.length, 5);
  for (const [, source, file] of events) {
    const event = Deno.readTextFileSync(`${feed[1]}/feed/${file}`);
    assert.ok(event.includes(` from ${source} (`), file);
  }
  await Deno.remove(feed[1]!, { recursive: true });
});

Deno.test("the demo names addresses for documentation only, and removes its folder", async () => {
  const printed = await runDemo();
  for (const [address] of printed.matchAll(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g)) {
    assert.match(address, /^192\.0\.2\./);
  }
  assert.match(printed, /data\.srcip is "host\.example\.net"/);
  assert.match(printed, /^All files of the demo are removed\./m);
  assert.doesNotMatch(printed, /\/tmp\//);
});

Deno.test("the demo needs no package, as README says", async () => {
  const readme = await Deno.readTextFile(`${PROJECT}README.md`);
  const command = /`deno (run --cached-only .*demo\.ts)`/.exec(readme)![1]!;
  const cache = await Deno.makeTempDir({ dir: "/tmp", prefix: "demo-cache-" });
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: command.split(" "),
    // Nothing is there yet, and nobody answers.
    env: { DENO_DIR: cache, NPM_CONFIG_REGISTRY: "http://127.0.0.1:1", DENO_NO_UPDATE_CHECK: "1" },
    cwd: PROJECT,
  }).output();
  // A background publisher may still use it.
  await Deno.remove(cache, { recursive: true }).catch(() => undefined);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});
