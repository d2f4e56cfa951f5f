import assert from "node:assert/strict";
import { gatesOf } from "../../src/cli/wiring/lists/parts.ts";
import { loadConfig } from "../../src/config/load.ts";
import { isBarred } from "../../src/lists/entry.ts";
import { tempFolder } from "../support/temp.ts";

function gates(guard: Readonly<Record<string, unknown>>) {
  const { config } = loadConfig({
    root: "/var/ossec",
    environment: () => undefined,
    readTextFile: () => JSON.stringify({ guard }),
  });
  return gatesOf(config, () => {});
}

Deno.test("gatesOf() bars what the guard refuses, and addresses on any warning list", async () => {
  using folder = tempFolder();
  const list = (name: string, network: string) =>
    Deno.writeTextFile(
      folder.file(`${name}.json`),
      JSON.stringify({ name, type: "cidr", list: [network] }),
    );
  // They are dropped, published without to_ids, and published: in a list is none of them.
  await list("false-positives", "81.2.69.0/24");
  await list("public-dns", "81.2.70.0/24");
  await list("amazon-aws", "81.2.71.0/24");
  const found = await gates({
    ...{ warninglists_directory: folder.path, allow_networks: ["81.2.72.0/24"] },
  })();
  const addresses = ["81.2.69.1", "81.2.70.1", "81.2.71.1", "81.2.72.1", "10.0.0.1", "81.2.73.1"];
  assert.deepEqual(addresses.filter((one) => !isBarred(one, found)), ["81.2.73.1"]);
});

Deno.test("gatesOf() throws while a warning list cannot be read, and no longer", async () => {
  using folder = tempFolder();
  const path = folder.file("a.json");
  const refusal = {
    message: `warning lists in ${folder.path} cannot be read; \`doctor\` names them, fix them or ` +
      "take them out",
  };
  // An empty folder is the wrong one.
  const guard = { warninglists_directory: folder.path };
  await assert.rejects(gates(guard)(), refusal);
  await Deno.writeTextFile(path, JSON.stringify({ type: "cidr", list: ["81.2.69.0/24"] }));
  await Deno.writeTextFile(folder.file("b.json"), '{"type": "cidr", "list": ["81.2.7');
  await assert.rejects(gates(guard)(), refusal);
  await assert.rejects(gates({ warninglists_directory: `${folder.path}/none` })());
  await Deno.remove(folder.file("b.json"));
  assert.equal(isBarred("81.2.69.1", await gates(guard)()), true);
});
