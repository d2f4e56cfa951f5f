import assert from "node:assert/strict";
import { permissionFlags } from "../../deploy/permissions.ts";
import { needs } from "../support/needs.ts";

const PROBE = new URL("ossec_conf_probe.ts", import.meta.url).pathname;

/** Not below /tmp, and not there: a permission is seen by the error that a look ends in. */
const ROOT = "/var/no-ossec";

Deno.test({
  name: "binary: dropOssecConf() takes ossec.conf, and no other permission",
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
    const { stdout } = await new Deno.Command(probe, { args: [ROOT, ...others] }).output();
    await Deno.remove(folder, { recursive: true });
    assert.deepEqual(new TextDecoder().decode(stdout).trim().split("\n"), [
      `${ROOT}/etc/ossec.conf: NotFound`,
      `${ROOT}/etc/ossec.conf: NotCapable`,
      ...others.map((path) => `${path}: NotFound`),
    ]);
  },
});

Deno.test("every start but that of doctor drops ossec.conf before its command is loaded", () => {
  const source = Deno.readTextFileSync(new URL("../../src/cli/program.ts", import.meta.url));
  const run = source.slice(source.indexOf("async function run("));
  const dropped = run.indexOf('if (name !== "doctor") dropOssecConf(root);');
  assert.ok(dropped > 0 && dropped < run.indexOf("isCommand(name)"));
});
