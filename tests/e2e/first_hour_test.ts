/**
 * What goes wrong in the first hour, word for word: what a command says, and what `doctor` says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { checkPair } from "../../src/cli/commands/doctor/serve.ts";
import { needs } from "../support/needs.ts";
import { createProgram, KIND, KINDS, type Program } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

const HELP = "`help config` lists the keys";

async function refusal(
  program: Program,
  args: readonly string[],
  environment: Record<string, string> = {},
) {
  const { code, stderr } = await program.run(args, environment);
  return [code, stderr.trim().replaceAll(program.root, "ROOT").replace(`${PROGRAM}: `, "")];
}

/** What `doctor` finds of some names, and its hints. */
async function found(
  program: Program,
  names: readonly string[],
  environment: Record<string, string> = {},
): Promise<readonly string[]> {
  const { stdout } = await program.run(["doctor", "--json"], environment);
  const { checks } = JSON.parse(stdout.replaceAll(program.root, "ROOT")) as {
    checks: { name: string; state: string; found: string; hint?: string }[];
  };
  return checks.filter(({ name }) => names.includes(name))
    .map(({ name, state, found, hint }) => `${state} ${name}: ${found} -> ${hint}`);
}

for (const kind of KINDS) {
  Deno.test(`${kind}: a configuration that cannot be used is named with its next step`, async (t) => {
    await using program = await createProgram(kind);
    const file = `${program.root}/etc/${PROGRAM}.json`;
    const named = `ROOT/etc/${PROGRAM}.json`;
    const cases: readonly (readonly [name: string, content: string, what: string, hint: string])[] =
      [
        [
          "a comma too many",
          '{\n  "misp": {},\n}',
          `${named} is not JSON: line 3, column 1`,
          "check the quotes and commas before that place",
        ],
        [
          "an empty unknown section",
          '{"honeypott": {}}',
          `${named}: unknown section "honeypott"`,
          `did you mean honeypot? ${HELP}`,
        ],
        [
          "an unknown key",
          '{"misp": {"urll": "x"}}',
          `${named}: unknown key "misp.urll"`,
          `did you mean misp.url? ${HELP}`,
        ],
      ];
    for (const [name, content, what, hint] of cases) {
      await t.step(name, async () => {
        await Deno.writeTextFile(file, content);
        for (const command of ["status", "flush", "config", "serve", "setup"]) {
          assert.deepEqual(await refusal(program, [command]), [2, `${what}; ${hint}`]);
        }
        assert.deepEqual(await found(program, ["configuration"]), [
          `failure configuration: ${what} -> ${hint}`,
        ]);
      });
    }
    await Deno.remove(file);
    await t.step("a file of --config that is not there", async () => {
      const none = `${program.root}/etc/custom-misp/none.json`;
      assert.deepEqual(await refusal(program, ["status", "--config", none]), [
        2,
        "cannot read the configuration file ROOT/etc/custom-misp/none.json: " +
        "there is no such file; check the name after --config or in WM_CONFIG",
      ]);
    });
    await t.step("a misspelt variable", async () => {
      const what = "unknown variable WM_MISP_URLL";
      const hint = `did you mean WM_MISP_URL? ${HELP}`;
      const environment = { WM_MISP_URLL: "https://misp.example.org" };
      assert.deepEqual(await refusal(program, ["status"], environment), [2, `${what}; ${hint}`]);
      assert.deepEqual(await found(program, ["configuration"], environment), [
        `failure configuration: ${what} -> ${hint}`,
      ]);
      assert.deepEqual((await program.run(["version"], environment)).code, 0);
    });
    await t.step("no key yet", async () => {
      const environment = {
        WM_MISP_URL: "https://127.0.0.1:1",
        WM_MISP_API_KEY_FILE: `${program.root}/etc/custom-misp/api-key`,
      };
      const what = "misp.api_key_file ROOT/etc/custom-misp/api-key: there is no such file";
      const hint = "run `setup` as root, or " +
        "`install -o root -g wazuh -m 640 /dev/stdin ROOT/etc/custom-misp/api-key`";
      assert.deepEqual(await refusal(program, ["flush"], environment), [2, `${what}; ${hint}`]);
      assert.deepEqual(await found(program, ["MISP"], environment), [
        `failure MISP: ${what} -> ${hint}`,
      ]);
    });
    await t.step("a file of alerts that is not there", async () => {
      assert.deepEqual(await refusal(program, ["replay", `${program.alerts}/none`]), [
        6,
        `${program.alerts}/none: no such file`,
      ]);
    });
    await t.step("garbage for replay", async () => {
      const garbage = `${program.alerts}/garbage`;
      await Deno.writeTextFile(garbage, "nothing\n");
      assert.equal((await refusal(program, ["replay", garbage]))[0], 7);
    });
  });

  Deno.test(`${kind}: doctor never gives a command that takes a folder from its owner`, async (t) => {
    await using program = await createProgram(kind);
    const own = "ROOT/queue/custom-misp";
    const names = ["buffer folder", "log", "feed folder"];
    await t.step("a folder that was not compiled in", async () => {
      const environment = {
        WM_BUFFER_PATH: "/var/lib/x.db",
        WM_LOG_FILE: "/var/log/x.log",
      };
      const compiled = "this binary was compiled without permission for it";
      const hint = (key: string) =>
        `set ${key} to a path in ${own}, or compile the binary with --root for another folder`;
      assert.deepEqual(await found(program, names.slice(0, 2), environment), [
        `failure buffer folder: /var/lib cannot be written: ${compiled} -> ${hint("buffer.path")}`,
        `failure log: /var/log/x.log: ${compiled} -> ${hint("log.file")}`,
      ]);
    });
    await t.step("our own folder that is not there", async () => {
      await Deno.remove(`${program.root}/queue/custom-misp`);
      assert.deepEqual(await found(program, ["buffer folder"]), [
        `failure buffer folder: ${own} cannot be written: there is no such folder -> ` +
        `run \`doctor --fix\` as root, or \`install -o wazuh -g wazuh -m 750 -d ${own}\``,
      ]);
    });
  });

  Deno.test(`${kind}: doctor looks at what serve needs`, async (t) => {
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(kind, { listen });
    const tokens = `${program.root}/etc/custom-misp/tokens`;
    const listens = { WM_SERVER_LISTEN: listen };
    const names = ["tokens", "certificate", "port"];
    await t.step("nothing where serve is not configured", async () => {
      assert.deepEqual(await found(program, names), []);
    });
    await t.step("no tokens file", async () => {
      const environment = { ...listens, WM_SERVER_TOKENS_FILE: tokens };
      const what = "server.tokens_file ROOT/etc/custom-misp/tokens: there is no such file";
      const hint = "`serve token new NAME` makes it";
      assert.deepEqual(await found(program, names, environment), [
        `failure tokens: ${what} -> ${hint}`,
        `ok port: ${listen} is free -> undefined`,
      ]);
      assert.deepEqual(await refusal(program, ["serve"], environment), [2, `${what}; ${hint}`]);
    });
    await t.step("serve token new makes it, for Wazuh's group", async () => {
      const environment = { ...listens, WM_SERVER_TOKENS_FILE: tokens };
      const made = await program.run(["serve", "token", "new", "analyst"], environment);
      assert.deepEqual([made.code, made.stderr], [
        0,
        `its hash is in ${tokens}; the token is shown only here\n`,
      ]);
      const [file, folder] = [await Deno.stat(tokens), await Deno.stat(`${tokens}/..`)];
      assert.deepEqual([file.uid, file.gid, file.mode! & 0o777], [folder.uid, folder.gid, 0o640]);
      assert.deepEqual(await found(program, ["tokens"], environment), [
        "ok tokens: ROOT/etc/custom-misp/tokens, 1 token -> undefined",
      ]);
    });
    await t.step("a token where nothing may be written", async () => {
      const environment = { WM_SERVER_TOKENS_FILE: "/var/lib/tokens" };
      const { code, stdout, stderr } = await program.run(
        ["serve", "token", "new", "analyst"],
        environment,
      );
      assert.deepEqual([code, stdout.length], [0, 44]);
      assert.match(
        stderr,
        /^this program may not write \/var\/lib\/tokens; add the hash there by this command:\necho 'analyst sha256:[0-9a-f]{64}' \| sudo tee -a \/var\/lib\/tokens >\/dev\/null\n$/,
      );
    });
    await t.step("a port of another program", async () => {
      const { hostname, port } = new URL(`http://${listen}`);
      using _listener = Deno.listen({ hostname, port: Number(port) });
      const what = `another program listens on ${listen} already`;
      const hint = `\`ss -ltnp sport = :${port}\` names it; end it, or set server.listen ` +
        "to another port";
      assert.deepEqual(await found(program, ["port"], listens), [
        `failure port: ${what} -> ${hint}`,
      ]);
      const [code, said] = await refusal(program, ["serve"], listens);
      assert.deepEqual([code, String(said).split("\n").at(-1)], [1, `${what}; ${hint}`]);
    });
    await t.step("a port of serve itself", async () => {
      await using _service = await Service.start(program, listen);
      const what = `another \`serve\` of this program listens on ${listen} already`;
      assert.deepEqual(await found(program, ["port"], listens), [`ok port: ${what} -> undefined`]);
      const [code, said] = await refusal(program, ["serve"], listens);
      assert.deepEqual([code, String(said).split("\n").at(-1)], [
        1,
        `${what}; end it, or set server.listen to another port`,
      ]);
    });
    await t.step("a port that was not compiled in", async () => {
      const other = { WM_SERVER_LISTEN: "192.0.2.1:8787" };
      assert.deepEqual(await found(program, ["port"], other), [
        "failure port: this binary may not listen on 192.0.2.1:8787 -> compile it with " +
        "--listen 192.0.2.1:8787, or set server.listen to what it was compiled for",
      ]);
    });
  });
}

Deno.test({
  name: `${KIND}: doctor looks at the certificate of serve and its key`,
  ...needs("openssl"),
  fn: async (t) => {
    await using program = await createProgram(KIND);
    const folder = `${program.root}/etc/custom-misp`;
    const make = async (name: string, ...more: readonly string[]) => {
      const { success, stderr } = await new Deno.Command("openssl", {
        args: [
          ...["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
          ...["-subj", `/CN=${name}`, "-keyout", `${folder}/${name}.key`],
          ...["-out", `${folder}/${name}.crt`, ...more],
        ],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    };
    await make("long", "-days", "100");
    await make("short", "-days", "3");
    const check = (cert: string, key: string) =>
      found(program, ["certificate"], {
        WM_SERVER_TLS_CERT: `${folder}/${cert}`,
        WM_SERVER_TLS_KEY: `${folder}/${key}`,
      });
    const at = (name: string) => `ROOT/etc/custom-misp/${name}`;
    const dayIn = (days: number) =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    await t.step("fits", async () => {
      assert.deepEqual(await check("long.crt", "long.key"), [
        `ok certificate: server.tls_cert ${at("long.crt")}, valid until ${dayIn(100)} -> undefined`,
      ]);
    });
    await t.step("ends soon", async () => {
      assert.deepEqual(await check("short.crt", "short.key"), [
        `warning certificate: server.tls_cert ${at("short.crt")} expires on ${dayIn(3)} -> ` +
        "put a new one there",
      ]);
    });
    await t.step("expired", () => {
      const files = { tlsCert: `${folder}/short.crt`, tlsKey: `${folder}/short.key` };
      assert.deepEqual(checkPair(files, Date.now() + 4 * 86_400_000), [{
        name: "certificate",
        state: "failure",
        found: `server.tls_cert ${files.tlsCert} expired on ${dayIn(3)}`,
        hint: "put a new one there",
      }]);
    });
    await t.step("the key of another one", async () => {
      assert.deepEqual(await check("long.crt", "short.key"), [
        `failure certificate: server.tls_cert ${at("long.crt")} and server.tls_key ` +
        `${at("short.key")} do not match -> name the private key of this certificate`,
      ]);
    });
    await t.step("files that are not there, or something else", async () => {
      assert.deepEqual(await check("none.crt", "long.key"), [
        `failure certificate: server.tls_cert ${at("none.crt")}: there is no such file -> ` +
        "put it there, or unset server.tls_cert",
      ]);
      assert.deepEqual(await check("long.key", "long.key"), [
        `failure certificate: server.tls_cert ${at("long.key")}: holds no valid certificate -> ` +
        "see `help config`",
      ]);
      assert.deepEqual(await check("long.crt", "long.crt"), [
        `failure certificate: server.tls_key ${at("long.crt")}: holds no valid private key -> ` +
        "see `help config`",
      ]);
    });
  },
});
