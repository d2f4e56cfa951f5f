import assert from "node:assert/strict";
import { blocksOf } from "../support/documents.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;

Deno.test("the demo prints what README shows of it, and leaves the events where it says", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=demo", `${PROJECT}src/cli/commands/demo.ts`],
    cwd: PROJECT,
  }).output();
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
