import assert from "node:assert/strict";
import { SOURCE_CSV_HEAD, sourceCsv, sourceJson, stateOf } from "../../src/lists/source_rows.ts";
import type { ReportState } from "../../src/buffer/reports.ts";
import type { SourceRow } from "../../src/buffer/sources.ts";
import type { Rankings } from "../../src/buffer/rankings.ts";
import type { SourceView } from "../../src/buffer/views.ts";
import { listText } from "../../src/cli/commands/looking/list_text.ts";
import { shownJson, shownText } from "../../src/cli/commands/looking/source_text.ts";
import { rankingsJson, rankingsText } from "../../src/cli/commands/looking/top.ts";
import { Failure } from "../../src/cli/exit.ts";
import { bar } from "../../src/cli/terminal/bars.ts";
import { NO_TERMINAL, widthOf } from "../../src/cli/terminal/screen.ts";
import { timeOf } from "../../src/cli/terminal/times.ts";

const NOW = Date.UTC(2026, 10, 23, 14, 7, 20);
const HOUR = 3_600_000;
const HOSTILE = "\x1b[31mred\u202e\nAS0";

const ROW: SourceRow = {
  sourceIp: "2001:db8:1111:2222:3333:4444:5555:6666",
  attempts: { value: 1234, isMore: false },
  alerts: 1300,
  firstSeen: NOW - 5 * HOUR,
  lastSeen: NOW - 60_000,
  sourceLocation: { countryCode: "NL", asn: 64500, organisation: HOSTILE },
  compromisedAt: NOW - 2 * HOUR,
  retractedAt: undefined,
  openedAt: NOW - HOUR,
  eventUuid: "22222222-2222-5222-8222-222222222222",
  deliveredTo: ["misp", "feed"],
  sensorCount: 3,
  dayCount: 2,
  leftPayload: false,
  reports: [],
};

const report = (state: ReportState) => ({
  ...{ uuid: "u", sink: "misp" as const, sourceIp: "", eventUuid: "", state, attempts: 1 },
  ...{ snapshotAt: NOW, tries: 1, nextTryAt: NOW, lastTriedAt: NOW, lastError: undefined },
});

const VIEW: SourceView = {
  ...ROW,
  reports: [{ ...report("refused"), lastError: `no right ${HOSTILE}` }],
  usernames: [{ text: HOSTILE, attempts: 900 }, { text: "root", attempts: 3 }],
  distinctUsernames: 14,
  furtherUsernames: 7,
  sensors: [{ sensor: "1@m", name: HOSTILE, alerts: 9, firstSeen: NOW, lastSeen: NOW }],
  techniques: [{ id: "T1110.001", name: "Password Guessing" }],
};

const HISTORY = {
  since: 0,
  stepMs: HOUR,
  rows: [
    { at: Date.UTC(2026, 10, 23, 10), attempts: 40 },
    { at: Date.UTC(2026, 10, 23, 12), attempts: 10 },
  ],
};

// deno-lint-ignore no-control-regex -- they are what is looked for
const isClean = (text: string) => !/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text);

Deno.test("stateOf() says the worst of what is known", () => {
  const state = (changes: Partial<SourceRow>) =>
    stateOf({ ...ROW, openedAt: undefined, deliveredTo: [], ...changes });
  assert.deepEqual(
    [
      state({ reports: [report("refused")], retractedAt: NOW }),
      state({ retractedAt: NOW, reports: [report("pending")] }),
      state({ reports: [report("pending")], openedAt: NOW }),
      state({ reports: [report("delivered"), report("refused")], openedAt: NOW }),
      state({ reports: [report("pending")], expiredAt: NOW }),
      state({ expiredAt: NOW, openedAt: NOW }),
      state({ deliveredTo: ["feed"], expiredAt: NOW }),
      state({ deliveredTo: ["feed"] }),
      state({}),
    ],
    [
      ...["refused", "withdrawn", "waiting", "open", "waiting", "open", "expired", "delivered"],
      "none",
    ],
  );
});

Deno.test("sourceJson() has ISO times, and sourceCsv() the same in one line that is no formula", () => {
  const { address, attempts, first_seen, last_seen, compromised, state } = sourceJson(ROW);
  assert.deepEqual([address, attempts, first_seen, last_seen, compromised, state], [
    ...["2001:db8:1111:2222:3333:4444:5555:6666", 1234, "2026-11-23T09:07:20.000Z"],
    ...["2026-11-23T14:06:20.000Z", true, "open"],
  ]);
  const formula = { ...ROW, sourceLocation: { asn: 64500, organisation: '=HYPERLINK("x"),\n1' } };
  assert.equal(
    sourceCsv(formula),
    "2001:db8:1111:2222:3333:4444:5555:6666,1234,false,1300,2026-11-23T09:07:20.000Z," +
      "2026-11-23T14:06:20.000Z,true,2026-11-23T12:07:20.000Z,open,,,,AS64500," +
      `"'=HYPERLINK(""x""),\\u000a1",22222222-2222-5222-8222-222222222222,misp feed,3,2,80`,
  );
  assert.deepEqual(SOURCE_CSV_HEAD.split(","), Object.keys(sourceJson(ROW)));
});

Deno.test("listText() fits each width, and shows no control character", () => {
  const rows = [ROW, { ...ROW, sourceIp: "192.0.2.7", compromisedAt: undefined }];
  for (const columns of [20, 40, 60, 80, 120]) {
    const text = listText(rows, { columns, isColoured: false });
    assert.ok(isClean(text), text);
    for (const line of text.split("\n")) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
  }
  const [head, first] = listText(rows, NO_TERMINAL).split("\n");
  assert.match(
    head!,
    /^address {33}attempts {2}first seen {9}last seen {10}confidence {2}state {14}country {2}network$/,
  );
  assert.match(
    first!,
    /1234 {2}2026-11-23 09:07Z {2}2026-11-23 14:06Z {10}80 {2}compromised, open {2}NL {7}AS64500 \\u001b/,
  );
  assert.ok(listText(rows, { columns: 80, isColoured: true }).includes("\n\x1b[31m2001"));
});

Deno.test("listText() has no columns about which nothing is known", () => {
  const row = { ...ROW, sourceIp: "192.0.2.7", sourceLocation: undefined };
  assert.equal(
    listText([row], { columns: 80, isColoured: false }),
    "address    attempts  last seen     confidence  state\n" +
      "192.0.2.7      1234  11-23 14:06Z          80  compromised, open",
  );
});

Deno.test("shownText() shows all of a source within the width, with bars for each hour", () => {
  const shown = {
    ...{ source: VIEW, history: HISTORY, standing: "offered", warninglists: 1 } as const,
    mispUrl: "https://misp.example.org/",
  };
  for (const columns of [30, 80]) {
    const text = shownText(shown, { columns, isColoured: false });
    assert.ok(isClean(text), text);
    for (const line of text.split("\n")) assert.ok(widthOf(line) <= columns, line);
  }
  const lines = shownText(shown, NO_TERMINAL).split("\n");
  assert.ok(lines.includes(
    "event       https://misp.example.org/events/view/22222222-2222-5222-8222-222222222222",
  ));
  assert.ok(lines.includes(
    "confidence  50 of 100: attacked a honeypot 40, 3 sensors +20, 2 days +5, 1234 attempts +10, " +
      "got in +5, 1 warning list -30",
  ));
  assert.ok(lines.includes("  12 more names; --json lists more"));
  assert.ok(lines.includes("  7 attempts with names that are not kept"));
  assert.deepEqual(lines.slice(-4), [
    "attempts by hour, UTC",
    `  2026-11-23 10:00 40 ${"█".repeat(40)}`,
    "  2026-11-23 11:00  0",
    `  2026-11-23 12:00 10 ${"█".repeat(10)}`,
  ]);
  const json = shownJson(shown);
  assert.deepEqual(json.history.rows[0], { at: "2026-11-23T10:00:00.000Z", attempts: 40 });
  assert.equal(json.usernames[0]!.name, HOSTILE);
  assert.deepEqual([json.confidence, json.confidence_parts.length], [50, 6]);
});

const RANKINGS: Rankings = {
  since: NOW - 24 * HOUR,
  rankings: [
    {
      kind: "username",
      isComplete: true,
      rows: [
        { name: HOSTILE.repeat(20), label: undefined, attempts: 9 },
        { name: "", label: undefined, attempts: 1 },
      ],
    },
    {
      kind: "sensor",
      isComplete: true,
      rows: [{ name: "1@m", label: "honeypot-fra1", attempts: 10 }],
    },
    {
      kind: "network",
      isComplete: true,
      rows: [{ name: "AS64500", label: "Example B.V.", attempts: 3 }],
    },
    { kind: "country", isComplete: true, rows: [] },
  ],
};

Deno.test("rankingsText() fits, is clean, and names sensors and networks as people do", () => {
  for (const columns of [24, 80, 200]) {
    const text = rankingsText(RANKINGS, { columns, isColoured: false });
    assert.ok(isClean(text), text);
    for (const line of text.split("\n")) assert.ok(widthOf(line) <= columns, line);
  }
  const text = rankingsText(RANKINGS, NO_TERMINAL);
  assert.match(text, /^attempts since 2026-11-22 14:07Z\n\nusernames\n/);
  assert.match(text, /\n {2}\(empty\) +1 ███▍?\n/);
  assert.match(text, /\nsensors\n {2}honeypot-fra1 10 █{30}\n/);
  assert.match(text, /\nnetworks\n {2}AS64500 Example B\.V\. 3 █{30}$/);
  assert.deepEqual(rankingsJson(RANKINGS).since, "2026-11-22T14:07:20.000Z");
  assert.equal(
    rankingsText({ ...RANKINGS, rankings: [] }, NO_TERMINAL),
    "no attempts since 2026-11-22 14:07Z",
  );
});

Deno.test("bar() grows by eighths, and shows what is above 0", () => {
  assert.deepEqual([0, 1, 50, 51, 100, 900].map((value) => bar(value, 100, 4)), [
    ...["", "▏", "██", "██", "████", "████"],
  ]);
});

Deno.test("timeOf() reads times, days and how long ago", () => {
  const times = ["24h", "7d", "90m", "2026-11-23", "2026-11-23T06:00:00Z"];
  assert.deepEqual(times.map((text) => NOW - timeOf("--since", text, NOW)), [
    ...[24 * HOUR, 168 * HOUR, 1.5 * HOUR, NOW - Date.UTC(2026, 10, 23)],
    NOW - Date.UTC(2026, 10, 23, 6),
  ]);
  for (const text of ["", "yesterday", "24", "-1h", "1e3h"]) {
    assert.throws(() => timeOf("--since", text, NOW), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(
        error.message,
        `--since "${text}" is not valid; use a time such as 24h, 7d, 2026-11-23 or ` +
          "2026-11-23T06:00:00Z",
      );
      return true;
    });
  }
});
