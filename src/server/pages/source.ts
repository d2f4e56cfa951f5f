/**
 * The page of a source: what is known of it, and its history. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { ReportRow } from "../../buffer/reports.ts";
import type { SourceView } from "../../buffer/views.ts";
import type { Location } from "../../model.ts";
import type { History } from "../../buffer/rankings.ts";
import { confidenceText } from "../../confidence.ts";
import { confidenceOfSource } from "../../lists/source_confidence.ts";
import { historyChart } from "./chart.ts";
import { sensorsTable, techniqueText, usernamesTable } from "./evidence.ts";
import { sessionSection } from "./sessions/section.ts";
import { type Frame, layout } from "./layout.ts";
import { badge, countryOf, stateOf } from "./source_state.ts";
import { type Standing, STANDINGS } from "../../guard/standing.ts";
import { mispAddress } from "../../event_address.ts";
import { networkOf } from "./sources/list.ts";
import { table, tableBox } from "./table.ts";
import { timeline } from "./timeline.ts";
import { ago, bounded, counted, fullTime, type Html, number, untrusted } from "./text.ts";

/** What the page shows. */
export interface SourceParts {
  readonly source: SourceView;
  readonly mispUrl: string | undefined;
  readonly location: Location | undefined;
  /** How many warning lists it is on. */
  readonly warninglists: number;
  /** Sites that know sources: NAME=URL with {ip}. */
  readonly links: readonly string[];
  /** What becomes of its address now. */
  readonly standing: Standing;
  /** Its attempts by hour and by day. */
  readonly day: History;
  readonly month: History;
  readonly frame: Frame;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** Writes the page. */
export function sourcePage(parts: SourceParts): Html {
  const { source, now, frame } = parts;
  return layout({
    title: source.sourceIp,
    frame,
    body: html`
      <div class="title"><h1 class="address" data-copy="${source.sourceIp}">${source
        .sourceIp}</h1>${linksOut(parts)}</div>
      ${compromise(source)}
      ${keptOut(parts)}
      ${facts(parts)}
      <section>
        <h2>Attempts</h2>
        <div class="charts even">${historyChart("24 hours", parts.day, now)}${historyChart(
          "30 days",
          parts.month,
          now,
        )}</div>
      </section>
      <section>
        <h2>Timeline</h2>
        ${timeline(source, now)} ${history(source, now)}
      </section>
      ${sessionSection(source.sessions, now)}
      <div class="columns even">
        <section>${usernames(source)}</section>
        <div>
          <section>${sensors(source, now)}</section>
          <section>${techniques(source)}</section>
        </div>
      </div>
    `,
  });
}

function compromise({ compromisedAt }: SourceView): Html | "" {
  if (compromisedAt === undefined) return "";
  return html`
    <ul class="attention">
      <li><b>The source logged in after failures</b> at ${fullTime(
        compromisedAt,
      )}. Treat the sensor as compromised until you know better.</li>
    </ul>
  `;
}

/** Why it is in no list of sources, and what its event does about it. */
function keptOut({ standing }: SourceParts): Html | "" {
  const why = STANDINGS[standing];
  return why === undefined ? "" : html`<p>${why}</p>`;
}

/** Other sites that know the source. They do not learn where the link stands. */
function linksOut({ source: { sourceIp }, links, mispUrl }: SourceParts): Html | "" {
  const ip = encodeURIComponent(sourceIp);
  const misp = mispAddress(`/events/index/searchall:${ip}`, mispUrl);
  const all = [
    ...(misp === undefined ? [] : [["MISP search", misp] as const]),
    ...links.map((link) => {
      const end = link.indexOf("=");
      return [link.slice(0, end), link.slice(end + 1).replaceAll("{ip}", ip)] as const;
    }),
  ];
  if (all.length === 0) return "";
  return html`<nav class="out" aria-label="Other sites that know ${sourceIp}">${
    all.map(([name, address]) => html`<a href="${address}" rel="noopener noreferrer">${name}</a>`)
  }</nav>`;
}

function facts({ source, location, warninglists, mispUrl, now }: SourceParts): Html {
  const found = location ?? source.sourceLocation;
  const fact = (name: string, value: Html | string) =>
    html`
      <div>
        <dt>${name}</dt>
        <dd>${value}</dd>
      </div>
    `;
  return html`<dl class="facts">
${fact("state", stateOf(source, { now, mispUrl }))}
${fact("attempts", bounded(source.attempts))}
${fact("alerts", number(source.alerts))}
${fact("confidence", confidenceText(confidenceOfSource(source, warninglists)))}
${fact("first seen", html`${fullTime(source.firstSeen)}`)}
${fact("last seen", html`${fullTime(source.lastSeen)}, ${ago(source.lastSeen, now)}`)}
${fact("country", countryOf(found))}
${found?.city === undefined ? "" : fact("city", untrusted(found.city, 60))}
${
    found?.asn === undefined && found?.organisation === undefined
      ? ""
      : fact("network", networkOf(found))
  }
${
    source.eventUuid === undefined
      ? ""
      : fact("event", html`<code class="uuid">${source.eventUuid}</code>`)
  }
</dl>`;
}

interface HistoryEntry {
  readonly at: number;
  readonly text: Html | string;
}

function history(source: SourceView, now: number): Html {
  const { openedAt, compromisedAt, retractedAt, expiredAt } = source;
  const all: readonly HistoryEntry[] = [
    { at: source.firstSeen, text: "first seen" },
    { at: source.lastSeen, text: "last seen" },
    ...(openedAt === undefined
      ? []
      : [{ at: openedAt, text: "an attack began that is not reported yet" }]),
    ...(compromisedAt === undefined
      ? []
      : [{ at: compromisedAt, text: "the source logged in after failures" }]),
    ...(retractedAt === undefined ? [] : [{ at: retractedAt, text: "withdrawn by an operator" }]),
    ...(expiredAt === undefined ? [] : [{ at: expiredAt, text: "expired after silence" }]),
    ...source.reports.map(reportEntry),
  ];
  const entries = all.toSorted((one, other) => other.at - one.at);
  const rows = table([
    { name: "time", cell: ({ at }) => fullTime(at) },
    {
      name: html`<span class="visually-hidden">how long </span>ago`,
      cell: ({ at }) => ago(at, now),
    },
    { name: "what", kind: "reason", cell: ({ text }) => text },
  ], entries);
  return tableBox("history", "History", rows);
}

function reportEntry(report: ReportRow): HistoryEntry {
  const { snapshotAt, sink, state, lastTriedAt, attempts, lastError, tries } = report;
  const content = `to ${sink}: ${counted(attempts, "attempt")} so far`;
  const tried = tries < 2 ? "" : `, tried ${tries} times`;
  const why = lastError === undefined ? "" : html`. ${untrusted(lastError)}`;
  const again = state === "refused"
    ? html`
      (<a href="/refused">send again</a>)
    `
    : "";
  return {
    at: lastTriedAt ?? snapshotAt,
    text: html`${badge(state)} report ${content}${tried}${why}${again}`,
  };
}

function usernames(source: SourceView): Html {
  const { distinctUsernames, furtherUsernames } = source;
  const further = furtherUsernames === 0
    ? ""
    : html`<p class="muted">${
      counted(furtherUsernames, "further attempt")
    } used names that the buffer does not keep.</p>`;
  if (source.usernames.length === 0) {
    return html`<h2>User names</h2><p>The buffer has none.</p>${further}`;
  }
  const about = distinctUsernames > source.usernames.length
    ? `${number(source.usernames.length)} of ${number(distinctUsernames)}`
    : number(distinctUsernames);
  return html`<h2>User names <span class="muted">${about}</span></h2>
${tableBox("usernames-box", "User names", usernamesTable(source.usernames))}${further}`;
}

function sensors({ sensors }: SourceView, now: number): Html {
  return html`<h2>Sensors</h2>${
    sensorsTable(sensors, [
      { name: "first seen", cell: ({ firstSeen }) => ago(firstSeen, now) },
      { name: "last seen", cell: ({ lastSeen }) => ago(lastSeen, now) },
    ])
  }`;
}

function techniques({ techniques }: SourceView): Html | "" {
  if (techniques.length === 0) return "";
  return html`
    <h2>Techniques</h2>
    <ul class="plain">${techniques.map((one) => html`<li>${techniqueText(one)}</li>`)}</ul>
  `;
}
