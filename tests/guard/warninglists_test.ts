import assert from "node:assert/strict";
import {
  cachedWarninglists,
  loadWarninglists,
  WARNINGLIST_FILES,
  type WarninglistFiles,
} from "../../src/guard/warninglists.ts";
import { tempFolder } from "../support/temp.ts";

const FIXTURES = new URL("../../fixtures/warninglists", import.meta.url).pathname;
const NAMED_AS_MISP = new URL("../../fixtures/misp/warninglists", import.meta.url).pathname;

const HIGH = 'false-positive:risk="high"';
const MEDIUM = 'false-positive:risk="medium"';
const LOW = 'false-positive:risk="low"';

/** A folder in memory: path below it and what is in the file. */
function memory(content: Readonly<Record<string, unknown>>) {
  const texts = new Map(
    Object.entries(content).map(([path, value]) => [
      `/lists/${path}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  const reads: string[] = [];
  const files: WarninglistFiles = {
    names: () => [...new Set([...texts.keys()].map((path) => path.split("/")[2]!))],
    readText: (path) => {
      reads.push(path);
      return texts.get(path)!;
    },
    stamp: (path) => texts.has(path) ? String(texts.get(path)!.length) : undefined,
  };
  return { files, reads, texts };
}

const one = (list: unknown, more: Readonly<Record<string, unknown>> = {}) => ({
  name: "Some list",
  description: "For a test",
  version: 1,
  type: "cidr",
  list,
  ...more,
});

/** What a list called so makes of an address on it. */
function actionOf(path: string, more: Readonly<Record<string, unknown>> = {}): string {
  const { files } = memory({ [path]: one(["192.0.2.0/24"], more) });
  const { action, tags } = loadWarninglists("/lists", files).verdict("192.0.2.1");
  return [action, ...tags].join(" ");
}

Deno.test("verdict() publishes an address that is on no list", () => {
  const lists = loadWarninglists(FIXTURES, WARNINGLIST_FILES);
  assert.deepEqual(lists.verdict("192.0.2.1"), { action: "publish", lists: [], tags: [] });
  assert.deepEqual(lists.verdict("2001:db8::1"), { action: "publish", lists: [], tags: [] });
});

Deno.test("verdict() drops special ranges and false positives", () => {
  const lists = loadWarninglists(FIXTURES, WARNINGLIST_FILES);
  assert.deepEqual(lists.verdict("10.9.8.7"), { action: "drop", lists: ["rfc5735"], tags: [] });
  assert.deepEqual(lists.verdict("192.0.2.129"), { action: "drop", lists: ["partners"], tags: [] });
  assert.deepEqual(lists.verdict("2001:db8:fa::1"), {
    action: "drop",
    lists: ["partners"],
    tags: [],
  });
  assert.deepEqual(lists.verdict("192.0.2.25"), {
    action: "drop",
    lists: ["mail-relays"],
    tags: [],
  });
});

Deno.test("verdict() publishes scanners and shared infrastructure without to_ids", () => {
  const lists = loadWarninglists(FIXTURES, WARNINGLIST_FILES);
  assert.deepEqual(lists.verdict("2001:db8:5ca::1"), {
    action: "no_ids",
    lists: ["acme-scanning"],
    tags: [HIGH],
  });
  assert.deepEqual(lists.verdict("192.0.2.53"), {
    action: "no_ids",
    lists: ["public-dns-v4"],
    tags: [MEDIUM],
  });
});

Deno.test("verdict() publishes clouds and known addresses as usual, and reports them", () => {
  const lists = loadWarninglists(FIXTURES, WARNINGLIST_FILES);
  assert.deepEqual(lists.verdict("198.51.100.99"), {
    action: "publish",
    lists: ["amazon-aws"],
    tags: [LOW],
  });
  assert.deepEqual(lists.verdict("192.0.2.65"), {
    action: "publish",
    lists: ["registrars"],
    tags: [],
  });
});

Deno.test("verdict() takes the strongest of several lists and names all", () => {
  const lists = loadWarninglists(FIXTURES, WARNINGLIST_FILES);
  assert.deepEqual(lists.verdict("198.51.100.53"), {
    action: "no_ids",
    lists: ["acme-scanning", "amazon-aws", "public-dns-v4"],
    tags: [HIGH],
  });
});

Deno.test("verdict() throws RangeError for a text that is not an address", () => {
  const lists = loadWarninglists(FIXTURES, WARNINGLIST_FILES);
  assert.throws(() => lists.verdict("example.org"), RangeError);
});

Deno.test("loadWarninglists() reads both layouts and leaves out lists that are not about addresses", () => {
  const lists = loadWarninglists(FIXTURES, WARNINGLIST_FILES);
  assert.equal(lists.lists, 8);
  assert.equal(lists.networks, 15);
  assert.equal(lists.verdict("192.0.2.80").action, "publish");
  assert.equal(lists.verdict("192.0.2.81").action, "publish");
});

Deno.test("loadWarninglists() warns of a damaged list and keeps the others", () => {
  const { unreadable, warnings, verdict } = loadWarninglists(FIXTURES, WARNINGLIST_FILES);
  assert.deepEqual([unreadable, warnings.length], [1, 2]);
  assert.match(warnings[0]!, /^warning list \S+\/warninglists\/damaged\.json is left out: /);
  assert.equal(
    warnings[1],
    'warning list half-good: entries that are not valid networks are left out: 3 of 4, such as "192.0.2.200/33"',
  );
  assert.equal(verdict("192.0.2.9").action, "drop");
  assert.equal(verdict("198.51.100.1").action, "no_ids");
});

Deno.test("loadWarninglists() never takes a network of all addresses", () => {
  const { files } = memory({ "slip.json": one(["0.0.0.0/0", "::/0"]) });
  const lists = loadWarninglists("/lists", files);
  assert.equal(lists.verdict("192.0.2.1").action, "publish");
  assert.equal(lists.warnings.length, 1);
});

Deno.test("loadWarninglists() gives one line for each sort of damage", () => {
  const { files } = memory({
    "a.json": "",
    "b.json": "[1]",
    "c.json": "null",
    "d.json": one("192.0.2.0/24"),
    "e/list.json": '{"list":[\n\n"x"',
    "good.json": one(["192.0.2.0/24"]),
  });
  const { warnings, lists } = loadWarninglists("/lists", files);
  assert.equal(lists, 1);
  assert.deepEqual(warnings.map((line) => line.split(" ")[2]), [
    "/lists/a.json",
    "/lists/b.json",
    "/lists/c.json",
    "/lists/d.json",
    "/lists/e/list.json",
  ]);
  for (const line of warnings) assert.match(line, /^[^\n]{1,300}$/);
});

Deno.test("loadWarninglists() warns of a folder that is missing or holds no list", () => {
  using folder = tempFolder();
  assert.deepEqual(loadWarninglists(folder.path, WARNINGLIST_FILES).warnings, [
    `no warning list in ${folder.path}: it must hold NAME.json or NAME/list.json`,
  ]);
  const missing = loadWarninglists(folder.file("missing"), WARNINGLIST_FILES);
  assert.match(missing.warnings.join("|"), /^warning lists \/tmp\/\S+\/missing cannot be read: /);
  assert.equal(missing.verdict("192.0.2.1").action, "publish");
});

Deno.test("loadWarninglists() leaves special ranges out for labs", () => {
  const lists = loadWarninglists(FIXTURES, WARNINGLIST_FILES, { publishPrivate: true });
  assert.equal(lists.verdict("10.9.8.7").action, "publish");
  assert.equal(lists.verdict("192.0.2.129").action, "drop");
});

Deno.test("loadWarninglists() knows the lists of misp-warninglists by their folders", () => {
  const dropped = ["rfc1918", "rfc5735", "rfc6598", "rfc3849", "ipv6-linklocal", "multicast"];
  for (const name of dropped) assert.equal(actionOf(`${name}/list.json`), "drop", name);
  const scanners = [
    ...["shodan-scanning", "shodan-nt-scanning", "censys-scanning", "Censys_Scanning"],
    ...["shadowserver", "shadowserver-nt-scanning", "rapid7-nt-scanning", "onyphe-scanner"],
    ...["modat-scanner", "stretchoid-nt-scanning", "internet-census-nt-scanning"],
    ...["coalition-signals-intelligence-nt-scanning", "palo-alto-networks-cortex-xpanse"],
    ...["umich-cse-connection-attempts", "circl-security-scanning", "circl-ssh-scanning"],
    ...["tenable-cloud-ipv4", "tenable-cloud-ipv6", "internetcleanup-scanner"],
  ];
  for (const name of scanners) {
    assert.equal(actionOf(`${name}/list.json`), `no_ids ${HIGH}`, name);
  }
  const shared = [
    ...["public-dns-v4", "public-dns-v6", "cloudflare", "fastly", "akamai", "zscaler"],
    ...["icloud-private-relay", "googlebot", "sinkholes", "smtp-sending-ips"],
    ...["google-gmail-sending-ips", "microsoft-office365-ip"],
  ];
  for (const name of shared) assert.equal(actionOf(`${name}.json`), `no_ids ${MEDIUM}`, name);
  const clouds = [
    ...["amazon-aws", "microsoft-azure", "microsoft-azure-china", "google-gcp", "oracle-oci"],
    ...["ovh-cluster", "vpn-ipv4", "vpn-ipv6", "digitalocean", "hetzner"],
  ];
  for (const name of clouds) assert.equal(actionOf(`${name}.json`), `publish ${LOW}`, name);
});

Deno.test("loadWarninglists() takes the name inside where the file's says nothing", () => {
  const named = (name: string) => actionOf("42.json", { name });
  assert.equal(named("Censys IP Ranges Used for Scanning"), `no_ids ${HIGH}`);
  assert.equal(named("List of known IPv4 public DNS resolvers"), `no_ids ${MEDIUM}`);
  assert.equal(named("List of known Cloudflare IP ranges"), `no_ids ${MEDIUM}`);
  assert.equal(named("List of known Amazon AWS IP address ranges"), `publish ${LOW}`);
  assert.equal(named("List of RFC 1918 CIDR blocks"), "drop");
});

Deno.test("loadWarninglists() takes the category where no name says it", () => {
  assert.equal(actionOf("ours.json"), "drop");
  assert.equal(actionOf("ours.json", { category: "false_positive" }), "drop");
  assert.equal(actionOf("ours.json", { category: "known_identifier" }), "publish");
  assert.equal(actionOf("ours.json", { category: "known" }), "publish");
});

Deno.test("loadWarninglists() does not take the operator's own lists for public ones", () => {
  assert.equal(actionOf("our-hetzner-servers.json", { name: "Hetzner servers of ours" }), "drop");
  assert.equal(actionOf("vpn.json", { name: "Our VPN" }), "drop");
  assert.equal(actionOf("cloudflare-tunnels-of-ours.json"), "drop");
});

Deno.test("loadWarninglists() heeds which attributes a list is about", () => {
  assert.equal(actionOf("a.json", { matching_attributes: [] }), "drop");
  assert.equal(actionOf("a.json", { matching_attributes: ["ip-src|port"] }), "drop");
  assert.equal(actionOf("a.json", { matching_attributes: ["ip-dst", "hostname"] }), "publish");
});

Deno.test("loadWarninglists() takes a list without a type for texts, as MISP does", () => {
  const { files } = memory({ "a.json": { name: "A", list: ["192.0.2.1", "example.org"] } });
  const lists = loadWarninglists("/lists", files);
  assert.deepEqual(lists.warnings, []);
  assert.equal(lists.verdict("192.0.2.1").action, "drop");
});

Deno.test("cachedWarninglists() reads nothing before it is asked, and again only after a change", () => {
  const { files, reads, texts } = memory({ "a.json": one(["192.0.2.0/24"]) });
  const warned: string[] = [];
  const options = { recheckMs: 1000, warn: (line: string) => void warned.push(line) };
  const lists = cachedWarninglists("/lists", files, options);
  assert.deepEqual(reads, []);
  const first = lists(0);
  assert.equal(first.verdict("192.0.2.1").action, "drop");
  assert.equal(lists(999), first);
  assert.equal(lists(2000), first);
  assert.deepEqual(reads, ["/lists/a.json"]);
  texts.set("/lists/a.json", "{ damaged");
  assert.equal(lists(2500).verdict("192.0.2.1").action, "drop");
  assert.equal(lists(4000).verdict("192.0.2.1").action, "publish");
  assert.equal(warned.length, 1);
  lists(9000);
  assert.equal(warned.length, 1);
});

Deno.test("cachedWarninglists() sees a changed file of a real folder", () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("ours"));
  Deno.writeTextFileSync(folder.file("ours/list.json"), JSON.stringify(one(["192.0.2.0/24"])));
  const options = { recheckMs: 0, warn: () => {} };
  const lists = cachedWarninglists(folder.path, WARNINGLIST_FILES, options);
  assert.equal(lists(0).verdict("192.0.2.1").action, "drop");
  Deno.writeTextFileSync(folder.file("ours/list.json"), JSON.stringify(one(["198.51.100.0/24"])));
  assert.equal(lists(1).verdict("192.0.2.1").action, "publish");
});

Deno.test("loadWarninglists() reads lists in the shape and under the names of misp-warninglists", () => {
  const lists = loadWarninglists(NAMED_AS_MISP, WARNINGLIST_FILES);
  assert.deepEqual([lists.warnings, lists.lists, lists.networks], [[], 7, 14]);
  assert.deepEqual(lists.verdict("192.168.1.1").lists, ["rfc1918"]);
  assert.equal(lists.verdict("192.168.1.1").action, "drop");
  assert.equal(lists.verdict("100.64.0.1").action, "drop");
  assert.equal(lists.verdict("239.1.2.3").action, "drop");
  assert.deepEqual(lists.verdict("198.51.100.7").tags, [HIGH]);
  assert.deepEqual(lists.verdict("2001:db8:ce::7").tags, [HIGH]);
  assert.deepEqual(lists.verdict("192.0.2.18").lists, ["shodan-scanning"]);
  assert.deepEqual(lists.verdict("203.0.113.1").tags, [MEDIUM]);
  assert.deepEqual(lists.verdict("2001:db8:cf::1").lists, ["cloudflare"]);
  assert.deepEqual(lists.verdict("2001:db8:53::1").lists, ["public-dns-v6"]);
  // On none of them: beside a list of single addresses, and behind a network's end.
  for (const address of ["192.0.2.19", "198.51.100.32", "203.0.113.128", "2001:db8:53::2"]) {
    assert.equal(lists.verdict(address).action, "publish", address);
    assert.deepEqual(lists.verdict(address).lists, [], address);
  }
});
