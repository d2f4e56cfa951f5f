import assert from "node:assert/strict";
import { fixturePath, fixturePaths, sshdAlert } from "../support/fixtures.ts";
import { createProgram, integratordArgs, KINDS } from "./program.ts";

for (const kind of KINDS) {
  Deno.test(`${kind}: a bad alert file costs one line and a code, and is counted`, async (t) => {
    await using program = await createProgram(kind);
    const name = "custom-misp_ssh_bruteforce-publish";
    const call = async (content: string | Uint8Array | undefined, path?: string) => {
      const file = path ?? `${program.alerts}/x-${crypto.randomUUID()}.alert`;
      if (typeof content === "string") await Deno.writeTextFile(file, content);
      else if (content !== undefined) await Deno.writeFile(file, content);
      const { code, stdout, stderr } = await program.run(integratordArgs(file));
      return { code, stdout, stderr: file === "" ? stderr : stderr.replaceAll(file, "FILE") };
    };
    const refused = (code: number, line: string) => ({
      code,
      stdout: "",
      stderr: `${name}: ${line}\n`,
    });
    await t.step("empty", async () => {
      assert.deepEqual(await call(""), refused(7, "FILE: it is empty: is /tmp full?"));
    });
    await t.step("missing", async () => {
      assert.deepEqual(await call(undefined), refused(6, "FILE: no such alert file"));
    });
    await t.step("not given, as when /tmp is full", async () => {
      assert.deepEqual(
        await call(undefined, ""),
        refused(6, "integratord gave no alert file: is /tmp full or not writable?"),
      );
    });
    await t.step("cut", async () => {
      const cut = Deno.readTextFileSync(fixturePath("01-5710-invalid-user")).slice(0, 500);
      assert.deepEqual(
        await call(cut),
        refused(7, "FILE: it is not JSON, or was cut: is /tmp full?"),
      );
    });
    await t.step("text format", async () => {
      const line = "FILE: it is in text format; set <alert_format>json</alert_format> " +
        "in the integration";
      assert.deepEqual(await call("alertdate='x'\nruleid='5710'\n"), refused(7, line));
    });
    await t.step("JSON that is no alert", async () => {
      const line = "FILE: it is JSON, but not a Wazuh alert: rule.id or id is missing";
      assert.deepEqual(await call('{"hello":"world"}'), refused(7, line));
    });
    await t.step("a directory", async () => {
      const line = "FILE: it is a folder, a pipe or a device, not an alert file";
      assert.deepEqual(await call(undefined, program.alerts), refused(6, line));
    });
    await t.step("not UTF-8 in one field, 1 MiB in another: still an alert", async () => {
      const alert = { ...sshdAlert(), rule_note: "x".repeat(1024 * 1024), broken: "?" };
      const bytes = new TextEncoder().encode(JSON.stringify(alert));
      bytes[bytes.lastIndexOf(0x3f)] = 0xff;
      assert.deepEqual(await call(bytes), { code: 0, stdout: "", stderr: "" });
    });
    await t.step("an array with a bad neighbour loses none of the good", async () => {
      const content = JSON.stringify([sshdAlert(), null, { id: 1 }, sshdAlert()]);
      assert.deepEqual(await call(content), { code: 0, stdout: "", stderr: "" });
    });
    await t.step("all of it shows in status", async () => {
      const { stdout } = await program.run(["status", "--json"]);
      const { alerts } = JSON.parse(stdout) as { alerts: object };
      assert.deepEqual(alerts, {
        accepted: 3,
        duplicate: 0,
        spoofed_srcip: 0,
        ignored: { empty_file: 1, malformed: 3, no_file: 3, not_json: 1, text_format: 1 },
      });
    });
  });

  Deno.test(`${kind}: a pipe, a device and a folder are refused as files of alerts`, async () => {
    await using program = await createProgram(kind);
    const name = "custom-misp_ssh_bruteforce-publish";
    const pipe = `${program.alerts}/pipe.json`;
    const device = `${program.alerts}/device.json.gz`;
    const run = (command: string, ...args: readonly string[]) =>
      new Deno.Command(command, { args: [...args] }).outputSync();
    assert.equal(run("mkfifo", pipe).success, true);
    assert.equal(run("ln", "-s", "/dev/zero", device).success, true);
    const refused = (path: string, what: string) => ({
      code: 6,
      stdout: "",
      stderr: `${name}: ${path}: it is a folder, a pipe or a device, not ${what}\n`,
    });
    for (const path of [pipe, device, program.alerts]) {
      assert.deepEqual(
        await program.run(integratordArgs(path)),
        refused(path, "an alert file"),
      );
      for (const command of ["replay", "follow"]) {
        assert.deepEqual(await program.run([command, path]), refused(path, "a file of alerts"));
      }
    }
  });

  Deno.test(`${kind}: bad arguments and configuration cost one line that says what to do`, async () => {
    await using program = await createProgram(kind);
    const line = async (args: readonly string[], environment?: Record<string, string>) => {
      const { code, stdout, stderr } = await program.run(args, environment);
      assert.match(stderr, /^custom-misp_ssh_bruteforce-publish: [^\n]+\n$/);
      assert.equal(stdout, "");
      return [code, stderr.trim().slice("custom-misp_ssh_bruteforce-publish: ".length)];
    };
    assert.deepEqual(await line(["flsuh"]), [
      2,
      'unknown command "flsuh"; did you mean flush? `custom-misp_ssh_bruteforce-publish help` lists the commands',
    ]);
    assert.deepEqual(await line(["status", "--jsno"]), [
      2,
      "unknown option --jsno; did you mean --json? `help status` lists the options",
    ]);
    assert.deepEqual(await line(["status"], { WM_BUFFER_PERIOD_MINUTES: "soon" }), [
      2,
      'WM_BUFFER_PERIOD_MINUTES is "soon"; allowed is a number from 0 to 1440',
    ]);
    assert.deepEqual(await line(["flush"], { WM_MISP_URL: "https://127.0.0.1" }), [
      2,
      "misp.url is set without a key; put the key into a file that misp.api_key_file names",
    ]);
    const [code, text] = await line(["status", "--config", `${program.alerts}/none.json`]);
    assert.equal(code, 2);
    assert.match(String(text), /^cannot read the configuration file .*none\.json/);
  });

  Deno.test(`${kind}: replay takes arrays, lines, gzip and standard input, each alert once`, async () => {
    await using program = await createProgram(kind);
    const alerts = fixturePaths().map((path) => Deno.readTextFileSync(path).trim());
    const array = `${program.alerts}/array.json`;
    await Deno.writeTextFile(array, `[${alerts.join(",")}]`);
    const gzip = `${program.alerts}/alerts.json.gz`;
    const lines = new Blob([`${alerts.join("\n")}\nnot json\n`]);
    const packed = lines.stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(gzip, packed);
    const replay = async (file: string) => (await program.run(["replay", file])).stdout.trim();
    assert.equal(
      await replay(array),
      "accepted 17, duplicate 0, ignored 1 special_address, 1 host_name, 1 not_honeypot",
    );
    assert.equal(
      await replay(gzip),
      "accepted 0, duplicate 17, ignored 1 special_address, 1 host_name, 1 not_honeypot, 1 not_json",
    );
    const piped = await program.feedInput(["replay", "-"], alerts.join("\n"));
    assert.match(piped.stdout, /^accepted 0, duplicate 17/);
  });

  Deno.test(`${kind}: replay names what it does not understand, and exits with 7`, async () => {
    await using program = await createProgram(kind);
    const file = `${program.alerts}/odd.json`;
    const replay = async (content: string, ...options: readonly string[]) => {
      await Deno.writeTextFile(file, content);
      const { code, stderr } = await program.run(["replay", ...options, file]);
      return [code, stderr];
    };
    const good = JSON.stringify(sshdAlert());
    assert.deepEqual(await replay("garbage"), [7, `${file}: the whole file is not JSON\n`]);
    assert.deepEqual(await replay(`${good}\n{"cut\n{}\n`), [
      7,
      `${file}: line 2 is not JSON\n${file}: line 3 is neither an alert nor a finding\n`,
    ]);
    assert.deepEqual(await replay(`${good}\n${"{}\n".repeat(12)}`, "--dry-run"), [
      7,
      [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
        .map((line) => `${file}: line ${line} is neither an alert nor a finding\n`)
        .join("") + "2 more items were not understood\n",
    ]);
    assert.deepEqual(await replay(`${good}\n`), [0, ""]);
    assert.deepEqual(await replay("\n"), [0, ""]);
  });
}
