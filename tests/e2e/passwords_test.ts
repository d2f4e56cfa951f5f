import assert from "node:assert/strict";
import { fixturePath } from "../support/fixtures.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

const PASSWORD = "admin123";
const SOURCE = "218.92.0.112";

/** Whether a text stands in any file below a folder. */
async function isIn(folder: string, text = PASSWORD): Promise<boolean> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory ? await isIn(path, text) : (await Deno.readTextFile(path)).includes(text)) {
      return true;
    }
  }
  return false;
}

async function take(program: Program) {
  const alert = await Deno.readTextFile(fixturePath("08-cowrie-json-login-failed"));
  for (
    const { code, stderr } of [
      await program.feedInput(["replay", "-"], alert),
      await program.run(["flush", "--now"]),
    ]
  ) {
    assert.deepEqual([code, stderr], [0, ""]);
  }
}

for (const kind of KINDS) {
  Deno.test(`${kind}: passwords of a Cowrie are kept nowhere by default`, async () => {
    await using program = await createProgram(kind);
    await take(program);
    // The rest of that alert is there.
    assert.equal(await isIn(`${program.root}/queue`, SOURCE), true);
    assert.equal(await isIn(`${program.root}/queue`) || await isIn(`${program.root}/logs`), false);
  });

  Deno.test(`${kind}: privacy.passwords says them in the event's report`, async () => {
    const environment = { WM_PRIVACY_PASSWORDS: "true" };
    await using program = await createProgram(kind, { environment });
    await take(program);
    assert.equal(await isIn(program.feed), true);
  });
}
