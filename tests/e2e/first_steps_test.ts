/**
 * Wrong answers to `setup`, and files of a wrong owner, word for word. first_hour_test.ts and
 * first_inputs_test.ts have the other wrong inputs of the first hour.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { needs } from "../support/needs.ts";
import { CONF, said } from "./first_hour_rig.ts";
import { createProgram, KINDS } from "./program.ts";

/** A user of whom no machine knows: Wazuh's here. */
const USER = 64_321;
const AS_USER = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];

const UNWRITTEN = "and nothing was written; --unchecked writes it all the same";

for (const kind of KINDS) {
  Deno.test(`${kind}: setup refuses each wrong answer in words, and writes nothing`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const secrets = `${program.root}/etc/custom-misp`;
    const url = ["setup", "--misp-url", misp.url, "--key-file"];
    const cases: readonly (readonly [
      name: string,
      args: readonly string[],
      input: string,
      code: number,
      line: string,
    ])[] = [
      [
        "no address",
        ["setup", "--misp-url", "foo", "--key-file", "-"],
        misp.keys.orgadmin,
        2,
        'the answers: misp.url is "foo"; allowed is an http or https address',
      ],
      [
        "an address with a secret",
        ["setup", "--misp-url", "https://a:b@misp.example.org", "--key-file", "-"],
        misp.keys.orgadmin,
        2,
        "the answers: misp.url is (secret); allowed is an address without a user name in it",
      ],
      [
        "a wrong key",
        [...url, "-"],
        "z".repeat(40),
        1,
        `MISP cannot be used like this, ${UNWRITTEN}`,
      ],
      [
        "more than a key",
        [...url, "-"],
        "a key\nand more",
        2,
        "--key-file - has characters that a key never has; " +
        "put the key of a MISP user there, and nothing else",
      ],
      [
        "a folder",
        [...url, secrets],
        "",
        2,
        "--key-file ROOT/etc/custom-misp: it is a folder; `--key-file - <FILE` reads any file",
      ],
      [
        "no certificate",
        [...url, "-", "--ca-file", `${secrets}/none.pem`],
        misp.keys.orgadmin,
        1,
        `MISP cannot be used like this, ${UNWRITTEN}`,
      ],
      [
        "no honeypots",
        ["setup", "--honeypots", ","],
        "",
        1,
        `no alert can count like this, ${UNWRITTEN}`,
      ],
      [
        "honeypots that no agent can be",
        ["setup", "--honeypots", "a b"],
        "",
        1,
        `no alert can count like this, ${UNWRITTEN}`,
      ],
      [
        "an argument",
        ["setup", "now"],
        "",
        2,
        'unexpected argument "now"; `help setup` lists the options',
      ],
      [
        "a misspelt option",
        ["setup", "--mispurl", "x"],
        "",
        2,
        "unknown option --mispurl; did you mean --misp-url? `help setup` lists the options",
      ],
      [
        "an option without its value",
        ["setup", "--misp-url"],
        "",
        2,
        "--misp-url needs a value; `help setup` lists the options",
      ],
    ];
    for (const [name, args, input, code, line] of cases) {
      await t.step(name, async () => {
        assert.deepEqual(await said(program, args, { input }), [code, line]);
        assert.throws(
          () => Deno.lstatSync(`${program.root}/etc/${PROGRAM}.json`),
          Deno.errors.NotFound,
        );
        assert.deepEqual([...Deno.readDirSync(secrets)], []);
      });
    }
    await t.step("no ossec.conf", async () => {
      assert.deepEqual(await said(program, ["setup", "--write-ossec-conf"]), [
        1,
        "ROOT/etc/ossec.conf is not there; " +
        "leave out --write-ossec-conf where no Wazuh 4.x manager runs",
      ]);
    });
  });

  Deno.test({
    name: `${kind}: setup says why it cannot write, and leaves what was there`,
    ...needs("root", "mounts in a namespace of its own"),
    async fn(t) {
      await using program = await createProgram(kind);
      const etc = `${program.root}/etc`;
      /** In a namespace where etc/ is a disk of its own. */
      const inside = (script: string) => [
        ...["unshare", "-m", "sh", "-c"],
        `mount -t tmpfs -o size=64k small "$0" && mkdir -m 750 "$0/custom-misp" && ${script} && exec "$@"`,
        etc,
      ];
      const args = ["setup", "--honeypots", "hp-"];
      await t.step("a full disk", async () => {
        const fill = 'dd if=/dev/zero of="$0/full" bs=1k 2>/dev/null; true';
        assert.deepEqual(await said(program, args, { wrapper: inside(fill) }), [
          1,
          `${CONF} cannot be written: the disk is full; ` +
          "nothing was changed there; run setup again once that is fixed",
        ]);
      });
      await t.step("a disk that is read-only", async () => {
        const wrapper = inside('mount -o remount,ro "$0"');
        assert.deepEqual(await said(program, args, { wrapper }), [
          1,
          `${CONF} cannot be written: the file system is read-only; ` +
          "nothing was changed there; run setup again once that is fixed",
        ]);
      });
    },
  });

  Deno.test({
    name: `${kind}: what another user may not do is said with the next step`,
    // Under `deno run`, another user has no cache of modules.
    ...needs("root", "setpriv", "a Deno that compiles (COMPILE_DENO)"),
    async fn(t) {
      await using misp = await FakeMisp.start();
      await using program = await createProgram(kind, {
        mispHost: new URL(misp.url).host,
        listen: "127.0.0.1:80",
      });
      const { root } = program;
      Deno.chmodSync(`${root}/..`, 0o755);
      for (const folder of ["queue/custom-misp", "logs"]) {
        Deno.chownSync(`${root}/${folder}`, USER, USER);
      }
      const asUser = (args: readonly string[], environment: Record<string, string> = {}) =>
        said(program, args, { environment, wrapper: AS_USER });
      const mode = "permission denied; let root own it, with Wazuh's group and mode 640";
      await t.step("setup", async () => {
        assert.deepEqual(await asUser(["setup", "--honeypots", "hp-"]), [
          1,
          `${CONF} cannot be written: permission denied; run setup as root`,
        ]);
      });
      await t.step("a configuration of root alone", async () => {
        const file = `${root}/etc/${PROGRAM}.json`;
        Deno.writeTextFileSync(file, "{}", { mode: 0o600 });
        for (const command of ["status", "flush", "serve", "setup"]) {
          assert.deepEqual(await asUser([command]), [
            2,
            `cannot read the configuration file ${CONF}: ${mode}`,
          ]);
        }
        const { stdout } = await program.run(["doctor", "--json"], {}, AS_USER);
        const { checks } = JSON.parse(stdout.replaceAll(root, "ROOT"));
        assert.deepEqual(checks, [{
          name: "configuration",
          state: "failure",
          found: `cannot read the configuration file ${CONF}: permission denied`,
          hint: "let root own it, with Wazuh's group and mode 640",
        }]);
        Deno.removeSync(file);
      });
      await t.step("a key of root alone", async () => {
        const key = `${root}/etc/custom-misp/api-key`;
        Deno.writeTextFileSync(key, misp.keys.orgadmin, { mode: 0o600 });
        const environment = { WM_MISP_URL: misp.url, WM_MISP_API_KEY_FILE: key };
        assert.deepEqual(await asUser(["flush"], environment), [
          2,
          `misp.api_key_file ROOT/etc/custom-misp/api-key: ${mode}`,
        ]);
      });
      await t.step("a port of root's", async () => {
        assert.deepEqual(await asUser(["serve"], { WM_SERVER_LISTEN: "127.0.0.1:80" }), [
          1,
          "port 80 is for root alone; set server.listen to a port from 1024 on",
        ]);
      });
      await t.step("alerts of somebody else", async () => {
        Deno.chmodSync(program.alerts, 0o755);
        Deno.writeTextFileSync(`${program.alerts}/a.json`, "{}", { mode: 0o600 });
        assert.deepEqual(await asUser(["replay", `${program.alerts}/a.json`]), [
          6,
          "ALERTS/a.json: permission denied; use `replay - <FILE` as a user who may read it",
        ]);
      });
      await t.step("a buffer of root's", async () => {
        Deno.chownSync(`${root}/queue/custom-misp`, 0, 0);
        Deno.chmodSync(`${root}/queue/custom-misp`, 0o750);
        assert.deepEqual(await asUser(["flush"]), [
          1,
          "buffer ROOT/queue/custom-misp/buffer.db: permission denied; " +
          "`chown -R wazuh:wazuh ROOT/queue/custom-misp` gives it to Wazuh's user",
        ]);
        const { stdout } = await program.run(["doctor", "--json"], {}, AS_USER);
        const { checks } = JSON.parse(stdout.replaceAll(root, "ROOT")) as {
          checks: { name: string; hint?: string }[];
        };
        assert.equal(
          checks.find(({ name }) => name === "buffer folder")?.hint,
          "run `doctor --fix` as root, or `chown -R wazuh:wazuh ROOT/queue/custom-misp`",
        );
      });
    },
  });
}
