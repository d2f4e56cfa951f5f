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

Deno.test("noteFiles() takes a buffer that cannot be looked at for the one that it was", async () => {
  using folder = tempFolder();
  const inside = folder.file("inside");
  await Deno.mkdir(inside);
  await Deno.writeTextFile(`${inside}/buffer.db`, "");
  const made = await noteFiles(`${inside}/buffer.db`, []);
  await Deno.rename(inside, folder.file("aside"));
  // Below a file, too, nothing can be looked at, even by root.
  await Deno.writeTextFile(inside, "");
  assert.equal(await made(), undefined);
  await Deno.remove(inside);
  assert.equal(await made(), "buffer");
  await Deno.rename(folder.file("aside"), inside);
  assert.equal(await made(), undefined);
});

Deno.test("noteFiles() reports a buffer that was gone before it could be noted", async () => {
  using folder = tempFolder();
  assert.equal(await (await noteFiles(folder.file("buffer.db"), []))(), "buffer");
});
