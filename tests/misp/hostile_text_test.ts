import assert from "node:assert/strict";
import type { SourceRecord } from "../../src/model.ts";
import { buildEvent, type EventRules } from "../../src/misp/event.ts";
import { sightingsOf } from "../../src/misp/sightings.ts";
import { notesOf, record, report, startRig, TAGS } from "./rest_sink_rig.ts";

const SOURCE = "198.51.100.7";
const LONG = "x".repeat(70_000);

/** What MISP answers 500 to, stores as a question mark, or passes on to a browser or a terminal. */
const HOSTILE: readonly string[] = [
  "pile of 💩",
  "nul \0 bell \x07 escape \x1b[31m delete \x7f",
  "next line \x85 lines \u2028 and \u2029",
  "turned \u202e round",
  "half a pair \ud83d",
  "line\r\nbreak",
  LONG,
  `${"é".repeat(40_000)}💩`,
];

const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202e\u{10000}-\u{10ffff}]/u;

/** Every text in a body, with the keys that lead to it. */
function* textsIn(value: unknown, path = ""): Generator<readonly [string, string]> {
  if (typeof value === "string") yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, `${path}.${key}`);
}

function hostileRecord(text: string): SourceRecord {
  const seen = { firstSeen: Date.UTC(2026, 10, 23), lastSeen: Date.UTC(2026, 10, 23, 7) };
  return {
    ...record(3, SOURCE),
    reports: 2,
    usernames: { [text]: 3, root: 1 },
    passwords: { [text]: 2 },
    sensors: [{ sensor: `007@${text}`, name: text, alerts: 3, ...seen }],
    techniques: [{ id: "T1110.001", name: text }],
    publisher: text,
  };
}

const RULES: EventRules = {
  distribution: 0,
  threatLevel: 3,
  analysis: 0,
  tags: ["tlp:green"],
  usernames: "all",
  sensorNames: "name",
  passwords: true,
};

const FACTS = (text: string) => ({
  verdict: { action: "no_ids" as const, lists: [text], tags: [] },
  location: { country: text, city: text, region: text, organisation: text, asn: 64_500 },
});

for (const [index, text] of HOSTILE.entries()) {
  Deno.test(`deliver() hands MISP nothing raw of hostile text ${index} in any field`, async () => {
    await using rig = await startRig({ tags: TAGS });
    const record = hostileRecord(text);
    const event = buildEvent(record, RULES, FACTS(text));
    const sightings = sightingsOf(record, record.sensors, RULES);
    const [outcome] = await rig.deliver(report(3, { body: JSON.stringify(event), sightings }));
    assert.equal(outcome?.kind, "delivered", JSON.stringify(outcome).slice(0, 300));
    const bodies = rig.misp.requests.flatMap(({ body }) => body ?? []);
    assert.equal(bodies.length, 3);
    const texts = bodies.flatMap((body) => [...textsIn(body)]);
    assert.equal(texts.filter(([path]) => path.endsWith(".content")).length, 1);
    for (const [path, sent] of texts) {
      const isReport = path.endsWith(".content");
      const lines = isReport ? sent.split("\n") : [sent];
      for (const line of lines) assert.doesNotMatch(line, FORBIDDEN, path);
      const bytes = new TextEncoder().encode(sent).length;
      assert.ok(bytes <= (isReport ? 256 * 1024 : 1000), `${path} is ${bytes} bytes long`);
    }
    assert.equal(rig.misp.sightings().length, 1);
  });
}

Deno.test("deliver() of hostile text leaves out no tag but what the instance lacks", async () => {
  await using rig = await startRig({ tags: TAGS });
  const event = buildEvent(hostileRecord("💩"), RULES, FACTS("💩"));
  assert.deepEqual(notesOf(await rig.deliver(report(3, { body: JSON.stringify(event) }))), [
    "MISP does not have these tags and the key's role may not create them: " +
    'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"',
  ]);
});
