/**
 * How a list of sources is shown. Attackers choose where their addresses are registered: only visible
 * characters reach a terminal.
 *
 * @module
 */
import { confidenceOfSource } from "../../../lists/source_confidence.ts";
import { stateOf } from "../../../lists/source_rows.ts";
import { networkName } from "../../../buffer/activity.ts";
import type { SourceRow } from "../../../buffer/sources.ts";
import { oneLine } from "../../../text.ts";
import type { Screen } from "../../terminal/screen.ts";
import { type Column, tableLines } from "../../terminal/table.ts";

type SourceColumn = Column<SourceRow>;

/** `2026-11-23 14:07Z` */
export const minuteOf = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ")}Z`;

/** Attempts; a plus where there may be more. */
export const attemptsText = ({ attempts }: Pick<SourceRow, "attempts">): string =>
  `${attempts.value}${attempts.isMore ? "+" : ""}`;

/** The state of a source, and whether it is compromised. */
export const stateText = (row: SourceRow): string =>
  row.compromisedAt === undefined ? stateOf(row) : `compromised, ${stateOf(row)}`;

/** The number and the operator of a network; empty where neither is known. */
export const networkText = (row: SourceRow): string =>
  oneLine(
    [networkName(row.sourceLocation), row.sourceLocation?.organisation].filter((text) =>
      text !== undefined
    )
      .join(" "),
  );

const ADDRESS: SourceColumn = { head: "address", cell: (row) => row.sourceIp };
const ATTEMPTS: SourceColumn = { head: "attempts", cell: attemptsText, isNumber: true };
const FIRST: SourceColumn = { head: "first seen", cell: (row) => minuteOf(row.firstSeen) };
const LAST: SourceColumn = { head: "last seen", cell: (row) => minuteOf(row.lastSeen) };
/** Without the year. */
const SHORT_LAST: SourceColumn = {
  head: "last seen",
  cell: (row) => minuteOf(row.lastSeen).slice("2026-".length),
};
const STATE: SourceColumn = { head: "state", cell: stateText };
const COUNTRY: SourceColumn = {
  head: "country",
  cell: (row) => oneLine(row.sourceLocation?.countryCode ?? ""),
};
const NETWORK: SourceColumn = { head: "network", cell: networkText };

const confidence = (warninglistsOf: (address: string) => number): SourceColumn => ({
  head: "confidence",
  cell: (row) => String(confidenceOfSource(row, warninglistsOf(row.sourceIp)).value),
  isNumber: true,
});

const layouts = (sure: SourceColumn): readonly (readonly SourceColumn[])[] => [
  [ADDRESS, ATTEMPTS, FIRST, LAST, sure, STATE, COUNTRY, NETWORK],
  [ADDRESS, ATTEMPTS, SHORT_LAST, sure, STATE, COUNTRY, NETWORK],
  [ADDRESS, ATTEMPTS, SHORT_LAST, STATE, COUNTRY, NETWORK],
  [ADDRESS, ATTEMPTS, SHORT_LAST, STATE, COUNTRY],
  [ADDRESS, ATTEMPTS, SHORT_LAST, STATE],
  [ADDRESS, ATTEMPTS, STATE],
  [ADDRESS, ATTEMPTS],
];

/** Columns that a layout leaves for names of networks, unless all of them are shorter. */
const LEAST_LAST = 12;

/**
 * A table of sources; one that is compromised is red.
 *
 * @param warninglistsOf how many warning lists an address is on; by default none
 */
export function listText(
  rows: readonly SourceRow[],
  screen: Screen,
  warninglistsOf: (address: string) => number = () => 0,
): string {
  // Without a database of countries and networks, nothing is known of them.
  const isShown = (column: SourceColumn) =>
    column !== COUNTRY && column !== NETWORK || rows.some((row) => column.cell(row) !== "");
  return tableLines(rows, {
    layouts: layouts(confidence(warninglistsOf)).map((columns) => columns.filter(isShown)),
    leastLast: LEAST_LAST,
    isProblem: ({ compromisedAt }) => compromisedAt !== undefined,
  }, screen).join("\n");
}
