import assert from "node:assert/strict";
import { noteFiles } from "../../src/cli/wiring/changed_files.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("noteFiles() says when the buffer is another file, or gone, and when settings are others", async () => {
  using folder = tempFolder();
  const [buffer, settings] = [folder.file("buffer.db"), folder.file("settings.json")];
  await Deno.writeTextFile(buffer, "");
  const made = await noteFiles(buffer, [settings]);
  assert.equal(await made(), undefined);
  await Deno.writeTextFile(buffer, "more");
  assert.equal(await made(), undefined);
  await Deno.writeTextFile(settings, "{}");
  assert.equal(await made(), "settings");
  await Deno.rename(buffer, folder.file("aside"));
  assert.equal(await made(), "buffer");
  await Deno.writeTextFile(buffer, "another");
  assert.equal(await made(), "buffer");
});

Deno.test("noteFiles() reports a buffer that was gone before it could be noted", async () => {
  using folder = tempFolder();
  assert.equal(await (await noteFiles(folder.file("buffer.db"), []))(), "buffer");
});
