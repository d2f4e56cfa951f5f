import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

const OSSEC_CONF = `<ossec_config>
  <global><jsonout_output>yes</jsonout_output></global>
</ossec_config>
`;

const BLOCK = `  <integration>
    <name>${PROGRAM}</name>
    <group>sshd,attacks,authentication_failed,authentication_failures</group>
    <alert_format>json</alert_format>
  </integration>
`;

const paths = ({ root }: Program) => ({
  configuration: `${root}/etc/${PROGRAM}.json`,
  key: `${root}/etc/custom-misp/api-key`,
  conf: `${root}/etc/ossec.conf`,
});

const read = (path: string) => Deno.readTextFile(path).catch(() => undefined);

/** Alerts of `honeypot-fra1`, and two of another agent. */
async function writeAlerts({ root }: Program): Promise<void> {
  await Deno.mkdir(`${root}/logs/alerts`, { recursive: true });
  const message = "Failed password for root from 192.0.2.7 port 51676 ssh2";
  const alert = (name: string) => ({ ...sshdAlert({ message }), agent: { id: "007", name } });
  const names = ["honeypot-fra1", "db-01", "honeypot-fra1", "db-01", "honeypot-fra1"];
  const lines = names.map((name) => JSON.stringify(alert(name)));
  await Deno.writeTextFile(`${root}/logs/alerts/alerts.json`, lines.join("\n"));
}

async function makeProgram(kind: Program["kind"], misp: FakeMisp): Promise<Program> {
  const program = await createProgram(kind, { mispHost: new URL(misp.url).host });
  await Deno.writeTextFile(paths(program).conf, OSSEC_CONF);
  return program;
}

for (const kind of KINDS) {
  Deno.test({
    name: `${kind}: setup leads in a terminal from nothing to a delivered event`,
    ...needs("script"),
    fn: async () => {
      await using misp = await FakeMisp.start();
      await using program = await makeProgram(kind, misp);
      await writeAlerts(program);
      const { configuration, key, conf } = paths(program);
      const { code, screen } = await program.inTerminal(["setup", "--write-ossec-conf"], [
        ["Address of MISP, or Enter for a feed folder: ", "misp.example.org"],
        ["Key of a MISP user, which is not shown: ", "x".repeat(40)],
        ["Address of MISP, or Enter for a feed folder: ", misp.url],
        ["Key of a MISP user, which is not shown: ", "x".repeat(40)],
        ["Use it all the same? [y/N] ", ""],
        ["Address of MISP, or Enter for a feed folder: ", misp.url],
        ["Key of a MISP user, which is not shown: ", misp.keys.orgadmin],
        ["Names of honeypots begin with [honeypot-]: ", "hp-"],
        ["Hosts that send syslog without an agent [none]: ", ""],
        ["Use these names all the same? [y/N] ", ""],
        ["Names of honeypots begin with [honeypot-]: ", "honeypot-, hp-"],
        ["Hosts that send syslog without an agent [none]: ", ""],
      ]);
      assert.equal(code, 0, screen);
      assert.ok(!screen.includes("x".repeat(9)) && !screen.includes(misp.keys.orgadmin), screen);
      for (
        const line of [
          `the answers: misp.url is "misp.example.org"; allowed is an http or https address`,
          `0 of the latest 5 alerts in ${program.root}/logs/alerts/alerts.json are of these honeypots`,
          `3 of the latest 5 alerts in ${program.root}/logs/alerts/alerts.json are of these honeypots: honeypot-fra1`,
          `writes ${key} (0640)`,
          `writes ${configuration} (0640)`,
          "Now restart the manager.",
          `ok   configuration: ${configuration}`,
          `ok   integration block: ${conf} hands over every rule of rules.ids`,
        ]
      ) assert.ok(screen.replaceAll(/\n {5}/g, " ").includes(line), `${line}\n${screen}`);
      assert.deepEqual(JSON.parse((await read(configuration))!), {
        misp: { url: misp.url, api_key_file: key },
        honeypot: { agent_prefixes: ["honeypot-", "hp-"] },
      });
      assert.equal(await read(key), `${misp.keys.orgadmin}\n`);
      const folder = await Deno.stat(`${program.root}/etc/custom-misp`);
      for (const path of [configuration, key]) {
        const { mode, uid, gid } = await Deno.stat(path);
        assert.deepEqual([mode! & 0o777, uid, gid], [0o640, folder.uid, folder.gid]);
      }
      assert.equal(await read(conf), OSSEC_CONF.replace("</ossec", `${BLOCK}</ossec`));
      const sent = await program.run(["--test", "--send"]);
      assert.equal(
        sent.stderr,
        `MISP 2.5.1 at ${misp.url}, role Org Admin
` +
          `MISP at ${misp.url} stored this event as it was sent, unpublished.\n`,
      );
    },
  });

  Deno.test(`${kind}: setup works without a terminal, keeps what is there and repeats nothing`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await makeProgram(kind, misp);
    const { configuration, key, conf } = paths(program);
    const keyed = ["setup", "--misp-url", misp.url, "--key-file", "-", "--write-ossec-conf"];
    const before = '{ "misp": { "url": "https://old.example.org", "publish": false } }';
    await Deno.writeTextFile(configuration, before);
    await t.step("replaces nothing without --yes", async () => {
      const { code, stderr, stdout } = await program.feedInput(keyed, misp.keys.orgadmin);
      assert.deepEqual([code, stderr], [
        2,
        `${PROGRAM}: setup replaces nothing without --yes; nothing was written\n`,
      ]);
      assert.match(stdout, /: replaces misp\.url "https:\/\/old\.example\.org" by "http:/);
      assert.deepEqual([await read(configuration), await read(key)], [before, undefined]);
    });
    await t.step("with --yes keeps every other key", async () => {
      const { code, stdout, stderr } = await program.feedInput(
        [...keyed, "--yes", "--honeypots", "hp-"],
        `${misp.keys.orgadmin}\n`,
      );
      assert.equal(code, 0, stdout + stderr);
      assert.deepEqual(JSON.parse((await read(configuration))!), {
        misp: { url: misp.url, publish: false, api_key_file: key },
        honeypot: { agent_prefixes: ["hp-"] },
      });
    });
    await t.step("keeps a copy of ossec.conf", async () => {
      const copies = [...Deno.readDirSync(`${program.root}/etc/custom-misp`)].map(({ name }) =>
        name
      )
        .filter((name) => name.startsWith("ossec.conf."));
      assert.equal(copies.length, 1);
      assert.equal(await read(`${program.root}/etc/custom-misp/${copies[0]}`), OSSEC_CONF);
    });
    await t.step("changes nothing the second time", async () => {
      const files = [configuration, key, conf];
      const stamps = () => files.map((path) => `${Deno.statSync(path).ino}`);
      const inodes = stamps();
      const { code, stdout } = await program.run(["setup", "--write-ossec-conf"]);
      assert.equal(code, 0, stdout);
      assert.match(
        stdout,
        new RegExp(`^keeps ${configuration}\nkeeps ${conf}, which has the block$`, "m"),
      );
      assert.deepEqual(stamps(), inodes);
    });
    await t.step("a wrong key writes nothing", async () => {
      const { code, stderr } = await program.feedInput([...keyed, "--yes"], "z".repeat(40));
      assert.deepEqual([code, stderr], [
        1,
        `${PROGRAM}: MISP cannot be used like this, and nothing was written; ` +
        "--unchecked writes it all the same\n",
      ]);
      assert.equal(await read(key), `${misp.keys.orgadmin}\n`);
    });
  });

  Deno.test(`${kind}: setup says which input it cannot use`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await makeProgram(kind, misp);
    const { conf, configuration } = paths(program);
    const secrets = `${program.root}/etc/custom-misp`;
    const refused = async (args: readonly string[], code: number, message: string) => {
      const result = await program.feedInput(["setup", ...args], "");
      assert.deepEqual([result.code, result.stderr], [code, `${PROGRAM}: ${message}\n`]);
      assert.equal(await read(configuration), undefined);
    };
    const url = ["--misp-url", misp.url];
    await t.step(
      "no key",
      () =>
        refused(url, 2, "setup needs the key of a MISP user; use --key-file FILE, or --key-file -"),
    );
    await t.step(
      "an empty key",
      () => refused([...url, "--key-file", "-"], 2, "--key-file - holds no key"),
    );
    await t.step("a file of the key that is not there", () =>
      refused(
        [...url, "--key-file", `${secrets}/none`],
        2,
        `--key-file ${secrets}/none: there is no such file; \`--key-file - <FILE\` reads any file`,
      ));
    await t.step("no </ossec_config>", async () => {
      await Deno.writeTextFile(conf, "<!-- </ossec_config> -->");
      const { code, stderr } = await program.run(["setup", "--write-ossec-conf"]);
      assert.deepEqual([code, stderr], [
        1,
        `${PROGRAM}: ${conf} has no </ossec_config>; add the block by hand\n`,
      ]);
      await Deno.remove(configuration);
    });
    await t.step("a link instead of ossec.conf", async () => {
      await Deno.remove(conf);
      await new Deno.Command("ln", { args: ["-s", "/etc/passwd", conf] }).output();
      const { code, stderr } = await program.run(["setup", "--write-ossec-conf"]);
      assert.deepEqual([code, stderr], [
        1,
        `${PROGRAM}: ${conf} is not a file; setup follows no link\n`,
      ]);
      await Deno.remove(configuration);
    });
    await t.step("no folder of secrets", async () => {
      await Deno.remove(secrets, { recursive: true });
      await refused(url, 1, `there is no folder ${secrets}; run deploy/install.sh first`);
    });
  });
}
