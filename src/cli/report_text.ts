/**
 * How reports are shown. Reasons and bodies hold what attackers wrote: nothing of them reaches a
 * terminal but visible characters.
 *
 * @module
 */
import type { ReportList, ReportRow, ReportState } from "../buffer/report_desk.ts";
import { oneLine } from "./log.ts";

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

/** `1 report`, `2 reports` */
export function counted(reports: number): string {
  return `${reports} ${reports === 1 ? "report" : "reports"}`;
}

/** JSON text that means the same, without a character that could drive a terminal. */
export function screenJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split("\n").map(oneLine).join("\n");
}

const time = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

/** A report as machines get it. Times are ISO 8601, UTC. */
export function rowJson(row: ReportRow) {
  return {
    uuid: row.uuid,
    event_uuid: row.eventUuid,
    source: row.sourceIp,
    sink: row.sink,
    state: STATE_WORDS[row.state],
    attempts: row.attempts,
    tries: row.tries,
    frozen_at: time(row.frozenAt),
    next_try_at: time(row.nextTryAt),
    last_tried_at: time(row.lastTriedAt),
    reason: row.lastError ?? null,
  };
}

const HEAD = ["source", "sink", "state", "attempts", "tries", "next try or end", "reason"];

/** A narrow terminal still shows so much of a reason. */
const LEAST_REASON = 20;

/**
 * A table of reports, and how many are not in it.
 *
 * @param columns the width that the reasons are cut to
 */
export function listText({ rows, counts }: ReportList, columns: number): string {
  const total = counts.refused + counts.pending + counts.delivered;
  if (total === 0) return "no reports";
  const table = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const left = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(columns - left, LEAST_REASON);
  const lines = table.map((row) =>
    row.map((cell, column) =>
      column === HEAD.length - 1 ? cut(cell, room) : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  );
  return [...lines, ...unlisted({ rows, counts })].join("\n");
}

function cells(row: ReportRow): readonly string[] {
  return [
    row.sourceIp,
    row.sink,
    STATE_WORDS[row.state],
    String(row.attempts),
    String(row.tries),
    shortTime(row.nextTryAt ?? row.lastTriedAt),
    oneLine(row.lastError ?? ""),
  ];
}

/** `2026-08-23 06:14:07Z`, as long as what it stands under. */
function shortTime(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "-";
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

function cut(text: string, room: number): string {
  const characters = [...text];
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join("")}…`;
}

function unlisted({ rows, counts }: ReportList): readonly string[] {
  return (["refused", "pending", "delivered"] as const).flatMap((state) => {
    const more = counts[state] - rows.filter((row) => row.state === state).length;
    return more > 0 ? [`${more} more ${STATE_WORDS[state]}: --all lists them`] : [];
  });
}

/** Everything about some reports. The body is told once for the sinks that get the same one. */
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
    ["frozen", time(row.frozenAt)],
    ["tries", String(row.tries)],
    ["next try", time(row.nextTryAt)],
    [row.state === "delivered" ? "delivered" : "last try", time(row.lastTriedAt)],
    ["reason", row.lastError === undefined ? null : oneLine(row.lastError)],
  ];
  return lines.filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.padEnd(10)} ${value}`).join("\n");
}

function eventText(body: string | undefined): string {
  if (body === undefined) return "its event is not kept here any more, since it was delivered";
  return screenJson(JSON.parse(body));
}
