/**
 * Wrong inputs of the first hour, word for word: files, addresses, tokens, and what was not compiled in.
 * first_hour_test.ts and first_steps_test.ts have the others.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeMisp } from "../fake_misp/server.ts";
import { needs } from "../support/needs.ts";
import { CONF, said } from "./first_hour_rig.ts";
import { createProgram, KINDS } from "./program.ts";

for (const kind of KINDS) {
  Deno.test({
    name: `${kind}: serve says which address is not one of this machine`,
    // `deno run` may listen on loopback addresses only.
    ...needs("a Deno that compiles (COMPILE_DENO)"),
    async fn() {
      const hint = "set server.listen to an address of this machine, such as 127.0.0.1:8787";
      for (
        const [listen, what] of [
          ["192.0.2.1:8787", "192.0.2.1 is not an address of this machine"],
          ["nobody.invalid:8787", "nobody.invalid is not a host name that this machine knows"],
        ] as const
      ) {
        await using program = await createProgram(kind, { listen });
        const environment = {
          WM_SERVER_LISTEN: listen,
          WM_SERVER_TOKENS_FILE: `${program.root}/etc/custom-misp/tokens`,
        };
        await program.run(["serve", "token", "new", "analyst"], environment);
        assert.deepEqual(await said(program, ["serve"], { environment }), [1, `${what}; ${hint}`]);
      }
    },
  });

  Deno.test(`${kind}: files and addresses that cannot be are named with the next step`, async (t) => {
    await using program = await createProgram(kind);
    const { root } = program;
    const secrets = `${root}/etc/custom-misp`;
    const tokens = `${secrets}/tokens`;
    const withTokens = { WM_SERVER_TOKENS_FILE: tokens };
    const check = async (
      args: readonly string[],
      code: number,
      line: string,
      environment: Record<string, string> = {},
    ) => assert.deepEqual(await said(program, args, { environment }), [code, line]);
    await t.step("options without a value", async () => {
      await check(["status", "--config"], 2, "--config needs a value");
      await check(["--root"], 2, "--root needs a value");
    });
    await t.step("a folder for a configuration, and for a key", async () => {
      await check(
        ["status", "--config", secrets],
        2,
        "cannot read the configuration file ROOT/etc/custom-misp: it is a folder; name a file",
      );
      const key = { WM_MISP_URL: "https://127.0.0.1:1", WM_MISP_API_KEY_FILE: secrets };
      await check(
        ["flush"],
        2,
        "misp.api_key_file ROOT/etc/custom-misp: it is a folder; name a file",
        key,
      );
    });
    await t.step("a key file that is empty, or has more than a key", async () => {
      const file = `${secrets}/api-key`;
      const key = { WM_MISP_URL: "https://127.0.0.1:1", WM_MISP_API_KEY_FILE: file };
      Deno.writeTextFileSync(file, "\n");
      await check(
        ["flush"],
        2,
        "misp.api_key_file ROOT/etc/custom-misp/api-key is empty; put the key of a MISP user there",
        key,
      );
      Deno.writeTextFileSync(file, "my key is abc\n");
      await check(
        ["flush"],
        2,
        "misp.api_key_file ROOT/etc/custom-misp/api-key has characters that a key never has; " +
          "put the key of a MISP user there, and nothing else",
        key,
      );
    });
    await t.step("JSON that is no configuration", async () => {
      const file = CONF.replace("ROOT", root);
      for (
        const [text, what] of [
          ["[]", " must hold one JSON object"],
          ['{"misp": 1}', ': "misp" must be an object of keys, such as "misp": {…}'],
          ['{"misp": {"url": "x"}}', ': misp.url is "x"; allowed is an http or https address'],
          ["", " is not JSON: line 1, column 1; check the quotes and commas before that place"],
        ] as const
      ) {
        Deno.writeTextFileSync(file, text);
        await check(["status"], 2, `${CONF}${what}`);
      }
      Deno.removeSync(file);
    });
    await t.step("addresses to listen on", async () => {
      for (const listen of ["8787", "127.0.0.1:99999", "127.0.0.1:http"]) {
        await check(
          ["serve", "--listen", listen],
          2,
          `server.listen is "${listen}"; allowed is HOST:PORT, such as 127.0.0.1:8787`,
        );
      }
      await check(
        ["serve", "--listen", "0.0.0.0:8787"],
        2,
        "server.listen is 0.0.0.0, but without server.tokens_file only a loopback address is " +
          "allowed; `serve token new NAME` makes a token",
      );
      await check(
        ["serve"],
        2,
        "server.tls_key is not set: TLS needs a certificate and its key",
        { WM_SERVER_TLS_CERT: `${secrets}/a.crt` },
      );
    });
    await t.step("tokens", async () => {
      const usage = "`serve token new NAME` makes a token; NAME says whose it is";
      await check(["serve", "token"], 2, usage);
      await check(["serve", "token", "new"], 2, usage);
      await check(["serve", "token", "new", "a", "b"], 2, usage);
      await check(
        ["serve", "token", "new", "a"],
        2,
        "set server.tokens_file first: the token's hash goes there",
      );
      await check(
        ["serve", "token", "new", "a b"],
        2,
        '"a b" is not a valid name; use up to 64 letters, digits, dots, dashes and underscores',
        withTokens,
      );
      await program.run(["serve", "token", "new", "a"], withTokens);
      await check(
        ["serve", "token", "new", "a"],
        2,
        "ROOT/etc/custom-misp/tokens has a token named a; remove its line first",
        withTokens,
      );
      Deno.writeTextFileSync(tokens, "garbage\n");
      await check(
        ["serve"],
        2,
        "server.tokens_file ROOT/etc/custom-misp/tokens: line 1 is not NAME sha256:HEX; " +
          "remove that line; `serve token new NAME` makes one that is valid",
        withTokens,
      );
      await check(
        ["serve", "token", "new", "b"],
        2,
        "ROOT/etc/custom-misp/tokens: line 1 is not NAME sha256:HEX; remove that line first",
        withTokens,
      );
      Deno.writeTextFileSync(tokens, "");
      await check(
        ["serve"],
        2,
        "server.tokens_file ROOT/etc/custom-misp/tokens: holds no token; " +
          "`serve token new NAME` makes one",
        withTokens,
      );
    });
    await t.step("files of alerts", async () => {
      await check(["replay"], 2, "replay needs files of alerts, or - for standard input");
      await check(["explain"], 2, "explain needs files of alerts, or - for standard input");
      for (const command of ["replay", "explain"]) {
        await check([command, `${program.alerts}/none`], 6, "ALERTS/none: no such file");
      }
    });
    await t.step("a key that is missing", async () => {
      await check(
        ["flush"],
        2,
        "misp.url is set without a key; put the key into a file that misp.api_key_file names",
        { WM_MISP_URL: "https://127.0.0.1:1" },
      );
    });
  });

  Deno.test({
    name: `${kind}: what was not compiled in is said with what to compile, or where to put it`,
    ...needs("a Deno that compiles (COMPILE_DENO)"),
    async fn(t) {
      await using misp = await FakeMisp.start();
      await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
      const found = async (name: string, environment: Record<string, string>) => {
        const { stdout } = await program.run(["doctor", "--json"], environment);
        const { checks } = JSON.parse(stdout.replaceAll(program.root, "ROOT")) as {
          checks: { name: string; found: string; hint?: string }[];
        };
        return checks.filter((one) => one.name === name)
          .map(({ found, hint }) => `${found} -> ${hint}`);
      };
      const own = "ROOT/queue/custom-misp";
      await t.step("files", async () => {
        const readable = `${CONF} and files in ROOT/etc/custom-misp`;
        const environment = { WM_CONFIG: "/srv/none.json" };
        assert.deepEqual(await said(program, ["status"], { environment }), [
          2,
          "cannot read the configuration file /srv/none.json: this binary was compiled without " +
          `permission for it; it may read ${readable}`,
        ]);
        assert.deepEqual(await said(program, ["replay", "/srv/a.json"]), [
          6,
          "/srv/a.json: this binary may not read there; use `replay - <FILE`",
        ]);
        assert.deepEqual(await said(program, ["follow", "/srv/a.json"]), [
          6,
          "/srv/a.json: this binary may not read there; it may read files in ROOT/logs/alerts",
        ]);
        assert.deepEqual(
          await said(program, ["status"], { environment: { WM_BUFFER_PATH: "/srv/x.db" } }),
          [
            1,
            "buffer /srv/x.db: this binary may not write there; " +
            "keep buffer.path in the folder it was compiled for",
          ],
        );
        const key = { WM_MISP_URL: misp.url, WM_MISP_API_KEY_FILE: "/srv/key" };
        assert.deepEqual(await said(program, ["flush"], { environment: key }), [
          2,
          "misp.api_key_file /srv/key: this binary may not read there; " +
          "put it into the configuration folder",
        ]);
      });
      await t.step("folders", async () => {
        assert.deepEqual(await found("feed folder", { WM_FEED_DIRECTORY: "/srv/feed" }), [
          "/srv/feed cannot be written: this binary was compiled without permission for it -> " +
          `set feed.directory to a path in ${own}, or compile the binary with --root for another folder`,
        ]);
        const put = "put the file where this program may read it, or unset the key";
        assert.deepEqual(
          await found("look-ups", { WM_GUARD_WARNINGLISTS_DIRECTORY: "/srv/lists" }),
          [
            "warning lists /srv/lists cannot be read: this binary was compiled without permission " +
            `to read /srv/lists -> ${put}`,
          ],
        );
        assert.deepEqual(await found("look-ups", { WM_GEOIP_DATABASE: "/srv/geo.mmdb" }), [
          "geoip.database /srv/geo.mmdb: it is not used: this binary was compiled without " +
          `permission to read /srv/geo.mmdb -> ${put}`,
        ]);
      });
      await t.step("hosts", async () => {
        const access = { WM_MISP_API_KEY: misp.keys.orgadmin };
        const compile = "compile the binary for these hosts: --misp-host, and --misp-proxy with " +
          "misp.proxy";
        assert.deepEqual(
          await found("MISP", { ...access, WM_MISP_URL: "https://misp.example.org" }),
          [
            "https://misp.example.org: this binary may not connect to misp.example.org; compile it " +
            `with --misp-host misp.example.org -> ${compile}`,
          ],
        );
        const proxy = { WM_MISP_URL: misp.url, WM_MISP_PROXY: "http://proxy.example.org:3128" };
        assert.deepEqual(await found("MISP", { ...access, ...proxy }), [
          `${misp.url}: this binary may not connect to the proxy proxy.example.org:3128; compile it ` +
          `with --misp-proxy proxy.example.org:3128 -> ${compile}`,
        ]);
        const url = "https://other.example.org/alerts";
        assert.deepEqual(await found("forwarding", { WM_FORWARD_URL: url }), [
          "this binary may not connect to other.example.org; compile it with --forward-host " +
          "other.example.org -> do so, or set forward.url to the host that it was compiled for",
        ]);
      });
    },
  });
}
