/** What views leave out: sources that were taken back, and those that must not be shown. */
import assert from "node:assert/strict";
import type { Buffer } from "../../src/buffer/buffer.ts";
import type { SourceQuery } from "../../src/buffer/sources.ts";
import type { Standing } from "../../src/guard/standing.ts";
import type { SourceRecord } from "../../src/model.ts";
import { attempted } from "../support/page_scene.ts";
import { eachEngine, MINUTE, type Open, snapshotAll, START } from "./sqlite_rig.ts";

/** By how much they tried: the first one tried most. */
const SOURCES = [
  ...["refused", "dropped", "in", "flagged", "withdrawn", "expired", "back", "usual"] as const,
];
type Name = typeof SOURCES[number];
const ipOf = (name: Name) => `192.0.2.${SOURCES.indexOf(name) + 1}`;
const nameOf = (ip: string) => SOURCES[Number(ip.split(".")[3]) - 1]!;
const STANDINGS: Readonly<Partial<Record<Name, Standing>>> = {
  ...{ refused: "refused", dropped: "dropped", in: "dropped", flagged: "flagged" },
};
const standing = (ip: string) => STANDINGS[nameOf(ip)] ?? "offered";

async function attack(buffer: Buffer, name: Name, count: number): Promise<void> {
  const decisions = Array.from({ length: count }, (_, pid) => {
    const one = { source: ipOf(name), pid: pid + count * 100, isCompromise: name === "in" };
    return attempted(one, START);
  });
  await buffer.intake.accept(decisions, { maxUsernames: 100 }, START);
}

const changed = (change: Partial<SourceRecord>) => (record: SourceRecord) => ({
  ...{ record: { ...record, ...change }, reports: [], compacted: [], activity: [] },
});

/** All of them reported; `back` attacks again. */
async function filled(open: Open): Promise<Buffer> {
  const buffer = open();
  for (const [at, name] of SOURCES.entries()) await attack(buffer, name, 20 - 2 * at);
  await snapshotAll(buffer, START);
  const change = (name: Name, to: Partial<SourceRecord>) =>
    buffer.outbox.republish(ipOf(name), START, changed(to));
  await change("withdrawn", { retractedAt: START });
  await change("expired", { expiredAt: START });
  await change("back", { expiredAt: START });
  await attack(buffer, "back", 1);
  return buffer;
}

const ASKED: readonly (readonly [what: string, Partial<SourceQuery>, Name[]])[] = [
  ["nobody asks for a standing", {}, [...SOURCES]],
  ["pages", { standing }, ["in", "flagged", "withdrawn", "expired", "back", "usual"]],
  ["programs", { standing, isOffered: true }, ["back", "usual"]],
  ["expired ones are asked for", { standing, state: "expired" }, ["expired"]],
  ["withdrawn ones are asked for", { standing, state: "withdrawn" }, ["withdrawn"]],
  ["expired ones, wherever they are", { standing, state: "expired", order: "last_seen" }, [
    "expired",
  ]],
];

for (const [what, query, expected] of ASKED) {
  eachEngine(`sources() has the sources that belong there: ${what}`, async (open) => {
    using buffer = await filled(open);
    const { rows } = await buffer.views.sources({ order: "attempts", most: 20, ...query });
    assert.deepEqual(rows.map(({ sourceIp }) => nameOf(sourceIp)), expected);
    // However few are shown at a time.
    const found: Name[] = [];
    for await (const part of buffer.views.sourceParts({ order: "attempts", ...query }, 20)) {
      found.push(...part.rows.map(({ sourceIp }) => nameOf(sourceIp)));
    }
    assert.deepEqual(found, expected);
  });
}

eachEngine(
  "rankings() and overview() rank no source that was taken back or is hidden",
  async (open) => {
    using buffer = await filled(open);
    const ranked = async (isWhole: boolean, of?: typeof standing) => {
      const found = await buffer.views.rankings(
        ["source"],
        "month",
        START + MINUTE,
        20,
        isWhole,
        of,
      );
      return found.rankings[0]!.rows.map(({ name }) => nameOf(name));
    };
    const all = SOURCES.filter((name) => name !== "withdrawn" && name !== "expired");
    const shown: readonly Name[] = ["flagged", "back", "usual"];
    for (const isWhole of [false, true]) {
      assert.deepEqual(await ranked(isWhole), all);
      assert.deepEqual(await ranked(isWhole, standing), shown);
    }
    const { sources, rankings } = await buffer.views.overview(START + MINUTE, "day", standing);
    assert.deepEqual(sources.map(({ sourceIp }) => nameOf(sourceIp)), shown);
    // What they tried counts all the same.
    const [users] = rankings.filter(({ kind }) => kind === "username");
    assert.equal(users!.rows[0]!.attempts, 20 + 18 + 16 + 14 + 12 + 10 + 8 + 6 + 1);
  },
);
