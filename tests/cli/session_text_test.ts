import assert from "node:assert/strict";
import { sessionLines, sessionsJson } from "../../src/cli/commands/looking/session_text.ts";
import { HASHES, SESSION } from "../support/session_evidence.ts";

Deno.test("sessionLines() says what a source did at a decoy, and that it logged in there", () => {
  assert.deepEqual(sessionLines(undefined), []);
  assert.deepEqual(sessionLines({ totals: SESSION.totals, items: SESSION.items }).slice(0, 4), [
    "3 sessions, logged in to the decoy in 2",
    "       3  hassh 0a07365cc01fa9fc82608ba4019af499",
    "       3  version SSH-2.0-Go",
    "       4  command uname -a",
  ]);
  const many = {
    totals: SESSION.totals,
    items: [...SESSION.items, ...SESSION.items, ...SESSION.items],
  };
  assert.equal(sessionLines(many).at(-1), "10 more items; --json lists them");
});

Deno.test("sessionsJson() has each item with its times", () => {
  assert.equal(sessionsJson(undefined), null);
  const found = sessionsJson(SESSION);
  assert.deepEqual([found?.sessions, found?.logged_in_to_decoy, found?.longest_seconds], [
    3,
    2,
    12.345,
  ]);
  assert.deepEqual(found?.items.find(({ value }) => value === HASHES[0]), {
    ...{ kind: "payload", value: HASHES[0], times: 1000 },
    ...{ first_seen: "2026-08-23T06:10:00.000Z", last_seen: "2026-08-23T06:11:00.000Z" },
    ...{ names: ["bot.sh", "x"], urls: ["http://203.0.113.9/bot.sh"] },
  });
});
