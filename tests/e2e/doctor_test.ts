import assert from "node:assert/strict";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { DEFAULT_TAGS } from "../../src/config/defaults.ts";
import { fixturePath } from "../support/fixtures.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

const ALERT = Deno.readTextFileSync(fixturePath("04-5760-failed-password"));

const GROUP = { id: "7", uuid: "1b4e28ba-2fa1-4ad2-883f-0016d3cca427", name: "Honeypots" };

interface Found {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly state: string;
    readonly found: string;
    readonly hint?: string;
  }[];
}

async function examine(program: Program, environment: Record<string, string> = {}) {
  const { code, stdout, stderr } = await program.run(["doctor", "--json"], environment);
  assert.equal(stderr, "");
  const { ok, checks } = JSON.parse(stdout) as Found;
  assert.equal(code, ok ? 0 : 1);
  return { ok, text: stdout, problems: checks.filter(({ state }) => state !== "ok"), checks };
}

for (const kind of KINDS) {
  Deno.test(`${kind}: doctor of a fresh folder finds nothing wrong and makes no buffer`, async () => {
    await using program = await createProgram(kind);
    const { ok, problems, checks } = await examine(program);
    assert.deepEqual([ok, problems], [true, []]);
    assert.deepEqual(checks.map(({ name }) => name), [
      ...["configuration", "honeypots", "buffer folder", "buffer", "log", "feed folder", "MISP"],
    ]);
    await assert.rejects(Deno.stat(program.buffer), Deno.errors.NotFound);
  });

  Deno.test(`${kind}: doctor says what is wrong with MISP and what to do, and shows no key`, async (t) => {
    const tags = [
      ...DEFAULT_TAGS,
      'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"',
      'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"',
      'misp-galaxy:mitre-attack-pattern="SSH - T1021.004"',
    ];
    await using misp = await FakeMisp.start({
      tags: tags.filter((tag) => tag !== "tlp:amber+strict"),
      sharingGroups: [GROUP],
    });
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const look = async (key: string, more: Record<string, string> = {}) => {
      const environment = { WM_MISP_URL: misp.url, WM_MISP_API_KEY: key, ...more };
      const { text, problems } = await examine(program, environment);
      assert.equal(text.includes(key), false);
      return problems.map(({ name, state, found }) => `${state} ${name}: ${found}`);
    };
    await t.step("a role that may make tags: nothing", async () => {
      assert.deepEqual(await look(misp.keys.orgadmin), []);
    });
    await t.step("a missing tag", async () => {
      assert.deepEqual(await look(misp.keys.publisher), [
        "warning tags: MISP leaves out: tlp:amber+strict",
      ]);
    });
    await t.step("a role that may not publish", async () => {
      const [first] = await look(misp.keys.user);
      assert.match(first ?? "", /^warning right to publish: missing/);
    });
    await t.step("a wrong key", async () => {
      const found = await look("z".repeat(40));
      assert.deepEqual(found, [
        `failure MISP: ${misp.url}: MISP does not know this key, or it has expired`,
      ]);
    });
    await t.step("a tag of one's own that is not there", async () => {
      const found = await look(misp.keys.publisher, { WM_MISP_TAGS: "own:tag" });
      assert.match(found.join(), /MISP leaves out: own:tag$/);
    });
    await t.step("a marking that does not fit the distribution", async () => {
      const more = { WM_MISP_TAGS: "tlp:green", WM_MISP_DISTRIBUTION: "0" };
      const found = await look(misp.keys.orgadmin, more);
      assert.deepEqual(found, ["warning marking: tlp:green does not fit misp.distribution 0"]);
      assert.deepEqual(await look(misp.keys.orgadmin, { ...more, WM_MISP_DISTRIBUTION: "1" }), []);
    });
    await t.step(
      "a sharing group, by its uuid, by its name, and one that is not there",
      async () => {
        const wanted = (name: string) =>
          look(misp.keys.orgadmin, { WM_MISP_DISTRIBUTION: "4", WM_MISP_SHARING_GROUP: name });
        assert.deepEqual(await wanted(GROUP.uuid), []);
        assert.deepEqual(await wanted(GROUP.name), []);
        assert.deepEqual(await wanted("Others"), [
          'failure sharing group: the key may not use "Others": nothing is stored',
        ]);
      },
    );
    await t.step("an address without a key", async () => {
      const { ok, problems } = await examine(program, { WM_MISP_URL: misp.url });
      assert.equal(ok, false);
      assert.match(problems[0]?.found ?? "", /misp\.url is set without a key/);
    });
    await t.step("MISP down", async () => {
      misp.down = true;
      const [found] = await look(misp.keys.publisher);
      assert.match(found ?? "", /^failure MISP: .* cannot be reached/);
    });
  });

  Deno.test(`${kind}: doctor says which techniques have no tag, and who makes it`, async () => {
    await using misp = await FakeMisp.start({ tags: DEFAULT_TAGS });
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const techniques = async (key: string) => {
      const access = { WM_MISP_URL: misp.url, WM_MISP_API_KEY: key };
      const { checks } = await examine(program, access);
      const [check] = checks.filter(({ name }) => name === "technique tags");
      return `${check?.state} ${check?.found}`;
    };
    assert.match(
      await techniques(misp.keys.publisher),
      /^ok 4 techniques without a tag: misp-galaxy.*; the first event that has one attaches its cluster$/,
    );
    assert.match(await techniques(misp.keys.notagger), /^warning .*neither make tags nor attach/);
  });

  Deno.test(`${kind}: doctor --fix makes what the key may make, once it is agreed to`, async () => {
    const taxonomies = ["PAP", "tlp", "veris"];
    await using misp = await FakeMisp.start({ taxonomies, tags: DEFAULT_TAGS.slice(2) });
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const fix = async (key: string, ...more: readonly string[]) => {
      const access = { WM_MISP_URL: misp.url, WM_MISP_API_KEY: key };
      const { stdout } = await program.run(["doctor", "--fix", "--json", ...more], access);
      const { checks } = JSON.parse(stdout) as Found;
      return checks.filter(({ name }) => name === "fix").map(({ found }) => found);
    };
    const { keys } = misp;
    const before = misp.tags();
    assert.deepEqual(await fix(keys.admin), ["nothing was made"]);
    assert.deepEqual(await fix(keys.publisher, "--yes"), [
      "nothing is missing that this key may make",
    ]);
    assert.deepEqual([misp.tags(), misp.enabledTaxonomies()], [before, []]);
    const made = await fix(keys.admin, "--yes");
    assert.deepEqual(made.slice(0, 4), [
      "taxonomy PAP enabled",
      "taxonomy tlp enabled",
      ...DEFAULT_TAGS.slice(0, 2).map((tag) => `tag ${tag} made`),
    ]);
    assert.equal(made.length, 8);
    assert.deepEqual(misp.enabledTaxonomies(), ["PAP", "tlp"]);
    assert.deepEqual(await fix(keys.admin, "--yes"), ["nothing is missing that this key may make"]);
  });

  Deno.test(`${kind}: doctor says what is wrong on this machine`, async (t) => {
    await using program = await createProgram(kind);
    await t.step("a configuration with an unknown key", async () => {
      const file = `${program.root}/etc/custom-misp_ssh_bruteforce-publish.json`;
      await Deno.writeTextFile(file, '{"misp":{"urll":"x"}}', { mode: 0o644 });
      const { ok, problems } = await examine(program);
      assert.deepEqual([ok, problems[0]?.name], [false, "configuration"]);
      assert.match(problems[0]?.found ?? "", /misp\.urll/);
      await Deno.writeTextFile(file, '{"misp":{"api_key":"no-key-of-anybody"}}');
      await Deno.chmod(file, 0o644);
    });
    await t.step("a key that everybody may read", async () => {
      const { ok, problems, text } = await examine(program);
      assert.deepEqual([ok, problems.map(({ name }) => name)], [true, ["configuration file"]]);
      assert.match(problems[0]?.hint ?? "", /^chmod 640 /);
      assert.equal(text.includes("no-key-of-anybody"), false);
    });
    await t.step("a buffer in use is well", async () => {
      const { stderr } = await program.feedInput(["replay", "-"], ALERT);
      assert.equal(stderr, "");
      const { checks } = await examine(program);
      const [buffer] = checks.filter(({ name }) => name === "buffer");
      assert.deepEqual([buffer?.state, buffer?.found], [
        "ok",
        `${program.buffer}, schema ${MIGRATIONS.length}`,
      ]);
      for (const suffix of ["", "-wal", "-shm"]) {
        await Deno.remove(program.buffer + suffix).catch(() => undefined);
      }
    });
    await t.step("a damaged buffer is not moved", async () => {
      await Deno.writeTextFile(program.buffer, "not a database, whatever its name says".repeat(99));
      const { ok, problems } = await examine(program);
      assert.equal(ok, false);
      assert.match(problems.map(({ found }) => found).join(), /not a database/);
      assert.match(await Deno.readTextFile(program.buffer), /^not a database/);
      await Deno.remove(program.buffer);
    });
    await t.step("no folder for the buffer", async () => {
      await Deno.remove(`${program.root}/queue/custom-misp`, { recursive: true });
      const { ok, problems } = await examine(program);
      assert.equal(ok, false);
      const folder = problems.find(({ name }) => name === "buffer folder");
      assert.match(
        folder?.hint ?? "",
        /^run `doctor --fix` as root, or `install -o wazuh -g wazuh -m 750 -d /,
      );
      await Deno.mkdir(`${program.root}/queue/custom-misp`);
    });
    await t.step("people get lines that fit", async () => {
      const { stdout } = await program.run(["doctor"]);
      assert.match(stdout, /^ok {3}configuration: /m);
      assert.match(stdout, /^ {5}-> chmod 640 /m);
      const words = stdout.split("\n").filter((line) => line.length > 100);
      assert.ok(words.every((line) => line.trim().split(" ").length <= 3), words.join("\n"));
    });
  });
}
