/**
 * `deploy/install.sh --misp-url` over a configuration, and `setup` of the installed binary, as root.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp.ts";
import { compile, GROUP, install, listing, makeWazuh, OWNER, run } from "./wazuh_root.ts";

Deno.test({
  name: "an installed binary is set up for root and Wazuh's group, and keeps its first address",
  ...needs("root", "setpriv", "a Deno that compiles (COMPILE_DENO)"),
  fn: async (t) => {
    await using misp = await FakeMisp.start();
    using folder = tempFolder();
    await Deno.chmod(folder.path, 0o755);
    const root = folder.file("ossec");
    await makeWazuh(root);
    const target = `${root}/integrations/${PROGRAM}`;
    const configuration = `${root}/etc/${PROGRAM}.json`;
    const common = ["--root", root, ...OWNER];
    const now = await compile(folder.path, root, new URL(misp.url).host);
    const first = await install(...common, "--binary", now, "--misp-url", misp.url);
    assert.equal(first.code, 0, first.stderr);
    assert.ok(first.stdout.includes(`  ${target} setup\n`), first.stdout);

    await t.step("--misp-url over another configuration says that the old one stays", async () => {
      const args = [...common, "--binary", now, "--dry-run", "--misp-url"];
      const lines = async (url: string) => (await install(...args, url)).stdout.split("\n");
      assert.ok((await lines(misp.url)).includes(`keeps ${configuration}`));
      const other = "https://misp.example.org";
      const found = await lines(other);
      assert.deepEqual(found.filter((line) => /^(warning|keeps)/.test(line)), [
        `warning: ${now} may not connect to misp.example.org:443; ` +
        "compile it with --misp-host misp.example.org",
        `keeps ${configuration} and its misp.url ${misp.url}; ` +
        `to replace it: ${target} setup --misp-url ${other}`,
      ]);
    });

    await t.step("setup writes for root and Wazuh's group, and looks as Wazuh's user", async () => {
      const conf = `${root}/etc/ossec.conf`;
      await Deno.writeTextFile(conf, "<ossec_config>\n</ossec_config>\n");
      await run(["chown", `root:${GROUP}`, conf]);
      await run(["chmod", "660", conf]);
      const args = ["--key-file", "-", "--honeypots", "hp-", "--write-ossec-conf", "--yes"];
      const line = [target, "setup", "--misp-url", misp.url, ...args];
      const { code, stdout, stderr } = await run(line, { env: {} }, `${misp.keys.orgadmin}\n`);
      assert.deepEqual([code, stderr], [0, ""], stdout);
      const owners = await listing(root);
      for (
        const one of [
          `custom-misp/api-key root:${GROUP} 640`,
          `${PROGRAM}.json root:${GROUP} 640`,
          `ossec.conf root:${GROUP} 660`,
        ]
      ) {
        assert.ok(
          owners.includes(`etc/${one}`) || owners.includes(one),
          `${one}\n${owners.join("\n")}`,
        );
      }
      assert.match(stdout, /^ok {3}rights: add, publish, sightings$/m);
      // Only root may look into a folder of root's: doctor does not run as root.
      await run(["chmod", "700", `${root}/etc/custom-misp`]);
      const shut = await run([target, "setup"], { env: {} });
      await run(["chmod", "750", `${root}/etc/custom-misp`]);
      assert.equal(shut.code, 1);
      assert.match(
        shut.stdout.replaceAll(/\n {5,}/g, " "),
        /FAIL MISP: misp\.api_key_file \S+ permission denied/,
      );
    });
  },
});
