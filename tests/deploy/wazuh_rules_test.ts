/**
 * The rules over the list of attackers, read as Wazuh reads them, and the script that puts the list there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import { writeList } from "../../src/lists/formats.ts";
import { RULE_FACTS } from "../../src/wazuh/rule_facts.ts";
import { readCdb } from "../lists/cdb.ts";
import { entry } from "../lists/rig.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp.ts";

const DEPLOY = new URL("../../deploy/wazuh4/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, DEPLOY));
const LIST = "etc/lists/honeypot-attackers";

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** Reads XML without entities. @throws {Error} it is not well-formed */
function parseXml(xml: string): Element {
  const root: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  const parts =
    /<!--(?:(?!--)[^])*-->|<\/(\w[\w-]*)>|<(\w[\w-]*)((?: [\w-]+="[^"<&]*")*)>|([^<&]+)/y;
  while (parts.lastIndex < xml.length) {
    const at = parts.lastIndex;
    const found = parts.exec(xml);
    if (found === null) throw new Error(`not well-formed at ${xml.slice(at, at + 40)}`);
    const [, closed, opened, given, text] = found;
    const top = open.at(-1)!;
    if (text !== undefined) top.text += text;
    if (closed !== undefined && open.pop()!.name !== closed) throw new Error(`</${closed}>`);
    if (opened === undefined) continue;
    const pairs = [...given!.matchAll(/ ([\w-]+)="([^"]*)"/g)].map((
      [, key, value],
    ) => [key, value]);
    const element = { name: opened, attributes: Object.fromEntries(pairs), children: [], text: "" };
    top.children.push(element);
    open.push(element);
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  return root;
}

const child = (of: Element, name: string) => of.children.filter((one) => one.name === name);
const only = (of: Element, name: string) => {
  const [found, ...more] = child(of, name);
  assert.equal(more.length, 0, name);
  return found ?? assert.fail(name);
};

const RULES = child(only(parseXml(read("honeypot_attackers_rules.xml")), "group"), "rule");

/** An event as rules see it. */
interface Event {
  readonly groups: readonly string[];
  readonly srcip: string;
  /** `(agent) address->file` for an agent. */
  readonly location: string;
}

/** The ids of the rules that an event matches, over a CDB list. */
function matched(event: Event, cdb: string): readonly string[] {
  const keys = readCdb(cdb).map(([key]) => key);
  return RULES.filter((rule) => {
    const list = only(rule, "list");
    const location = only(rule, "location");
    assert.deepEqual(list.attributes, { field: "srcip", lookup: "address_match_key" });
    assert.deepEqual(location.attributes, { negate: "yes" });
    assert.equal(list.text, LIST);
    const begins = location.text.replace(/^\^/, "");
    return event.groups.includes(only(rule, "if_group").text) && keys.includes(event.srcip) &&
      !event.location.startsWith(begins);
  }).map(({ attributes }) => attributes.id!);
}

Deno.test("parseXml() refuses what is not well-formed", () => {
  for (const xml of ["<a>", "<a></b>", "<a b=c></a>", "<a>&</a>", "<!-- -- -->", "<a", "</a>"]) {
    assert.throws(() => parseXml(xml), Error, xml);
  }
});

Deno.test("the rules match logins of listed addresses on hosts that are not honeypots", () => {
  const writing = writeList("cdb", "honeypot-attackers");
  const cdb = writing.add(entry("192.0.2.7")) + writing.add(entry("2001:db8::7"));
  const failed = ["syslog", "sshd", "authentication_failed"];
  const event = { groups: failed, srcip: "192.0.2.7", location: "(web1) 10.0.0.5->journald" };
  assert.deepEqual(matched(event, cdb), ["100760"]);
  assert.deepEqual(matched({ ...event, srcip: "2001:db8::7" }, cdb), ["100760"]);
  const accepted = { ...event, groups: ["syslog", "sshd", "authentication_success"] };
  assert.deepEqual(matched(accepted, cdb), ["100761"]);
  assert.deepEqual(matched({ ...event, srcip: "192.0.2.70" }, cdb), []);
  assert.deepEqual(matched({ ...event, groups: ["syslog", "sshd"] }, cdb), []);
  const { config } = loadConfig({
    root: "/var/ossec",
    environment: () => undefined,
    readTextFile: () => "{}",
  });
  for (const prefix of config.honeypot.agentPrefixes) {
    const location = `(${prefix}fra1) 10.0.0.6->journald`;
    assert.deepEqual(matched({ ...event, location }, cdb), []);
    assert.deepEqual(matched({ ...accepted, location }, cdb), []);
  }
});

Deno.test("the rules have ids that Wazuh leaves to its users, and start no integration", () => {
  const found = RULES.map(({ attributes }) => [attributes.id, attributes.level]);
  assert.deepEqual(found, [["100760", "12"], ["100761", "14"]]);
  for (const [id] of found) assert.ok(!Object.hasOwn(RULE_FACTS, id!), id);
  const group = only(parseXml(read("honeypot_attackers_rules.xml")), "group").attributes.name!;
  const integration = only(only(parseXml(read("ossec.conf")), "ossec_config"), "integration");
  const started = only(integration, "group").text.split(",");
  assert.deepEqual(group.split(",").filter((one) => started.includes(one)), []);
  for (const rule of RULES) assert.deepEqual(child(rule, "group"), []);
});

Deno.test("the active response ends, and is for these rules", () => {
  const config = only(parseXml(read("active_response.conf")), "ossec_config");
  const response = only(config, "active-response");
  assert.equal(
    only(response, "rules_id").text,
    RULES.map(({ attributes }) => attributes.id).join(),
  );
  assert.ok(Number(only(response, "timeout").text) > 0);
});

Deno.test("docs/lists.md has the list's path, the rules and the files as they are", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/lists.md", import.meta.url));
  assert.ok(page.includes(`<list>${LIST}</list>`));
  for (const { attributes: { id, level } } of RULES) {
    assert.ok(page.includes(`| ${id} | ${level} `));
  }
  assert.ok(page.includes(only(RULES[0]!, "location").text));
  assert.ok(read("put-list.sh").includes(`name=\${2:-${LIST.split("/").at(-1)}}`));
});

Deno.test({
  name: "put-list.sh puts a list that has changed, once, and refuses what is not one",
  ...needs("root", "setpriv", "sh"),
  fn: async (t) => {
    using folder = tempFolder();
    const root = folder.path;
    const from = folder.file("queue/custom-misp/lists/honeypot-attackers");
    const to = folder.file(LIST);
    const put = async () => {
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: [new URL("put-list.sh", DEPLOY).pathname, root],
        env: { RELOAD: "echo reloaded" },
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      return { code, out: out!, err: err! };
    };
    await t.step("without Wazuh's folder", async () => {
      const { code, err } = await put();
      assert.equal(code, 1);
      assert.match(err, /etc\/lists is not a folder; name Wazuh's folder/);
    });
    await Deno.mkdir(folder.file("etc/lists"), { recursive: true });
    await Deno.mkdir(folder.file("queue/custom-misp/lists"), { recursive: true });
    await t.step("without a list", async () => {
      const { code, err } = await put();
      assert.equal(code, 1);
      assert.match(err, /honeypot-attackers is not a file; `status` says/);
    });
    await t.step("a list, and the same list", async () => {
      await Deno.writeTextFile(from, '192.0.2.7:40\n"2001:db8::7":55\n');
      const { code, out } = await put();
      assert.deepEqual([code, out], [0, `put-list.sh: ${to} has 2 addresses now\nreloaded\n`]);
      assert.equal(await Deno.readTextFile(to), await Deno.readTextFile(from));
      assert.deepEqual(await put(), { code: 0, out: "", err: "" });
    });
    await t.step("an empty list", async () => {
      await Deno.writeTextFile(from, "");
      assert.equal((await put()).code, 0);
      assert.equal(await Deno.readTextFile(to), "");
    });
    await t.step("another format", async () => {
      await Deno.writeTextFile(from, "192.0.2.7\n");
      const { code, err } = await put();
      assert.equal(code, 1);
      assert.match(err, /is not a CDB list of addresses; give the list the format cdb/);
      assert.equal(await Deno.readTextFile(to), "");
    });
    await t.step("a link", async () => {
      await Deno.remove(from);
      await new Deno.Command("ln", { args: ["-s", "/etc/hostname", from] }).output();
      assert.equal((await put()).code, 1);
    });
  },
});

Deno.test({
  name: "put-list.sh is well written",
  ...needs("shellcheck"),
  fn: async () => {
    const path = new URL("put-list.sh", DEPLOY).pathname;
    const { stdout } = await new Deno.Command("shellcheck", { args: [path] }).output();
    assert.equal(new TextDecoder().decode(stdout), "");
  },
});
