import assert from "node:assert/strict";
import fc from "fast-check";
import { type Alert, readAlert } from "../../src/wazuh/alert.ts";
import { readAlertLine } from "../../src/wazuh/alert_line.ts";
import { unwrap } from "../../src/wazuh/shapes.ts";
import { fixturePaths } from "../support/fixtures.ts";
import { hostileName } from "../support/generators.ts";

const SEED = Number(Deno.env.get("FC_SEED") ?? 20261124);
const LINES = fixturePaths().map((path) => Deno.readTextFileSync(path).trimEnd());

/** Everything of an alert that somebody may ask for. */
function whole(alert: Alert): Alert {
  const { key, at, ruleId, techniques, sensor, labels, location, fullLog, previousOutput } = alert;
  const { programName, decoderName, data, claimedSource, integration, sourceLocation } = alert;
  return {
    isFailure: alert.isFailure,
    ...{ agentName: alert.agentName, hostname: alert.hostname },
    ...{ key, at, ruleId, techniques, sensor, labels, location, fullLog, previousOutput },
    ...{ programName, decoderName, data, claimedSource, integration, sourceLocation },
  };
}

/** @returns whether the line was read at all; what is read must be what the parsed line says */
function assertSame(line: string): boolean {
  const read = readAlertLine(line);
  if (read === undefined) return false;
  const value: unknown = JSON.parse(line);
  assert.deepEqual(unwrap(value), [value]);
  const alert = readAlert(value);
  assert.ok(alert !== undefined);
  assert.deepEqual(whole(read), whole(alert), line);
  return true;
}

Deno.test("readAlertLine() reads every alert of the fixtures as the parsed line says", () => {
  assert.equal(LINES.length, 20);
  for (const line of LINES) assert.ok(assertSame(line), line);
});

Deno.test("readAlertLine() reads cluster nodes, labels and escapes", () => {
  const [line = ""] = LINES;
  const changes = [
    line.replace('","full_log"', '","cluster":{"name":"c","node":"worker-2"},"full_log"'),
    line.replace('"ip":"10.20.0.7"', '"ip":"10.20.0.7","labels":{"honeypot":{"type":"x"}}'),
    line.replace('"full_log":"', '"full_log":"\\u00e9\\ud800\\"\\\\\\/\\t'),
    line.replace('"full_log":"', '"full_log":"müller 💥 '),
  ];
  for (const changed of changes) {
    assert.notEqual(changed, line);
    assert.ok(assertSame(changed), changed);
  }
});

Deno.test("readAlertLine() reads the host of syslog without an agent as the parsed line says", () => {
  const line = LINES.find((one) => one.includes('"hostname":"honeypot-fra1"'))!;
  const agentless = line.replace(/"agent":\{.*?\}/, '"agent":{"id":"000","name":"manager-1"}');
  const changes = [
    agentless,
    agentless.replace('"hostname":"honeypot-fra1"', '"hostname":""'),
    agentless.replace('"hostname":"honeypot-fra1"', '"hostname":"MANAGER-1"'),
    agentless.replace(',"hostname":"honeypot-fra1"', ""),
    agentless.replace(',"hostname":"honeypot-fra1"', "")
      .replace(/"location":"[^"]*"/, '"location":"198.51.100.9"'),
    agentless.replace('"name":"manager-1"', '"name":""'),
  ];
  for (const changed of changes) {
    assert.notEqual(changed, line);
    assert.ok(assertSame(changed), changed);
  }
  assert.equal(readAlertLine(agentless)?.sensor.name, "honeypot-fra1");
  const long = agentless.replace('"hostname":"honeypot-fra1"', `"hostname":"${"h".repeat(256)}"`);
  assert.equal(readAlertLine(long), undefined);
});

Deno.test("readAlertLine() takes a rule by its own fields, whatever its description quotes", () => {
  const cowrie = LINES.find((line) => line.includes('"id":"100510"'))!;
  const descriptions = [
    ...["", "x", 'login of \\",\\"id\\":\\"5760\\"', "firedtimes", '\\"firedtimes\\":1,', "müller"],
    ...Array.from({ length: 20 }, (_, index) => `login failed from 198.51.100.${index}`),
  ];
  for (const technique of ["T1110", "T1078"]) {
    for (const description of descriptions) {
      const line = cowrie.replace(/"description":"[^"]*"/, () => `"description":"${description}"`)
        .replace('"mitre":{"id":["T1110"]', `"mitre":{"id":["${technique}"]`);
      assert.ok(assertSame(line), line);
      assert.equal(readAlertLine(line)?.techniques[0]?.id, technique);
    }
  }
});

const LEFT_ALONE: readonly (readonly [what: string, change: (line: string) => string])[] = [
  ["a raw tab in a text", (line) => line.replace('"full_log":"', '"full_log":"\t')],
  ["an escape that JSON has not", (line) => line.replace('"full_log":"', '"full_log":"\\x41')],
  ["a cut line", (line) => line.slice(0, -1)],
  ["two lines in one", (line) => line + line],
  ["a line in a text of another", (line) => line.replace('"full_log":"', `"full_log":"${line}`)],
  ["a space", (line) => line.replace('"agent":', '"agent": ')],
  ["an unknown key", (line) => line.replace('"location":', '"x":1,"location":')],
  ["a second id", (line) => line.replace('"location":', '"id":"7.7","location":')],
  ["a number where a text belongs", (line) => line.replace(/"location":"[^"]*"/, '"location":7')],
  ["an integration's own alert", (line) => line.replace('"data":{', '"data":{"integration":"x",')],
  ["a time that is none", (line) => line.replace("2026-08-23T", "2026-13-23T")],
  ["a number with a zero in front", (line) => line.replace('"firedtimes":', '"firedtimes":0')],
  ["a level with a zero in front", (line) => line.replace('"level":', '"level":0')],
  ["no agent", (line) => line.replace(/"agent":\{.*?\},/, "")],
  ["a broken rule", (line) => line.replace('"mail":false', '"mail":fal')],
];

for (const [what, change] of LEFT_ALONE) {
  Deno.test(`readAlertLine() leaves alone ${what}`, () => {
    const line = LINES.find((one) => one.includes('"data"') && one.includes('"firedtimes":'))!;
    assert.ok(assertSame(line));
    const changed = change(line);
    assert.notEqual(changed, line);
    assert.equal(readAlertLine(changed), undefined);
  });
}

Deno.test("readAlertLine() reads hostile names as the parsed line says", () => {
  let read = 0;
  const property = fc.property(fc.nat(LINES.length - 1), hostileName, (index, name) => {
    const text = JSON.stringify(name).slice(1, -1);
    const line = LINES[index]!.replaceAll(/\b(?:sammy|badguy|warez|root)\b/g, () => text);
    if (assertSame(line)) read++;
  });
  fc.assert(property, { numRuns: 20_000, seed: SEED });
  assert.ok(read > 10_000, `only ${read} were read`);
});

/** Pieces that could make one part of a line look like another. */
const PIECES = [
  ...['"', "\\", "}", "{", ",", ":", "[", "]", "\t", "\n", "\0", "\u2028", "0", "1e3", "null"],
  ...['"}', '{"', '","', '":"', '"},"agent":{"', '},"id":"', '"firedtimes":0', '"firedtimes":'],
  ...[',"id":"7.7"', '"full_log":"x",', '"data":{"srcip":"8.8.8.8"},', '"srcip":"8.8.8.8",'],
  ...['"__proto__":{},', ',"cluster":{"name":"x","node":"y"}', '"location":"x"', "\\u0022", "é"],
  ...['"manager":{"name":"x"},', '"rule":{"id":"5710"},', '"timestamp":"x",', "\\", '\\"'],
];

type Change = readonly [from: number, length: number, piece: string];

function changed(line: string, changes: readonly Change[]): string {
  return changes.reduce((text, [from, length, piece]) => {
    const at = from % (text.length + 1);
    return text.slice(0, at) + piece + text.slice(at + length);
  }, line);
}

Deno.test("readAlertLine() reads damaged lines as the parsed line says, or not at all", () => {
  let read = 0;
  const change: fc.Arbitrary<Change> = fc.tuple(
    fc.nat(2000),
    fc.oneof(fc.constant(0), fc.nat(3), fc.nat(300)),
    fc.oneof(
      fc.constantFrom(...PIECES),
      fc.string({ maxLength: 3 }),
      fc.tuple(fc.constantFrom(...LINES), fc.nat(900), fc.nat(300)).map(([line, from, length]) =>
        line.slice(from, from + length)
      ),
    ),
  );
  const property = fc.property(
    fc.constantFrom(...LINES),
    fc.array(change, { minLength: 1, maxLength: 3 }),
    (line, changes) => {
      if (assertSame(changed(line, changes))) read++;
    },
  );
  fc.assert(property, { numRuns: 100_000, seed: SEED });
  assert.ok(read > 5_000, `only ${read} were read`);
});
