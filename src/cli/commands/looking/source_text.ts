/**
 * All that is known of one source, as text and as JSON. Attackers chose the user names: only visible
 * characters reach a terminal.
 *
 * @module
 */
import type { History } from "../../../buffer/rankings.ts";
import { confidenceText } from "../../../confidence.ts";
import { confidenceOfSource } from "../../../lists/source_confidence.ts";
import { sourceJson } from "../../../lists/source_rows.ts";
import type { SourceView } from "../../../buffer/views.ts";
import { eventAddress } from "../../../event_address.ts";
import { bar } from "../../terminal/bars.ts";
import { counted } from "../../terminal/counted.ts";
import { type Standing, STANDINGS } from "../../../guard/standing.ts";
import { oneLine } from "../../../text.ts";
import { cut, padded, type Screen, styled } from "../../terminal/screen.ts";
import { rowJson } from "../report/report_text.ts";
import { attemptsText, minuteOf, networkText, stateText } from "./list_text.ts";
import { sessionLines, sessionsJson } from "./session_text.ts";
import { HOUR } from "../../../clock.ts";

/** A source, and when its attempts were made. */
export interface ShownSource {
  readonly source: SourceView;
  /** By hour, or by day where it was last seen more than a day ago. */
  readonly history: History;
  /** What becomes of its address now. */
  readonly standing: Standing;
  /** Address of MISP; undefined: events go to the feed folder only. */
  readonly mispUrl: string | undefined;
  /** How many warning lists it is on. */
  readonly warninglists: number;
}

/** The address of its event in MISP; undefined: MISP does not have it. */
function eventOf({ source, mispUrl }: ShownSource): string | undefined {
  const { eventUuid, deliveredTo } = source;
  if (eventUuid === undefined || !deliveredTo.includes("misp")) return undefined;
  return eventAddress(eventUuid, mispUrl);
}

const time = (milliseconds: number) => new Date(milliseconds).toISOString();

/** A source in JSON. Times are ISO 8601, UTC. */
export function shownJson(shown: ShownSource) {
  const { source, history, warninglists } = shown;
  return {
    ...sourceJson(source, { warninglists }),
    confidence_parts: confidenceOfSource(source, warninglists).parts
      .map(({ points, reason }) => ({ points, reason })),
    event_url: eventOf(shown) ?? null,
    standing: shown.standing,
    usernames: source.usernames.map(({ text, attempts }) => ({ name: text, attempts })),
    distinct_usernames: source.distinctUsernames,
    attempts_with_further_usernames: source.furtherUsernames,
    sensors: source.sensors.map(({ sensor, name, alerts, firstSeen, lastSeen }) => ({
      ...{ key: sensor, name, alerts, first_seen: time(firstSeen), last_seen: time(lastSeen) },
    })),
    techniques: source.techniques.map(({ id, name }) => ({ id, name: name ?? null })),
    sessions: sessionsJson(source.sessions),
    history: {
      step_seconds: history.stepMs / 1000,
      rows: history.rows.map(({ at, attempts }) => ({ at: time(at), attempts })),
    },
    reports: source.reports.map(rowJson),
  };
}

/** Rows of user names, sensors and reports that text shows. */
const SHOWN = 10;
const LABEL_WIDTH = 12;

/** A source as text. */
export function shownText(shown: ShownSource, screen: Screen): string {
  const { source, history, standing, warninglists } = shown;
  const why = STANDINGS[standing];
  const fit = (line: string) => screen.columns === undefined ? line : cut(line, screen.columns);
  const row = (label: string, text: string, isProblem = false) => {
    const line = fit(padded(label, LABEL_WIDTH) + text);
    return isProblem ? styled(line, "red", screen) : line;
  };
  const event = eventOf(shown);
  const { countryCode, country } = source.sourceLocation ?? {};
  const places = [countryCode, country].filter((one) => one !== undefined).join(" ");
  return [
    row("address", source.sourceIp),
    row("attempts", `${attemptsText(source)} in ${counted(source.alerts, "alert")}`),
    row("first seen", time(source.firstSeen)),
    row("last seen", time(source.lastSeen)),
    row("state", stateText(source)),
    row("confidence", confidenceText(confidenceOfSource(source, warninglists))),
    ...(why === undefined ? [] : [row("note", why)]),
    ...(source.compromisedAt === undefined
      ? []
      : [row("logged in", `${time(source.compromisedAt)}: treat the sensor as compromised`, true)]),
    ...(places === "" ? [] : [row("country", oneLine(places))]),
    ...(networkText(source) === "" ? [] : [row("network", networkText(source))]),
    ...(event === undefined ? [] : [row("event", event)]),
    ...section("user names", usernameLines(source)),
    ...section("sensors", sensorLines(source)),
    ...section("techniques", source.techniques.map(({ id, name = "" }) => `${id} ${name}`)),
    ...section("sessions at a decoy", sessionLines(source.sessions)),
    ...section("reports", reportLines(source)),
    ...section(
      history.stepMs === HOUR ? "attempts by hour, UTC" : "attempts by day, UTC",
      historyLines(history, screen),
    ),
  ].map(fit).join("\n");
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${oneLine(line).trimEnd()}`)];

function usernameLines({ usernames, distinctUsernames, furtherUsernames }: SourceView) {
  const shown = usernames.slice(0, SHOWN);
  const lines = shown.map(({ text, attempts }) => `${String(attempts).padStart(8)}  ${text}`);
  const more = distinctUsernames - shown.length;
  if (more > 0) lines.push(`${counted(more, "more name")}; --json lists more`);
  if (furtherUsernames > 0) {
    lines.push(`${counted(furtherUsernames, "attempt")} with names that are not kept`);
  }
  return lines;
}

function sensorLines({ sensors }: SourceView) {
  const lines = sensors.slice(0, SHOWN).map(({ name, alerts, lastSeen }) =>
    `${name}: ${counted(alerts, "alert")}, last ${minuteOf(lastSeen)}`
  );
  const more = sensors.length - lines.length;
  return more > 0 ? [...lines, `${counted(more, "more sensor")}; --json lists them`] : lines;
}

function reportLines({ reports }: SourceView) {
  const lines = reports.slice(0, SHOWN).map((report) => {
    const { snapshot_at, sink, state, attempts, reason } = rowJson(report);
    const line = `${snapshot_at} ${sink} ${state}, ${counted(attempts, "attempt")}`;
    return reason === null ? line : `${line}: ${reason}`;
  });
  return reports.length > SHOWN ? [...lines, "older ones: `report show ADDRESS`"] : lines;
}

/** Columns of the longest bar where there is no terminal. */
const BAR_COLUMNS = 40;

/** Every hour or day from the first with attempts to the last one. */
function historyLines({ rows, stepMs }: History, { columns }: Screen): readonly string[] {
  const attempts = new Map(rows.map((row) => [row.at, row.attempts]));
  const most = rows.reduce((largest, row) => Math.max(largest, row.attempts), 0);
  const width = String(most).length;
  const barColumns = columns === undefined ? BAR_COLUMNS : Math.max(1, columns - width - 22);
  const lines: string[] = [];
  for (let at = rows[0]?.at ?? 0; at <= (rows.at(-1)?.at ?? -1); at += stepMs) {
    const label = stepMs === HOUR ? minuteOf(at).slice(0, 16) : minuteOf(at).slice(0, 10);
    const value = attempts.get(at) ?? 0;
    lines.push(`${label} ${String(value).padStart(width)} ${bar(value, most, barColumns)}`);
  }
  return lines;
}
