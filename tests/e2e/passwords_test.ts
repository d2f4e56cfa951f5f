import assert from "node:assert/strict";
import { fixturePath } from "../support/fixtures.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

const PASSWORD = "admin123";

/** Whether a password stands in any file below a folder. */
async function isIn(folder: string): Promise<boolean> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory ? await isIn(path) : (await Deno.readTextFile(path)).includes(PASSWORD)) {
      return true;
    }
  }
  return false;
}

async function take(program: Program, environment: Record<string, string>) {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await program.run(args, environment);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await run("replay", fixturePath("08-cowrie-json-login-failed"));
  await run("flush", "--now");
}

for (const kind of KINDS) {
  Deno.test(`${kind}: passwords of a Cowrie are kept nowhere by default`, async () => {
    await using program = await createProgram(kind);
    await take(program, {});
    assert.equal(await isIn(program.root), false);
  });

  Deno.test(`${kind}: privacy.passwords tells them in the event's report`, async () => {
    await using program = await createProgram(kind);
    await take(program, { WM_PRIVACY_PASSWORDS: "true" });
    assert.equal(await isIn(program.feed), true);
  });
}
