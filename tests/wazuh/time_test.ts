import assert from "node:assert/strict";
import { parseTimestamp } from "../../src/wazuh/time.ts";

const iso = (text: unknown) => {
  const at = parseTimestamp(text);
  return at === undefined ? undefined : new Date(at).toISOString();
};

Deno.test("parseTimestamp() reads an offset without a colon", () => {
  assert.equal(iso("2026-08-23T06:14:07.412+0000"), "2026-08-23T06:14:07.412Z");
  assert.equal(iso("2026-08-23T06:31:44.318+0200"), "2026-08-23T04:31:44.318Z");
  assert.equal(iso("2026-01-01T00:00:00.000-0330"), "2026-01-01T03:30:00.000Z");
});

Deno.test("parseTimestamp() reads the other ISO forms", () => {
  assert.equal(iso("2026-08-23T06:14:07Z"), "2026-08-23T06:14:07.000Z");
  assert.equal(iso("2026-08-23T06:14:07.123456+02:00"), "2026-08-23T04:14:07.123Z");
  assert.equal(iso("2026-08-23T06:14:07"), "2026-08-23T06:14:07.000Z");
});

Deno.test("parseTimestamp() refuses what is no time", () => {
  const junk = ["", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z"];
  for (const text of [...junk, 1787465647, null, undefined, {}, "2026-08-23T25:00:00Z"]) {
    assert.equal(parseTimestamp(text), undefined);
  }
});

Deno.test("parseTimestamp() believes no offset beyond 18 hours", () => {
  assert.equal(iso("2026-08-23T06:14:07.412+1800"), "2026-08-22T12:14:07.412Z");
  assert.equal(iso("2026-08-23T06:14:07.412-1800"), "2026-08-24T00:14:07.412Z");
  for (const offset of ["+1801", "-1801", "+9959", "-9959", "+18:01", "-99:59"]) {
    assert.equal(iso(`2026-08-23T06:14:07.412${offset}`), undefined, offset);
  }
});
