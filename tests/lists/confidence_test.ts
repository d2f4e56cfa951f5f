import assert from "node:assert/strict";
import { type ConfidenceFacts, confidenceOf, confidenceText } from "../../src/confidence.ts";
import { confidenceOfSource } from "../../src/lists/source_confidence.ts";
import { ListRig, rule } from "./rig.ts";

const ONE: ConfidenceFacts = { sensors: 1, days: 1, attempts: 1, gotIn: false };

const CASES: readonly (readonly [facts: Partial<ConfidenceFacts>, text: string])[] = [
  [{}, "40 of 100: attacked a honeypot 40"],
  [{ attempts: 9 }, "40 of 100: attacked a honeypot 40"],
  [{ attempts: 10 }, "45 of 100: attacked a honeypot 40, 10 attempts +5"],
  [{ attempts: 100 }, "50 of 100: attacked a honeypot 40, 100 attempts +10"],
  [{ sensors: 2 }, "50 of 100: attacked a honeypot 40, 2 sensors +10"],
  [{ sensors: 50 }, "60 of 100: attacked a honeypot 40, 50 sensors +20"],
  [{ days: 2 }, "45 of 100: attacked a honeypot 40, 2 days +5"],
  [{ days: 30 }, "60 of 100: attacked a honeypot 40, 30 days +20"],
  [{ gotIn: true }, "45 of 100: attacked a honeypot 40, got in +5"],
  [{ leftPayload: true }, "45 of 100: attacked a honeypot 40, left a file +5"],
  [{ warninglists: 1 }, "10 of 100: attacked a honeypot 40, 1 warning list -30"],
  [{ warninglists: 9 }, "0 of 100: attacked a honeypot 40, 9 warning lists -60"],
  [
    { sensors: 3, days: 5, attempts: 1_000, gotIn: true, leftPayload: true },
    "100 of 100: attacked a honeypot 40, 3 sensors +20, 5 days +20, 1000 attempts +10, got in +5, " +
    "left a file +5",
  ],
  [
    { sensors: 3, days: 2, attempts: 12, warninglists: 1 },
    "40 of 100: attacked a honeypot 40, 3 sensors +20, 2 days +5, 12 attempts +5, " +
    "1 warning list -30",
  ],
];

Deno.test("confidenceOf() adds up what confidenceText() shows", () => {
  for (const [facts, text] of CASES) {
    assert.equal(confidenceText(confidenceOf({ ...ONE, ...facts })), text);
  }
});

Deno.test("confidenceOf() is the table of docs/lists.md", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/lists.md", import.meta.url));
  const section = page.slice(page.indexOf("## Confidence"), page.indexOf("## A firewall set"));
  const rows = section.matchAll(/^\| (\w[^|]*?) +\| ([+-−]?\d+) +\|/gm).map(([, what, points]) =>
    `${what} ${points}`
  );
  assert.deepEqual([...rows], [
    "It attacked a honeypot 40",
    "Each further honeypot 10",
    "Each further day 5",
    "10 attempts or more 5",
    "100 attempts or more 10",
    "It got in 5",
    "It left a file 5",
    "Each warning list -30",
  ]);
});

Deno.test("confidenceOfSource() is what lists show of a source", async () => {
  using rig = new ListRig();
  await rig.attack(["192.0.2.7"], { time: "2026-08-20T06:00:00.000+0000" });
  await rig.attack(Array<string>(12).fill("192.0.2.7"), { agent: "honeypot-ams2", agentId: "8" });
  await rig.write([rule("all", { format: "cdb" })]);
  const { views } = rig.buffer;
  const source = (await views.source("192.0.2.7"))!;
  const text = (warninglists: number) => confidenceText(confidenceOfSource(source, warninglists));
  assert.equal(
    text(0),
    "60 of 100: attacked a honeypot 40, 2 sensors +10, 2 days +5, 13 attempts +5",
  );
  assert.equal(rig.text("all"), "192.0.2.7:60\n");
  assert.match(text(1), /^30 of 100: .*, 1 warning list -30$/);
});
