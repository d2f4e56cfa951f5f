import assert from "node:assert/strict";
import { checkQueue } from "../../src/cli/commands/doctor/misp.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const QUEUED = [{ uuid: "a", at: NOON }, { uuid: "b", at: NOON + MINUTE }];

Deno.test("checkQueue() warns once events are queued for ten minutes", () => {
  assert.deepEqual(checkQueue([], NOON), []);
  assert.deepEqual(checkQueue(QUEUED, NOON + 9 * MINUTE), []);
  assert.deepEqual(checkQueue(QUEUED, NOON + 10 * MINUTE), [{
    name: "publication",
    state: "warning",
    found: "2 events queued since 2026-11-23T12:00:00.000Z, and not published yet",
    hint: "see in MISP whether its workers run (Administration > Server Settings > Workers)",
  }]);
});
