/**
 * The page of a source: what is known of it, and its history. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { ReportRow } from "../../buffer/reports.ts";
import type { SourceView } from "../../buffer/views.ts";
import type { Location } from "../../model.ts";
import { timeline } from "./chart.ts";
import { sensorsTable, techniqueText, usernamesTable } from "./evidence.ts";
import { layout } from "./layout.ts";
import { sessionSection } from "./sessions/section.ts";
import { badge, countryOf, stateOf } from "./source_state.ts";
import { table, tableBox } from "./table.ts";
import { ago, bounded, counted, fullTime, type Html, number, untrusted } from "./text.ts";

/** What the page shows. */
export interface SourceParts {
  readonly source: SourceView;
  readonly mispUrl: string | undefined;
  readonly location: Location | undefined;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** Writes the page. */
export function sourcePage(parts: SourceParts): Html {
  const { source, now } = parts;
  return layout({
    title: `${source.sourceIp}: SSH brute force`,
    now,
    body: html`
      <h1 class="address">${source.sourceIp}</h1>
      ${compromise(source)}
      ${facts(parts)}
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

function facts({ source, location, mispUrl, now }: SourceParts): Html {
  const found = location ?? source.sourceLocation;
  const network = [
    ...(found?.asn === undefined ? [] : [`AS${found.asn}`]),
    ...(found?.organisation === undefined ? [] : [found.organisation]),
  ].join(" ");
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
${fact("first seen", html`${fullTime(source.firstSeen)}`)}
${fact("last seen", html`${fullTime(source.lastSeen)}, ${ago(source.lastSeen, now)}`)}
${fact("country", countryOf(found))}
${found?.city === undefined ? "" : fact("city", untrusted(found.city, 60))}
${network === "" ? "" : fact("network", untrusted(network, 80))}
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
  const { openedAt, compromisedAt, retractedAt } = source;
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
${
    tableBox("usernames-box", "User names", usernamesTable(source.usernames, { longest: 100 }))
  }${further}`;
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
