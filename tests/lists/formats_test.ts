import assert from "node:assert/strict";
import { LIST_FORMATS, type ListFormat } from "../../src/list_query.ts";
import { readList } from "../../src/lists/file.ts";
import { writeList } from "../../src/lists/formats.ts";
import { strainLine } from "../../src/lists/strain.ts";
import { findProgram, needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp.ts";
import { addresses, entry, link } from "./rig.ts";
import { readCdb } from "./cdb.ts";

const ENTRIES = [
  entry("192.0.2.7", { gotIn: true, confidence: 55 }),
  entry("2001:db8::1", { attempts: 40, days: 2, confidence: 60 }),
  entry("203.0.113.9"),
];

function textOf(format: ListFormat, entries = ENTRIES, name = "fw-7"): string {
  const writing = writeList(format, name);
  return writing.begin() + entries.map((one) => writing.add(one)).join("") + writing.end();
}

const EXPECTED: Readonly<Record<ListFormat, string>> = {
  plain: "192.0.2.7\n2001:db8::1\n203.0.113.9\n",
  csv: "address,first_seen,last_seen,attempts,sensors,got_in,confidence\n" +
    "192.0.2.7,2026-08-23T06:00:00Z,2026-08-23T06:00:05Z,3,2,yes,55\n" +
    "2001:db8::1,2026-08-23T06:00:00Z,2026-08-23T06:00:05Z,40,2,no,60\n" +
    "203.0.113.9,2026-08-23T06:00:00Z,2026-08-23T06:00:05Z,3,2,no,50\n",
  cdb: '192.0.2.7:55\n"2001:db8::1":60\n203.0.113.9:50\n',
  nftables: "add table inet custom_misp\n" +
    "add set inet custom_misp fw_7_v4 { type ipv4_addr; }\n" +
    "flush set inet custom_misp fw_7_v4\n" +
    "add set inet custom_misp fw_7_v6 { type ipv6_addr; }\n" +
    "flush set inet custom_misp fw_7_v6\n" +
    "add element inet custom_misp fw_7_v4 { 192.0.2.7, 203.0.113.9 }\n" +
    "add element inet custom_misp fw_7_v6 { 2001:db8::1 }\n",
  jsonl: '{"address":"192.0.2.7","first_seen":"2026-08-23T06:00:00Z",' +
    '"last_seen":"2026-08-23T06:00:05Z","attempts":3,"sensors":2,"days":1,"got_in":true,' +
    '"confidence":55}\n' +
    '{"address":"2001:db8::1","first_seen":"2026-08-23T06:00:00Z",' +
    '"last_seen":"2026-08-23T06:00:05Z","attempts":40,"sensors":2,"days":2,"got_in":false,' +
    '"confidence":60}\n' +
    '{"address":"203.0.113.9","first_seen":"2026-08-23T06:00:00Z",' +
    '"last_seen":"2026-08-23T06:00:05Z","attempts":3,"sensors":2,"days":1,"got_in":false,' +
    '"confidence":50}\n',
};

for (const format of LIST_FORMATS) {
  Deno.test(`writeList() writes ${format}`, () => {
    assert.equal(textOf(format), EXPECTED[format]);
  });

  Deno.test(`readList() counts the addresses of ${format}, however many there are`, async () => {
    using folder = tempFolder();
    for (const count of [0, 1, 2, 499, 500, 501, 1200]) {
      const path = folder.file(`list-${count}`);
      const entries = addresses(count).map((address) => entry(address));
      await Deno.writeTextFile(path, textOf(format, entries));
      assert.equal((await readList(path))?.addresses, count, `${count}`);
    }
  });

  Deno.test(`readList() knows ${format} by how it begins`, async () => {
    using folder = tempFolder();
    const path = folder.file("list");
    for (const address of ["192.0.2.7", "2001:db8::7", "2001:0:1::", "255.255.255.255", "::1"]) {
      await Deno.writeTextFile(path, textOf(format, [entry(address)]));
      assert.equal((await readList(path))?.format, format, address);
    }
  });

  Deno.test(`strainLine() takes addresses out of ${format}, and nothing else`, () => {
    const strained = (isKept: (address: string) => boolean) =>
      EXPECTED[format].split("\n").map((line) => strainLine(format, line, isKept))
        .filter((line) => line !== undefined).join("\n");
    assert.equal(strained(() => true), EXPECTED[format]);
    const kept = (address: string) => ENTRIES.filter((one) => one.address === address);
    for (const { address } of ENTRIES) {
      assert.equal(strained((one) => one === address), textOf(format, kept(address)));
    }
    assert.equal(strained(() => false), textOf(format, []));
  });
}

Deno.test("readList() refuses a link, and finds nothing where nothing is", async () => {
  using folder = tempFolder();
  const path = folder.file("list");
  assert.equal(await readList(path), undefined);
  await link("/etc/passwd", path);
  await assert.rejects(readList(path), {
    name: "LinkError",
    message: `${path} is a link or a folder; remove it, or set another file`,
  });
});

Deno.test("a CDB list has the addresses and their confidence, as Wazuh reads it", () => {
  assert.deepEqual(readCdb(textOf("cdb")), [
    ["192.0.2.7", "55"],
    ["2001:db8::1", "60"],
    ["203.0.113.9", "50"],
  ]);
});

Deno.test({
  name: "nft accepts the list, twice over, and has its addresses then",
  ...needs("nft", "a network namespace of its own"),
  fn: async () => {
    using folder = tempFolder();
    const first = folder.file("first.nft");
    const second = folder.file("second.nft");
    const many = [...addresses(1100).map((address) => entry(address)), ...ENTRIES];
    await Deno.writeTextFile(first, textOf("nftables", many));
    await Deno.writeTextFile(second, textOf("nftables"));
    const nft = findProgram("nft")!;
    const script = `set -e; "$0" -c -f "$1"; "$0" -f "$1"; "$0" -f "$2"; "$0" list ruleset`;
    const { success, stdout, stderr } = await new Deno.Command("unshare", {
      args: ["-rn", "sh", "-c", script, nft, first, second],
    }).output();
    assert.equal(success, true, new TextDecoder().decode(stderr));
    assert.equal(
      new TextDecoder().decode(stdout).replaceAll(/\s+/g, " ").trim(),
      "table inet custom_misp { set fw_7_v4 { type ipv4_addr elements = { 192.0.2.7, 203.0.113.9 } } " +
        "set fw_7_v6 { type ipv6_addr elements = { 2001:db8::1 } } }",
    );
  },
});
