/**
 * The overview: everything that an analyst needs at a glance. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { DueRules } from "../../buffer/outbox.ts";
import type { Location } from "../../model.ts";
import { RANKING_SPANS, type RankingSpan } from "../../buffer/rankings.ts";
import type { ReportRow } from "../../buffer/reports.ts";
import type { NewPayloads } from "../../buffer/sessions.ts";
import type { Overview } from "../../buffer/views.ts";
import { barChart, historyChart, hoursTable, rateText } from "./chart.ts";
import { banner, layout } from "./layout.ts";
import { compromisedMark, countryOf, sourceLink, stateOf } from "./source_state.ts";
import { isSilent, sensorLink, sensorsTable, silentMark } from "./evidence.ts";
import { rankingCard, SPAN_NAMES } from "./ranking.ts";
import { newPayloadsCard } from "./sessions/payload_list.ts";
import { table, tableBox } from "./table.ts";
import {
  ago,
  bounded,
  clock,
  counted,
  duration,
  type Html,
  moment,
  number,
  since,
  until,
  untrusted,
} from "./text.ts";
import { MINUTE } from "../../clock.ts";

/** What the overview shows. */
export interface DashboardParts {
  readonly found: Overview;
  /** Why the background publisher of integration calls could not work. */
  readonly problem: string | undefined;
  /** Of the last 24 hours. */
  readonly payloads: NewPayloads;
  readonly mispUrl: string | undefined;
  readonly due: DueRules;
  readonly locate: (address: string) => Location | undefined;
  /** A sensor that was not heard of for so long is silent, milliseconds; 0: none is. */
  readonly silentMs: number;
  /** Over how long the rankings are. */
  readonly span: RankingSpan;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** How long something may wait beyond its due time before the page says so, milliseconds. */
const LATE_MS = 5 * MINUTE;

/** The present rate is the mean of so many minutes. */
const NOW_MINUTES = 5;
const MOST_IGNORED = 8;
/** Silent sensors that are named. */
const MOST_SILENT = 5;

/** Writes the page. */
export function dashboard(parts: DashboardParts): Html {
  const { found: { compromised }, now } = parts;
  return layout({
    title: "Overview",
    at: "/",
    events: `/live${spanQuery(parts.span)}`,
    frame: { now, compromised },
    body: html`<h1 class="visually-hidden">Overview</h1>${overviewParts(parts)}`,
  });
}

const spanQuery = (span: RankingSpan) => span === "day" ? "" : `?span=${span}`;

/** Writes the parts of the page that update themselves. */
export function liveParts(parts: DashboardParts): Html {
  const { found: { compromised }, now } = parts;
  return html`${banner({ compromised, now })}${overviewParts(parts)}`;
}

function overviewParts(parts: DashboardParts): Html {
  const { found, span } = parts;
  const isEmpty = found.accepted === 0 && found.knownSources === 0;
  return html`
    ${part("figures", figures(parts))}
    ${part("attention", attention(parts))}
    ${part("start", isEmpty ? firstSteps(found) : "")}
    ${part("spans", isEmpty ? "" : spans(parts))}
    ${part("charts", charts(parts))}
    <div class="columns">
      <div>
    ${part("sources", isEmpty ? "" : sources(parts))}
      <div class="columns even pair">
    ${part("countries", rankingCard(found.rankings, "country", span))}
    ${part("networks", rankingCard(found.rankings, "network", span))}
      </div>
    ${part("waiting", isEmpty ? "" : waiting(parts))}
    ${part("sensors", sensors(parts))}
      </div>
      <div>
    ${part("usernames", rankingCard(found.rankings, "username", span))}
    ${part("top-sensors", rankingCard(found.rankings, "sensor", span))}
    ${part("techniques", rankingCard(found.rankings, "technique", span))}
    ${part("payloads", newPayloadsCard(parts.payloads, parts.now))}
    ${part("ignored", ignored(parts))}
      </div>
    </div>
  `;
}

function part(id: string, content: Html | ""): Html {
  return html`<section id="${id}" data-live>${content}</section>`;
}

function figures({ found, due, now }: DashboardParts): Html {
  const { minutes } = found;
  const first = Math.floor(now / MINUTE) - NOW_MINUTES + 1;
  const sum = minutes.filter(({ at }) => at >= first * MINUTE)
    .reduce((total, { attempts }) => total + attempts, 0);
  const rate = sum / Math.max((now - first * MINUTE) / MINUTE, 1);
  const day = minutes.reduce((total, { attempts }) => total + attempts, 0);
  const sink = due.sinks.includes("misp") ? "misp" : "feed";
  const last = found.lastDelivered.get(sink);
  const name = sink === "misp" ? "last MISP success" : "last feed update";
  return html`<h2 class="visually-hidden">Now</h2>
<dl class="figures">
${figure("attempts per minute", rateText(rate), `mean of ${NOW_MINUTES} minutes`)}
${figure("attempts in 24 h", number(day), html`last alert ${ago(found.lastAcceptedAt, now)}`)}
${figure("known sources", number(found.knownSources), counted(found.openAttacks, "open attack"))}
${
    figure(
      "reports waiting",
      bounded(found.waiting),
      found.refused.value === 0
        ? "none refused"
        : html`<a href="/refused">${bounded(found.refused)} refused</a>`,
    )
  }
${
    figure(
      "lag",
      found.waitingSince === undefined ? "none" : since(found.waitingSince, now),
      found.waitingSince === undefined ? "nothing waits" : "age of the oldest item",
    )
  }
${
    figure(
      name,
      last === undefined ? "never" : since(last, now),
      last === undefined ? "" : html`ago, at ${clock(last)} UTC`,
    )
  }
</dl>`;
}

function figure(name: string, value: Html | string, more: Html | string): Html {
  return html`
    <div>
      <dt>${name}</dt>
      <dd>${value}</dd>
      <dd class="more">${more}</dd>
    </div>
  `;
}

/** What needs attention; empty where all is well. */
function attention(
  { found, problem, due, silentMs, now }: DashboardParts,
): Html | "" {
  const silent = found.sensors.filter(({ lastSeen }) => isSilent(lastSeen, silentMs, now));
  const late = found.waitingSince === undefined
    ? 0
    : now - found.waitingSince - due.maxHoldMs - LATE_MS;
  const problems = [
    ...found.paused.filter((pause) => pause.until > now).map(({ sink, reason, since, until: to }) =>
      html`<b>${sink} is paused</b> since ${ago(since, now)}; the next try is ${until(to, now)}: ${
        untrusted(reason)
      }`
    ),
    ...(problem === undefined
      ? []
      : [html`<b>The publisher cannot work</b>: ${untrusted(problem)}`]),
    ...(found.refused.value === 0 ? [] : [
      html`<b>${
        counted(found.refused, "report")
      } refused</b>: <a href="/refused">see why, and send again</a>`,
    ]),
    ...(late <= 0 ? [] : [
      html`<b>An attack or a report has waited for ${
        duration(now - found.waitingSince!)
      }</b>, longer than expected`,
    ]),
    ...(silent.length === 0 ? [] : [
      html`<b>${counted(silent.length, "sensor is", "sensors are")} silent</b> for ${
        duration(silentMs)
      } or longer: ${
        silent.slice(0, MOST_SILENT).map(({ sensor, name }, index) => [
          index === 0 ? "" : ", ",
          sensorLink(sensor, name),
        ])
      }${silent.length > MOST_SILENT ? ", …" : ""}`,
    ]),
  ];
  if (problems.length === 0) return "";
  return html`
    <h2 class="visually-hidden">Needs attention</h2>
    <ul class="attention">${problems.map((one) => html`<li>${one}</li>`)}</ul>
  `;
}

function firstSteps({ ignored }: Overview): Html {
  const arrived = [...ignored.values()].reduce((sum, n) => sum + n, 0);
  const why = arrived === 0
    ? html`<p>This page shows alerts as soon as the service has stored one. To see one now, send a recorded or a real alert:</p>`
    : html`<p>${
      counted(arrived, "alert")
    } arrived, and none was evidence of password guessing at a honeypot; the reasons stand below. Often the agent's name does not begin with one of <code>honeypot.agent_prefixes</code>.</p>`;
  return html`<div class="start"><h2>No attacks yet</h2>${why}
<pre tabindex="0" aria-label="A command to send an alert"><code>curl --data-binary @alert.json http://127.0.0.1:8787/alerts</code></pre>
<ul><li><code>doctor</code> checks configuration, files and MISP.</li>
<li><code>--test</code> shows the event of a sample alert.</li>
<li>With tokens, senders need <code>Authorization: Bearer TOKEN</code>; <code>serve token new NAME</code> makes one.</li></ul></div>`;
}

/** Links that choose over how long the rankings are. */
function spans({ found, span }: DashboardParts): Html {
  return html`<nav aria-label="Span of time">${
    RANKING_SPANS.map((one) =>
      html`<a href="/${spanQuery(one)}" ${one === span ? html`aria-current="true"` : ""}>${
        SPAN_NAMES[one]
      }</a>`
    )
  }<span class="muted">since ${moment(found.since).slice(0, 16)} UTC</span></nav>`;
}

function charts({ found, span, now }: DashboardParts): Html {
  const { minutes, history } = found;
  const ofHour = { rows: minutes, now, bars: 60, barMs: MINUTE, labels: 3, name: "Last hour" };
  const ofDay = { rows: minutes, now, bars: 97, barMs: 15 * MINUTE, labels: 4, name: "24 hours" };
  const main = span === "hour"
    ? barChart(ofHour)
    : span === "day"
    ? barChart(ofDay)
    : historyChart(span === "week" ? "7 days" : "30 days", history, now);
  return html`<h2>Attempts</h2>
<div class="charts">${main}${barChart(span === "hour" ? ofDay : ofHour)}</div>${
    minutes.length === 0 ? "" : hoursTable(minutes)
  }`;
}

function sources({ found, now, mispUrl, locate, span }: DashboardParts): Html {
  const rows = table<Overview["sources"][number]>(
    [
      { name: "source", cell: (one) => [sourceLink(one.sourceIp), compromisedMark(one)] },
      {
        name: "country",
        cell: (one) => countryOf(locate(one.sourceIp) ?? one.sourceLocation),
      },
      { name: "attempts", label: "attempts", kind: "number", cell: ({ recent }) => number(recent) },
      { name: "in all", label: "in all", kind: "number", cell: (one) => bounded(one.attempts) },
      { name: "last seen", label: "last seen", cell: (one) => ago(one.lastSeen, now) },
      { name: "state", kind: "state", cell: (one) => stateOf(one, { now, mispUrl }) },
    ],
    found.sources,
    { kind: "sources" },
  );
  const name = `Top sources, ${SPAN_NAMES[span]}`;
  return html`<h2>Top sources <span class="muted">${SPAN_NAMES[span]}</span></h2>
${tableBox("sources-box", name, rows)}`;
}

function waiting({ found, due, now }: DashboardParts): Html {
  const { openAttacks, nextReports } = found;
  const attacks = openAttacks.value === 0
    ? html`<p>No attack is open.</p>`
    : html`<p>${
      counted(openAttacks, "attack is", "attacks are")
    } open. An attack is reported once its source was silent for ${
      duration(due.periodMs)
    }, at the latest after ${duration(due.maxHoldMs)}.</p>`;
  if (found.waiting.value === 0) {
    return html`<h2>What is waiting, and why</h2>${attacks}<p>No report waits for delivery.</p>`;
  }
  const rows = table<ReportRow>([
    { name: "source", cell: ({ sourceIp }) => subject(sourceIp) },
    { name: "to", cell: ({ sink }) => sink },
    { name: "next try", cell: ({ nextTryAt }) => until(nextTryAt ?? now, now) },
    { name: "tries", kind: "number", cell: ({ tries }) => number(tries) },
    {
      name: "why it waits",
      kind: "reason",
      cell: ({ lastError }) =>
        lastError === undefined
          ? html`<span class="muted">it was not sent yet</span>`
          : untrusted(lastError),
    },
  ], nextReports);
  return html`<h2>What is waiting, and why</h2>${attacks}
<p>${counted(found.waiting, "report waits", "reports wait")} for delivery. Next:</p>
${tableBox("waiting-box", "Reports that are sent next", rows)}`;
}

/** The source of a report; one that closes the event of a day has none. */
export function subject(sourceIp: string): Html {
  return sourceIp.startsWith("day ") ? html`${sourceIp}` : sourceLink(sourceIp);
}

function sensors({ found, silentMs, now }: DashboardParts): Html | "" {
  if (found.sensors.length === 0) return "";
  return html`<h2>Sensors</h2>${
    sensorsTable(found.sensors, [
      {
        name: "last contact",
        cell: ({ lastSeen }) => [ago(lastSeen, now), silentMark(lastSeen, silentMs, now)],
      },
    ])
  }`;
}

function ignored({ found }: DashboardParts): Html | "" {
  const reasons = [...found.ignored].sort(([, a], [, b]) => b - a).slice(0, MOST_IGNORED);
  if (found.accepted + found.duplicate + reasons.length === 0) return "";
  const rows: readonly (readonly [string, number])[] = [
    ["accepted", found.accepted],
    ...(found.duplicate === 0 ? [] : [["sent again", found.duplicate] as const]),
    ...reasons.map(([reason, n]) => [`ignored: ${reason.replaceAll("_", " ")}`, n] as const),
  ];
  return html`
    <h2>Alerts so far</h2>
    ${table([
      { name: "outcome", cell: ([name]) => name },
      { name: "alerts", kind: "number", cell: ([, n]) => number(n) },
    ], rows)}
  `;
}
