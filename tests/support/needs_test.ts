import assert from "node:assert/strict";
import { findProgram } from "./needs.ts";
import { tempFolder } from "./temp.ts";

const NEEDS = new URL("needs.ts", import.meta.url).href;

Deno.test("needs() writes down what is missing, a line for each test that is ignored", async () => {
  using folder = tempFolder();
  const file = folder.file("ignored");
  // One of the two is always missing, whatever the runtime.
  const script = `import { needs } from "${NEEDS}";
    const zstd = ["zstd in the runtime", "a runtime without zstd"];
    console.log([needs(...zstd), needs("sh"), needs(...zstd), needs()].map((one) => one.ignore));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", script],
    env: { WM_IGNORED: file, NO_COLOR: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "[ true, false, true, false ]\n");
  assert.match(await Deno.readTextFile(file), /^(.*zstd.*)\n\1\n$/);
});

Deno.test("findProgram() finds programs of administrators, too, and none that is not there", () => {
  assert.match(findProgram("sh")!, /^\/.*\/sh$/);
  assert.equal(findProgram("no-such-program"), undefined);
});
