/**
 * The overview: everything that an analyst needs at a glance. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { DueRules } from "../../buffer/outbox.ts";
import type { Location } from "../../model.ts";
import type { RankedKind, RankingRow, RankingSpan } from "../../buffer/rankings.ts";
import type { ReportRow } from "../../buffer/reports.ts";
import type { NewPayloads } from "../../buffer/sessions.ts";
import type { Overview } from "../../buffer/views.ts";
import type { SourceRow } from "../../buffer/sources.ts";
import { barChart, hoursTable, rateText } from "./chart.ts";
import { layout } from "./layout.ts";
import { countryOf, sourceLink, stateOf } from "./source_state.ts";
import { sensorsTable, techniqueText, usernamesTable } from "./evidence.ts";
import { newPayloadsCard } from "./sessions/payload_list.ts";
import { table, tableBox } from "./table.ts";
import {
  ago,
  bounded,
  clock,
  counted,
  duration,
  type Html,
  number,
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

/** Writes the page. */
export function dashboard(parts: DashboardParts): Html {
  return layout({
    title: "SSH brute force: overview",
    at: "/",
    isLive: true,
    now: parts.now,
    body: html`<h1 class="visually-hidden">Overview</h1>${liveParts(parts)}`,
  });
}

/** Writes the parts of the page that update themselves. */
export function liveParts(parts: DashboardParts): Html {
  const { found } = parts;
  const isEmpty = found.accepted === 0 && found.knownSources === 0;
  return html`
    ${part("figures", figures(parts))}
    ${part("attention", attention(parts))}
    ${part("start", isEmpty ? firstSteps(found) : "")}
    ${part("charts", charts(parts))}
    <div class="columns">
      <div>
    ${part("sources", isEmpty ? "" : sources(parts))}
    ${part("waiting", isEmpty ? "" : waiting(parts))}
    ${part("sensors", sensors(parts))}
      </div>
      <div>
    ${part("usernames", usernames(parts))}
    ${part("techniques", techniques(parts))}
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
      found.waitingSince === undefined ? "none" : duration(now - found.waitingSince),
      found.waitingSince === undefined ? "nothing waits" : "age of the oldest item",
    )
  }
${
    figure(
      name,
      last === undefined ? "never" : duration(now - last),
      last === undefined ? "" : html`ago, at ${clock(last)} UTC`,
    )
  }
</dl>`;
}

function figure(name: string, value: string, more: Html | string): Html {
  return html`
    <div>
      <dt>${name}</dt>
      <dd>${value}</dd>
      <dd class="more">${more}</dd>
    </div>
  `;
}

/** What needs attention; empty where all is well. */
function attention({ found, problem, due, now }: DashboardParts): Html | "" {
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

function charts({ found, now }: DashboardParts): Html {
  const { minutes } = found;
  const day = { minutes, now, bars: 97, minutesOfBar: 15, labels: 4 };
  const hour = { minutes, now, bars: 60, minutesOfBar: 1, labels: 3 };
  return html`<h2>Attempts per minute</h2>
<div class="charts">${barChart({ ...day, name: "24 hours" })}${
    barChart({ ...hour, name: "Last hour" })
  }</div>${minutes.length === 0 ? "" : hoursTable(minutes)}`;
}

/** `of the latest 50 sources` */
const SPAN_NAMES: Readonly<Record<RankingSpan, string>> = {
  hour: "last hour",
  day: "last 24 hours",
  week: "last 7 days",
  month: "last 30 days",
};

/** The rows of a ranking; none where the kind is not ranked. */
const ranked = ({ found }: DashboardParts, kind: RankedKind): readonly RankingRow[] =>
  found.rankings.find((ranking) => ranking.kind === kind)?.rows ?? [];

function sources({ found, now, mispUrl, locate, span }: DashboardParts): Html {
  const rows = table<Overview["sources"][number]>(
    [
      { name: "source", cell: (one) => [sourceLink(one.sourceIp), compromised(one)] },
      {
        name: "country",
        cell: (one) => countryOf(locate(one.sourceIp) ?? one.sourceLocation),
      },
      { name: "attempts", kind: "number", cell: ({ recent }) => number(recent) },
      { name: "in all", kind: "number", cell: (one) => bounded(one.attempts) },
      { name: "last seen", cell: (one) => ago(one.lastSeen, now) },
      { name: "state", kind: "state", cell: (one) => stateOf(one, { now, mispUrl }) },
    ],
    found.sources,
    { kind: "sources" },
  );
  const name = `Top sources, ${SPAN_NAMES[span]}`;
  return html`<h2>Top sources <span class="muted">${SPAN_NAMES[span]}</span></h2>
${tableBox("sources-box", name, rows)}`;
}

function compromised({ compromisedAt }: SourceRow): Html | "" {
  if (compromisedAt === undefined) return "";
  return html`
    <span class="badge refused">logged in after failures</span>
  `;
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

function usernames(parts: DashboardParts): Html | "" {
  const rows = ranked(parts, "username").map(({ name, attempts }) => ({ text: name, attempts }));
  if (rows.length === 0) return "";
  return html`
    <h2>Top user names <span class="muted">${SPAN_NAMES[parts.span]}</span></h2>
    ${usernamesTable(rows, { hasBars: true })}
  `;
}

function sensors({ found, now }: DashboardParts): Html | "" {
  if (found.sensors.length === 0) return "";
  return html`<h2>Sensors</h2>${
    sensorsTable(found.sensors, [
      { name: "last contact", cell: ({ lastSeen }) => ago(lastSeen, now) },
    ])
  }`;
}

function techniques(parts: DashboardParts): Html | "" {
  const rows = ranked(parts, "technique");
  if (rows.length === 0) return "";
  return html`
    <h2>Techniques <span class="muted">${SPAN_NAMES[parts.span]}</span></h2>
    ${table([
      { name: "MITRE ATT&CK", kind: "untrusted", cell: ({ name }) => techniqueText({ id: name }) },
      { name: "attempts", kind: "number", cell: ({ attempts }) => number(attempts) },
    ], rows)}
  `;
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
