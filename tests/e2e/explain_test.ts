/**
 * `explain`, for every form of file.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- tests look for what drives a terminal
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, KINDS } from "./program.ts";

const SOURCE = "192.0.2.7";
const said = (name: string) => `Failed password for ${name} from ${SOURCE} port 4711 ssh2`;
const LAB = { WM_GUARD_PUBLISH_PRIVATE: "true" };

function alerts() {
  const good = sshdAlert({ id: "1787465647.1", message: said("root") });
  return {
    good,
    forged: {
      ...sshdAlert({ id: "1787465647.2", message: said("root from 8.8.8.8") }),
      data: { srcip: "8.8.8.8" },
    },
    other: sshdAlert({ id: "1787465647.3", rule: "5402" }),
    office: sshdAlert({ id: "1787465647.4", agent: "office-1" }),
  };
}

for (const kind of KINDS) {
  Deno.test(`${kind}: explain says of each alert what it counts, or why not and what to change`, async () => {
    await using program = await createProgram(kind);
    const { good, forged, other, office } = alerts();
    const file = `${program.alerts}/a.json`;
    const lines = [good, forged, other, office].map((one) => JSON.stringify(one));
    await Deno.writeTextFile(file, `${lines.join("\n")}\n\nnonsense\n`);
    const { code, stdout, stderr } = await program.run(["explain", file], LAB);
    assert.deepEqual([code, stderr], [7, `${file}: line 6 is not JSON\n`]);
    const name = file.length <= 40 ? file : `…${file.slice(-39)}`;
    assert.equal(
      stdout,
      `${name}, line 1: counts
  alert 1787465647.1, 2026-08-23T06:14:07.412Z, rule 5760
  sensor "honeypot-fra1" (007), location journald
  192.0.2.7 from full_log: counts 1 of class sshd, a guess that the server
    logged, user "root"

${name}, line 2: counts
  alert 1787465647.2, 2026-08-23T06:14:07.412Z, rule 5760
  sensor "honeypot-fra1" (007), location journald
  192.0.2.7 from full_log: counts 1 of class sshd, a guess that the server
    logged, user "root from 8.8.8.8"
  Wazuh read "8.8.8.8" as the source; the server wrote another one

${name}, line 3: ignored, other_rule
  alert 1787465647.3, 2026-08-23T06:14:07.412Z, rule 5402
  sensor "honeypot-fra1" (007), location journald
  because rule 5402 is not one that is read
  -> add it to rules.ids if it reports logins at a honeypot

${name}, line 4: ignored, not_honeypot
  alert 1787465647.4, 2026-08-23T06:14:07.412Z, rule 5760
  sensor "office-1" (007), location journald
  because the sensor "office-1" is not a honeypot
  -> if it is one, add its agent to honeypot.agent_prefixes or
    honeypot.agent_labels, or its host to honeypot.hostnames, or the location to
    honeypot.locations

${name}, line 6: ignored, not_json
  because it is not JSON
  -> repair that place, or take the alert from alerts.json

5 items: 2 count, ignored 1 other_rule, 1 not_honeypot, 1 not_json
`,
    );
    assert.deepEqual([...Deno.readDirSync(`${program.root}/queue/custom-misp`)], []);
  });

  Deno.test(`${kind}: explain --json prints an object a line for each alert`, async () => {
    await using program = await createProgram(kind);
    const { good, office } = alerts();
    const file = `${program.alerts}/a.json`;
    await Deno.writeTextFile(file, JSON.stringify([good, office]));
    const { code, stdout } = await program.run(["explain", "--json", file]);
    assert.equal(code, 0);
    const common = {
      file,
      kind: "alert",
      manager: "wazuh-manager-01",
      time: "2026-08-23T06:14:07.412Z",
      rule: "5760",
      location: "journald",
      outcome: "ignored",
      spoofed_srcip: false,
      session: null,
      attempts: [],
    };
    assert.deepEqual(stdout.trimEnd().split("\n").map((line) => JSON.parse(line)), [
      {
        ...common,
        where: "item 1",
        id: "1787465647.1",
        sensor: { id: "007", name: "honeypot-fra1" },
        reason: "special_address",
        why: "192.0.2.7 is private or special",
        change: "nothing; in a lab set guard.publish_private",
      },
      {
        ...common,
        where: "item 2",
        id: "1787465647.4",
        sensor: { id: "007", name: "office-1" },
        reason: "not_honeypot",
        why: 'the sensor "office-1" is not a honeypot',
        change:
          "if it is one, add its agent to honeypot.agent_prefixes or honeypot.agent_labels, or its " +
          "host to honeypot.hostnames, or the location to honeypot.locations",
      },
    ]);
    const lab = await program.run(["explain", "--json", file], LAB);
    assert.deepEqual(JSON.parse(lab.stdout.split("\n")[0]!).attempts, [{
      source: SOURCE,
      read_from: "full_log",
      evidence: "sshd",
      count: 1,
      service: "ssh",
      username: "root",
      login: false,
    }]);
  });

  Deno.test(`${kind}: explain reads every form that replay reads`, async () => {
    await using program = await createProgram(kind);
    const { good } = alerts();
    const text = JSON.stringify(good);
    const pretty = JSON.stringify(good, undefined, 2);
    const utf8 = new TextEncoder();
    const utf16 = Uint8Array.from(`\ufeff${text}`, (unit) => unit.charCodeAt(0) & 255);
    const wide = new Uint8Array(2 * (text.length + 1));
    wide.set([0xff, 0xfe]);
    utf16.forEach((byte, at) => at > 0 && (wide[2 * at] = byte));
    const forms: Readonly<Record<string, Uint8Array>> = {
      value: utf8.encode(pretty),
      lines: utf8.encode(`${text}\n${text}\n`),
      array: utf8.encode(JSON.stringify([good, good])),
      values: utf8.encode(`${pretty}\n${pretty}\n`),
      gzip: gzipSync(`${text}\n${text}\n`),
      "UTF-16": wide,
    };
    for (const [form, bytes] of Object.entries(forms)) {
      const file = `${program.alerts}/form`;
      await Deno.writeFile(file, bytes);
      const { code, stdout } = await program.run(["explain", file], LAB);
      const count = ["value", "UTF-16"].includes(form) ? "1 item: 1 counts" : "2 items: 2 count";
      assert.deepEqual(
        [code, stdout.trimEnd().split("\n").at(-1)],
        [0, `${count}, ignored 0`],
        form,
      );
    }
    const { code, stdout } = await program.feedInput(["explain", "-"], `${text}\n`);
    assert.equal(code, 0);
    assert.match(stdout, /^-, line 1: ignored, special_address\n/);
  });

  Deno.test(`${kind}: explain prints hostile names on lines of 80 columns, and drives no terminal`, async () => {
    await using program = await createProgram(kind);
    const name = `\x1b]0;x\x07\x1b[2J\u202e${"長い".repeat(40)}\r\nroot`;
    const alert = {
      ...sshdAlert({ agent: `honeypot-${name}`, location: name, rule: name }),
      id: name,
      decoder: { name },
      predecoder: { program_name: name },
      data: { srcip: name },
    };
    const escaped = sshdAlert({ message: said("\\033[2J\\303\\274".repeat(20)) });
    const { code, stdout } = await program.feedInput(
      ["explain", "-"],
      [alert, { ...alert, rule: { id: "5760" } }, escaped].map((one) => JSON.stringify(one)).join(
        "\n",
      ),
    );
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    const columns = (line: string) =>
      [...line].reduce((sum, one) => sum + (/[長い]/.test(one) ? 2 : 1), 0);
    assert.deepEqual(stdout.split("\n").filter((line) => columns(line) > 80), []);
  });

  Deno.test(`${kind}: explain refuses what it cannot read with a line and a code`, async () => {
    await using program = await createProgram(kind);
    const none = await program.run(["explain"]);
    assert.deepEqual([none.code, none.stderr.split(": ")[1]], [
      2,
      "explain needs files of alerts, or - for standard input\n",
    ]);
    assert.equal((await program.run(["explain", `${program.alerts}/none`])).code, 6);
    const file = `${program.alerts}/cut.gz`;
    const lines = Array.from({ length: 50 }, () => `${JSON.stringify(sshdAlert())}\n`).join("");
    await Deno.writeFile(file, gzipSync(lines).slice(0, -30));
    const cut = await program.run(["explain", file]);
    assert.equal(cut.code, 7);
    assert.match(cut.stdout, /line 1: counts/);
    assert.match(cut.stderr, /ends in damaged data; the alerts before it were read/);
  });
}
