import assert from "node:assert/strict";
import { buildEvent } from "../../src/misp/event.ts";
import { mergeSessions } from "../../src/publish/session_record.ts";
import {
  mergeDetail,
  NO_SESSIONS,
  type PayloadUrl,
  type SeenItem,
  type SessionEvidence,
  timesOf,
} from "../../src/session_evidence.ts";
import { RULES } from "../misp/rest_sink_rig.ts";
import { seenItem, SESSION_AT } from "../support/session_evidence.ts";
import { shuffled } from "../support/shuffled.ts";
import { sourceRecord } from "../support/source_record.ts";

/** What a source has after one more attack. */
function after(before: SessionEvidence | undefined, items: readonly SeenItem[]) {
  const attack = { rows: [], counted: NO_SESSIONS, items, further: {} };
  const moment = { openedAt: 0, overBefore: 0, reports: before === undefined ? 0 : 1 };
  return mergeSessions(before, attack, undefined, moment).session!;
}

/** So many files, or keys, each seen `count` times. */
const some = (kind: "payload" | "key" | "url", from: number, to: number, count: number) =>
  Array.from({ length: to - from }, (_, at) => {
    const number = from + at;
    const value = kind === "url"
      ? `http://203.0.113.5/${number}`
      : `${kind === "key" ? "SHA256:" : ""}${number.toString(16).padStart(64, "0")}`;
    const seen = SESSION_AT + number;
    return seenItem({ kind, value, count, firstSeen: seen, lastSeen: seen });
  });

/** The attributes of an event that are for detection. */
const offered = (session: SessionEvidence, retractedAt?: number) => {
  const { Attribute, Object } = buildEvent(sourceRecord({ session, retractedAt }), RULES);
  return [...Attribute, ...Object.flatMap((object) => object.Attribute)]
    .filter(({ to_ids, type }) => to_ids && type !== "ip-src").map(({ uuid }) => uuid);
};

const all = (session: SessionEvidence) => {
  const { Attribute, Object } = buildEvent(sourceRecord({ session }), RULES);
  return new Set([...Attribute, ...Object.flatMap((one) => one.Attribute)].map(({ uuid }) => uuid));
};

for (const [kind, most] of [["payload", 50], ["url", 50], ["key", 50]] as const) {
  Deno.test(`mergeSessions() keeps each ${kind} that was published, so that it can be withdrawn`, () => {
    const first = after(undefined, some(kind, 0, 60, 1));
    const published = offered(first);
    assert.equal(published.length, most);
    // They came earlier and more often, and were handed over later.
    const second = after(first, [
      ...some(kind, 1_000, 1_060, 5),
      ...some(kind, -60, 0, 5),
    ]);
    const parts = all(second);
    assert.deepEqual(published.filter((uuid) => !parts.has(uuid)), []);
    assert.equal(timesOf(second, kind), 60 + 60 * 5 + 60 * 5);
    assert.deepEqual(offered(second, SESSION_AT), []);
  });
}

const urls = (from: number, to: number): readonly PayloadUrl[] =>
  Array.from({ length: to - from }, (_, at) => ({
    url: `http://203.0.113.${(from + at) * 7 % 60}/x`,
    firstSeen: SESSION_AT + from + at,
  }));

Deno.test("mergeDetail() keeps the twenty earliest addresses of a file, in any order, and says that there were more", () => {
  for (const seed of [1, 2, 3]) {
    const merged = shuffled(urls(0, 30), seed)
      .reduce(
        (sum, url) => mergeDetail(sum, { urls: [url] }),
        {} as ReturnType<typeof mergeDetail>,
      );
    assert.deepEqual(merged, { urls: urls(0, 20), hasMoreUrls: true });
  }
  assert.deepEqual(mergeDetail({ urls: urls(0, 10) }, { urls: urls(5, 20) }), {
    urls: urls(0, 20),
  });
});

Deno.test("mergeSessions() keeps each address of a file that was published", () => {
  const file = (
    urls: readonly PayloadUrl[],
  ) => [seenItem({ kind: "payload", urls, value: "a".repeat(64) })];
  const first = after(undefined, file(urls(20, 35)));
  const published = offered(first);
  assert.equal(published.length, 16);
  const second = after(first, file(urls(0, 20)));
  const parts = all(second);
  assert.deepEqual(published.filter((uuid) => !parts.has(uuid)), []);
  assert.deepEqual(second.items.map(({ urls, hasMoreUrls }) => [urls?.length, hasMoreUrls]), [
    [20, true],
  ]);
});
