/**
 * `deno task docs`: writes the parts of documents that come from the code, and leaves the rest.
 *
 * @module
 */
import { GENERATED } from "./generated.ts";
import { putBetween } from "./markdown.ts";

const PROJECT = new URL("../../", import.meta.url);

for (const { path, name, write } of GENERATED) {
  const file = new URL(path, PROJECT);
  const old = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, putBetween(old, name, await write(old)));
}
