import assert from "node:assert/strict";
import { blocksOf } from "../support/documents.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;

Deno.test("the demo prints what README shows of it, leaves the events where it says, and fetches nothing", async () => {
  const readme = await Deno.readTextFile(`${PROJECT}README.md`);
  const command = /`deno (run --cached-only .*demo\.ts)`/.exec(readme)![1]!;
  const cache = await Deno.makeTempDir({ dir: "/tmp", prefix: "demo-cache-" });
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: command.split(" "),
    // Nothing is there yet, and nobody answers.
    env: { DENO_DIR: cache, NPM_CONFIG_REGISTRY: "http://127.0.0.1:1", DENO_NO_UPDATE_CHECK: "1" },
    cwd: PROJECT,
  }).output();
  // A background publisher may still use it.
  await Deno.remove(cache, { recursive: true }).catch(() => undefined);
  const printed = new TextDecoder().decode(stdout);
  assert.equal(code, 0, printed);
  const [shown] = blocksOf("README.md", "");
  assert.match(shown!, /^20 alerts, delivered 5,/);
  assert.ok(printed.startsWith(shown!.slice(0, shown!.indexOf("…"))), printed);
  const feed = /^MISP feed: (\/tmp\/ssh-honeypot-demo-\w+)\/feed$/m.exec(printed)!;
  const files = /^events:\n([^]*)$/m.exec(printed)![1]!.trim().split(/\s+/);
  assert.equal(files.length, 5);
  for (const file of files) assert.ok(Deno.statSync(`${feed[1]}/feed/${file}`).isFile, file);
  await Deno.remove(feed[1]!, { recursive: true });
});
