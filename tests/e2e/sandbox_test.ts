import assert from "node:assert/strict";
import { permissionFlags } from "../../deploy/permissions.ts";
import { fixturePath } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { createProgram, integratordArgs } from "./program.ts";

const PROBE = new URL("sandbox_probe.ts", import.meta.url).pathname;

Deno.test({
  name: "binary: its permissions refuse other files, hosts, folders and programs",
  ...needs("a Deno that compiles (COMPILE_DENO)"),
  fn: async () => {
    await using program = await createProgram("deno run");
    using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = server.accept();
    const host = `127.0.0.1:${server.addr.port}`;
    const flags = permissionFlags({
      root: program.root,
      mispHost: host,
      listen: "127.0.0.1:8787",
    });
    const probe = `${program.alerts}/probe`;
    const compiled = await new Deno.Command(Deno.env.get("COMPILE_DENO")!, {
      args: [
        ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", "--no-code-cache"],
        ...[...flags, "--output", probe, PROBE],
      ],
    }).output();
    assert.ok(compiled.success, new TextDecoder().decode(compiled.stderr));
    const inside = `${program.root}/queue/custom-misp`;
    const { stdout } = await new Deno.Command(probe, { args: [host, inside] }).output();
    (await accepted).close();
    assert.deepEqual(new TextDecoder().decode(stdout).trim().split("\n"), [
      "refused: read /etc/passwd",
      "refused: read /etc/shadow",
      "refused: connect to another port",
      "refused: connect to another host",
      "refused: fetch from another host",
      "refused: listen elsewhere",
      "refused: write to /tmp",
      "refused: write beside its folder",
      "refused: run another program",
      "refused: run a shell",
      "refused: read PATH",
      "refused: load a library",
      "refused: ask for the host name",
      "allowed: its own folder and MISP",
    ]);
  },
});

Deno.test({
  name: "binary: it has these permissions built in and says which one is missing",
  ...needs("a Deno that compiles (COMPILE_DENO)"),
  fn: async () => {
    await using program = await createProgram("binary", { mispHost: "127.0.0.1:9" });
    const line = async (args: readonly string[], environment?: Record<string, string>) => {
      const { code, stdout, stderr } = await program.run(args, environment);
      return [code, (stderr + stdout).trim()];
    };
    const name = "custom-misp_ssh_bruteforce-publish";
    assert.deepEqual(await line(integratordArgs("/etc/passwd")), [
      6,
      `${name}: /etc/passwd: this binary may not read there; integratord writes alerts to /tmp`,
    ]);
    assert.deepEqual(await line(["replay", "/etc/passwd"]), [
      6,
      `${name}: /etc/passwd: this binary may not read there; ` +
      "use `replay - <FILE`",
    ]);
    assert.deepEqual(await line(["status"], { WM_BUFFER_PATH: "/var/tmp/x/buffer.db" }), [
      1,
      `${name}: buffer /var/tmp/x/buffer.db: this binary may not write there; ` +
      "keep buffer.path in the folder it was compiled for",
    ]);
    const file = `${program.alerts}/a.alert`;
    await Deno.copyFile(fixturePath("01-5710-invalid-user"), file);
    const misp = { WM_MISP_URL: "http://127.0.0.1:10", WM_MISP_API_KEY: "k".repeat(40) };
    assert.deepEqual(await line(integratordArgs(file), misp), [0, ""]);
    assert.deepEqual(await line(["flush", "--now"], misp), [
      3,
      "delivered 0, waiting 1, refused 0\n" +
      "waiting because: this binary may not connect to 127.0.0.1:10; " +
      "compile it with --misp-host 127.0.0.1:10",
    ]);
    assert.deepEqual(
      await line(["flush", "--now"], { ...misp, WM_MISP_PROXY: "http://127.0.0.1:11" }),
      [
        3,
        "delivered 0, waiting 1, refused 0\n" +
        "waiting because: this binary may not connect to the proxy 127.0.0.1:11; " +
        "compile it with --misp-proxy 127.0.0.1:11",
      ],
    );
  },
});
