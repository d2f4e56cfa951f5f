/**
 * How reports are shown. Attackers wrote parts of the reasons and bodies: only their visible
 * characters reach a terminal.
 *
 * @module
 */
import type { ReportList, ReportRow, ReportState } from "../../../buffer/reports.ts";
import { oneLine } from "../../terminal/log.ts";
import { cut, type Screen, screenJson } from "../../terminal/screen.ts";
import { type Column, tableLines } from "../../terminal/table.ts";

/** A report and its body, while that is kept. */
export interface ShownReport {
  readonly row: ReportRow;
  readonly body: string | undefined;
}

/** The words of `status` for the states. */
const STATE_WORDS: Readonly<Record<ReportState, string>> = {
  pending: "waiting",
  delivered: "delivered",
  refused: "refused",
};

const time = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

/** A report in `--json`. Times are ISO 8601, UTC. */
export function rowJson(row: ReportRow) {
  return {
    uuid: row.uuid,
    event_uuid: row.eventUuid,
    source: row.sourceIp,
    sink: row.sink,
    state: STATE_WORDS[row.state],
    attempts: row.attempts,
    tries: row.tries,
    snapshot_at: time(row.snapshotAt),
    // The former name of `snapshot_at`, kept for one release.
    frozen_at: time(row.snapshotAt),
    next_try_at: time(row.nextTryAt),
    last_tried_at: time(row.lastTriedAt),
    reason: row.lastError ?? null,
  };
}

const SOURCE: Column<ReportRow> = { head: "source", cell: (row) => row.sourceIp };
const SINK: Column<ReportRow> = { head: "sink", cell: (row) => row.sink };
const STATE: Column<ReportRow> = { head: "state", cell: (row) => STATE_WORDS[row.state] };
const ATTEMPTS: Column<ReportRow> = { head: "attempts", cell: (row) => String(row.attempts) };
const TRIES: Column<ReportRow> = { head: "tries", cell: (row) => String(row.tries) };
const lastTime = (row: ReportRow) => row.nextTryAt ?? row.lastTriedAt;
const TIME: Column<ReportRow> = {
  head: "next try or end",
  cell: (row) => shortTime(lastTime(row)),
};
/** Without the year and the seconds. */
const DAY_TIME: Column<ReportRow> = {
  head: "next/end",
  cell: (row) => shortTime(lastTime(row)).replace(/^\d{4}-|:\d\dZ$/g, ""),
};
const REASON: Column<ReportRow> = { head: "reason", cell: (row) => oneLine(row.lastError ?? "") };

/** From the widest to the narrowest: the least important columns go first. */
const LAYOUTS: readonly (readonly Column<ReportRow>[])[] = [
  [SOURCE, SINK, STATE, ATTEMPTS, TRIES, TIME, REASON],
  [SOURCE, SINK, STATE, ATTEMPTS, TRIES, DAY_TIME, REASON],
  [SOURCE, SINK, STATE, ATTEMPTS, DAY_TIME, REASON],
  [SOURCE, SINK, STATE, DAY_TIME, REASON],
  [SOURCE, STATE, DAY_TIME, REASON],
  [SOURCE, STATE, REASON],
];

/** Columns that a layout leaves for reasons, unless all reasons are shorter. */
const LEAST_REASON = 20;

/**
 * A table of reports, and how many are not in it.
 *
 * @param screen a narrow one gets fewer columns and shorter reasons
 */
export function listText({ rows, counts }: ReportList, screen: Screen): string {
  const total = counts.refused + counts.pending + counts.delivered;
  if (total === 0) return "no reports";
  const { columns: width } = screen;
  const rules = {
    layouts: LAYOUTS,
    leastLast: LEAST_REASON,
    isProblem: ({ state }: ReportRow) => state === "refused",
  };
  return [
    ...tableLines(rows, rules, screen),
    ...unlisted({ rows, counts }).map((text) => width === undefined ? text : cut(text, width)),
  ].join("\n");
}

/** `2026-08-23 06:14:07Z` */
function shortTime(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "-";
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

function unlisted({ rows, counts }: ReportList): readonly string[] {
  return (["refused", "pending", "delivered"] as const).flatMap((state) => {
    const more = counts[state] - rows.filter((row) => row.state === state).length;
    return more > 0 ? [`${more} more ${STATE_WORDS[state]}: --all lists them`] : [];
  });
}

/** Everything about some reports. Sinks that get the same body show it once. */
export function showText(shown: readonly ShownReport[]): string {
  const groups = Map.groupBy(shown, ({ row }) => row.uuid).values();
  return [...groups].map((group) => {
    const body = group.find((one) => one.body !== undefined)?.body;
    return [...group.map(({ row }) => facts(row)), eventText(body)].join("\n\n");
  }).join("\n\n");
}

function facts(row: ReportRow): string {
  const lines: [string, string | null][] = [
    ["report", row.uuid],
    ["event", row.eventUuid],
    ["source", row.sourceIp],
    ["sink", row.sink],
    ["state", STATE_WORDS[row.state]],
    ["attempts", String(row.attempts)],
    ["snapshot", time(row.snapshotAt)],
    ["tries", String(row.tries)],
    ["next try", time(row.nextTryAt)],
    [row.state === "delivered" ? "delivered" : "last try", time(row.lastTriedAt)],
    ["reason", row.lastError === undefined ? null : oneLine(row.lastError)],
  ];
  return lines.filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.padEnd(10)} ${value}`).join("\n");
}

function eventText(body: string | undefined): string {
  if (body === undefined) return "its event was delivered, and is no longer kept here";
  return screenJson(JSON.parse(body));
}
