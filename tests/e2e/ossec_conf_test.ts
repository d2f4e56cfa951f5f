import assert from "node:assert/strict";
import { permissionFlags } from "../../deploy/permissions.ts";
import { needs } from "../support/needs.ts";

const PROBE = new URL("ossec_conf_probe.ts", import.meta.url).pathname;

/** Not below /tmp, and not there: a permission is seen by the error that a look ends in. */
const ROOT = "/var/no-ossec";

Deno.test({
  name: "binary: dropSetupRights() leaves to each command what it needs in Wazuh's etc/",
  ...needs("a Deno that compiles (COMPILE_DENO)"),
  fn: async () => {
    const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "ossec-conf-" });
    const probe = `${folder}/probe`;
    const flags = permissionFlags({ root: ROOT, mispHost: undefined, listen: "127.0.0.1:8787" });
    const compiled = await new Deno.Command(Deno.env.get("COMPILE_DENO")!, {
      args: [
        ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", "--no-code-cache"],
        ...[...flags, "--output", probe, PROBE],
      ],
    }).output();
    assert.ok(compiled.success, new TextDecoder().decode(compiled.stderr));
    const others = [`${ROOT}/etc/custom-misp/key`, `${ROOT}/logs/alerts/a`, `${folder}/none`];
    const after = async (command: string, word: string) => {
      const { stdout } = await new Deno.Command(probe, { args: [ROOT, command, word, ...others] })
        .output();
      const [before, ...lines] = new TextDecoder().decode(stdout).trim().split("\n");
      assert.equal(before, `read ${ROOT}/etc/ossec.conf: NotFound`);
      return lines.filter((line) => !line.endsWith(": NotFound"));
    };
    const read = `read ${ROOT}/etc/ossec.conf: NotCapable`;
    const [secrets, ...writes] = [
      `write ${ROOT}/etc/custom-misp: NotCapable`,
      `write ${ROOT}/etc/custom-misp_ssh_bruteforce-publish.json: NotCapable`,
      `write ${ROOT}/etc/ossec.conf: NotCapable`,
    ];
    assert.deepEqual(await after("/tmp/x.alert", ""), [read, secrets, ...writes]);
    assert.deepEqual(await after("serve", "--follow"), [read, secrets, ...writes]);
    assert.deepEqual(await after("serve", "token"), [read, ...writes]);
    assert.deepEqual(await after("doctor", ""), [secrets, ...writes]);
    assert.deepEqual(await after("setup", ""), []);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("every start drops what it does not need of etc/ before its command is loaded", () => {
  const source = Deno.readTextFileSync(new URL("../../src/cli/program.ts", import.meta.url));
  const run = source.slice(source.indexOf("async function run("));
  const dropped = run.indexOf("dropSetupRights(root, name, rest[1]);");
  assert.ok(dropped > 0 && dropped < run.indexOf("isCommand(name)"));
});
