import assert from "node:assert/strict";
import type { ReportRow } from "../../src/buffer/reports.ts";
import { listText, rowJson, showText } from "../../src/cli/commands/report/report_text.ts";
import { NO_TERMINAL, screenJson } from "../../src/cli/terminal/screen.ts";

const screen = (columns: number) => ({ columns, isColoured: false });

const ROW: ReportRow = {
  uuid: "11111111-1111-5111-8111-111111111111",
  sink: "misp",
  sourceIp: "82.202.219.155",
  eventUuid: "22222222-2222-5222-8222-222222222222",
  state: "refused",
  attempts: 7,
  snapshotAt: Date.UTC(2026, 7, 23, 6, 14, 7, 412),
  tries: 1,
  nextTryAt: undefined,
  lastTriedAt: Date.UTC(2026, 7, 23, 6, 20),
  lastError: "no right to add events",
};
const WAITING: ReportRow = {
  ...ROW,
  sourceIp: "2001:db8:bad:cafe::17",
  state: "pending",
  tries: 0,
  nextTryAt: Date.UTC(2026, 7, 23, 7),
  lastTriedAt: undefined,
  lastError: undefined,
};
const DRIVING = 'user "\x1b]0;owned\x07\x9b2J\r\n\u202e" is too long';

Deno.test("listText() shows a table, and reasons in full where they fit", () => {
  const counts = { refused: 1, pending: 1, delivered: 0 };
  assert.equal(
    listText({ rows: [ROW, WAITING], counts }, screen(120)),
    [
      "source                 sink  state    attempts  tries  next try or end       reason",
      "82.202.219.155         misp  refused  7         1      2026-08-23 06:20:00Z  no right to add events",
      "2001:db8:bad:cafe::17  misp  waiting  7         0      2026-08-23 07:00:00Z",
    ].join("\n"),
  );
});

Deno.test("listText() gives a narrow terminal fewer columns, and never more than it has", () => {
  const rows = [{ ...ROW, lastError: "𝄞".repeat(200) }, WAITING];
  const counts = { refused: 1, pending: 12, delivered: 0 };
  for (const columns of [200, 120, 100, 80, 60, 40, 20, 1]) {
    const lines = listText({ rows, counts }, screen(columns)).split("\n");
    for (const line of lines) assert.ok([...line].length <= columns, `${columns}: ${line}`);
  }
  const head = (columns: number) => listText({ rows, counts }, screen(columns)).split("\n")[0];
  assert.match(
    head(120)!,
    /^source {17}sink {2}state {4}attempts {2}tries {2}next try or end {7}re/,
  );
  assert.match(head(80)!, /^source {17}sink {2}state {4}next\/end {5}reason$/);
  assert.match(head(60)!, /^source {17}state {4}reason$/);
  assert.match(listText({ rows, counts }, screen(60)), / 𝄞+…$/mu);
});

Deno.test("listText() cuts nothing where there is no terminal", () => {
  const lastError = "x".repeat(500);
  const counts = { refused: 1, pending: 0, delivered: 0 };
  assert.match(listText({ rows: [{ ...ROW, lastError }], counts }, NO_TERMINAL), / x{500}$/);
});

Deno.test("listText() shows what was refused in red where there are colours", () => {
  const coloured = { columns: 120, isColoured: true };
  const counts = { refused: 1, pending: 1, delivered: 0 };
  const lines = listText({ rows: [ROW, WAITING], counts }, coloured).split("\n");
  assert.deepEqual(lines.map((line) => line.startsWith("\x1b[31m")), [false, true, false]);
});

Deno.test("listText() says how many it leaves out, and when there is nothing", () => {
  const counts = { refused: 3, pending: 1, delivered: 60 };
  assert.deepEqual(listText({ rows: [ROW, WAITING], counts }, screen(100)).split("\n").slice(3), [
    "2 more refused: --all lists them",
    "60 more delivered: --all lists them",
  ]);
  assert.equal(
    listText({ rows: [], counts: { refused: 0, pending: 0, delivered: 0 } }, screen(100)),
    "no reports",
  );
});

Deno.test("showText() shows all that is known, and the event as it is sent", () => {
  assert.equal(
    showText([{ row: ROW, body: '{"info":"x"}' }]),
    `report     11111111-1111-5111-8111-111111111111
event      22222222-2222-5222-8222-222222222222
source     82.202.219.155
sink       misp
state      refused
attempts   7
snapshot   2026-08-23T06:14:07.412Z
tries      1
last try   2026-08-23T06:20:00.000Z
reason     no right to add events

{
  "info": "x"
}`,
  );
});

Deno.test("showText() shows one event for all sinks, and says when it is not kept", () => {
  const feed: ReportRow = { ...ROW, sink: "feed", state: "delivered", lastError: undefined };
  const both = showText([{ row: ROW, body: '{"info":"x"}' }, { row: feed, body: undefined }]);
  assert.equal(both.match(/"info"/g)?.length, 1);
  assert.match(both, /^delivered {2}2026-08-23T06:20:00\.000Z$/m);
  assert.match(
    showText([{ row: feed, body: undefined }]),
    /was delivered, and is no longer kept here/,
  );
});

Deno.test("listText() and showText() let nothing that an attacker wrote drive the terminal", () => {
  const row = { ...ROW, lastError: DRIVING };
  const body = JSON.stringify({ content: DRIVING });
  const shown = [
    listText({ rows: [row], counts: { refused: 1, pending: 0, delivered: 0 } }, screen(1000)),
    showText([{ row, body }]),
    screenJson([rowJson(row)]),
  ];
  for (const text of shown) {
    // deno-lint-ignore no-control-regex -- they are what is looked for
    assert.doesNotMatch(text.replaceAll("\n", ""), /[\u0000-\u001f\u007f-\u009f\u202e]/);
    assert.match(text, /\\u001b\]0;owned\\u0007\\u009b2J/);
  }
  assert.equal(shown[0]!.split("\n").length, 2);
});

Deno.test("screenJson() means the same after it was made harmless", () => {
  assert.deepEqual(JSON.parse(screenJson({ a: [DRIVING, "\u2028\\u009b"] })), {
    a: [DRIVING, "\u2028\\u009b"],
  });
});
