/**
 * The overview: what an analyst wants to see at a glance. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { DueRules } from "../../buffer/outbox.ts";
import type { Location } from "../../model.ts";
import type { Overview, SourceRow } from "../../buffer/views.ts";
import { barChart, hoursTable, rateText } from "./chart.ts";
import { layout, tableBox } from "./layout.ts";
import { countryOf, sourceLink, stateOf } from "./source_state.ts";
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

/** What the overview is drawn from. */
export interface DashboardParts {
  readonly found: Overview;
  /** Why the publisher that stays behind integration calls could not work. */
  readonly problem: string | undefined;
  readonly mispUrl: string | undefined;
  readonly due: DueRules;
  readonly locate: (address: string) => Location | undefined;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** How much longer than it must something may wait before that is told as a trouble. */
const LATE_MS = 5 * MINUTE;

/** Minutes that the rate of now is taken over. */
const NOW_MINUTES = 5;
const MOST_IGNORED = 8;

/** Draws the page. */
export function dashboard(parts: DashboardParts): Html {
  return layout({
    title: "SSH brute force: overview",
    at: "/",
    isLive: true,
    now: parts.now,
    body: html`<h1 class="unseen">Overview</h1>${liveParts(parts)}`,
  });
}

/** Draws what changes by itself. */
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
  const name = sink === "misp" ? "last MISP success" : "last in the feed";
  return html`<h2 class="unseen">Now</h2>
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
      found.waitingSince === undefined ? "nothing waits" : "since the oldest that waits",
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

/** What somebody must look at; nothing where all is well. */
function attention({ found, problem, due, now }: DashboardParts): Html | "" {
  const late = found.waitingSince === undefined
    ? 0
    : now - found.waitingSince - due.maxHoldMs - LATE_MS;
  const told = [
    ...found.paused.filter((pause) => pause.until > now).map(({ sink, reason, since, until: to }) =>
      html`<b>${sink} is left alone</b> since ${ago(since, now)}, and tried again ${
        until(to, now)
      }: ${untrusted(reason)}`
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
      html`<b>Something waits for ${
        duration(now - found.waitingSince!)
      }</b>, longer than it should`,
    ]),
  ];
  if (told.length === 0) return "";
  return html`
    <h2 class="unseen">Needs attention</h2>
    <ul class="attention">${told.map((one) => html`<li>${one}</li>`)}</ul>
  `;
}

function firstSteps({ ignored }: Overview): Html {
  const came = [...ignored.values()].reduce((sum, n) => sum + n, 0);
  const why = came === 0
    ? html`<p>Alerts show here as soon as one was taken. To see one at once, send a recorded or a real one:</p>`
    : html`<p>${
      counted(came, "alert")
    } came, and none was evidence of password guessing at a honeypot: see below why. Often the agent's name does not begin as <code>honeypot.agent_prefixes</code> says.</p>`;
  return html`<div class="start"><h2>No attacks yet</h2>${why}
<pre tabindex="0" aria-label="A command to send an alert"><code>curl --data-binary @alert.json http://127.0.0.1:8787/alerts</code></pre>
<ul><li><code>doctor</code> tells whether configuration, files and MISP are as they must be.</li>
<li><code>--test</code> shows what a sample alert would give.</li>
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
const ofLatest = (sources: number) => `of the latest ${counted(sources, "source")}`;

function sources(parts: DashboardParts): Html {
  const { found } = parts;
  const name = `Top sources, ${ofLatest(found.ranked)}`;
  return html`<h2>Top sources <span class="quiet">${ofLatest(found.ranked)}</span></h2>
${
    tableBox(
      "sources-box",
      name,
      html`
        <table class="sources">
          <thead>
            <tr>
              <th scope="col">source</th>
              <th scope="col">country</th>
              <th scope="col" class="number">attempts</th>
              <th scope="col">last seen</th>
              <th scope="col">state</th>
            </tr>
          </thead>
          <tbody>${found.sources.map((source) => sourceLine(source, parts))}</tbody>
        </table>
      `,
    )
  }`;
}

function sourceLine(source: SourceRow, { now, mispUrl, locate }: DashboardParts): Html {
  const compromised = source.compromisedAt === undefined ? "" : html`
    <span class="badge refused">let in</span>
  `;
  return html`
    <tr>
      <th scope="row">${sourceLink(source.sourceIp)}${compromised}</th>
      <td>${countryOf(locate(source.sourceIp) ?? source.sourceLocation)}</td>
      <td class="number">${bounded(source.attempts)}</td>
      <td>${ago(source.lastSeen, now)}</td>
      <td class="state">${stateOf(source, { now, mispUrl })}</td>
    </tr>
  `;
}

function waiting({ found, due, now }: DashboardParts): Html {
  const { openAttacks, nextReports } = found;
  const gathering = openAttacks.value === 0
    ? html`<p>No attack is being gathered.</p>`
    : html`<p>${
      counted(openAttacks, "attack is", "attacks are")
    } being gathered: each is reported once its source was silent for ${
      duration(due.periodMs)
    }, at the latest after ${duration(due.maxHoldMs)}.</p>`;
  const reports = found.waiting.value === 0
    ? html`<p>No report waits for delivery.</p>`
    : html`<p>${counted(found.waiting, "report waits", "reports wait")} for delivery. Next:</p>
${
      tableBox(
        "waiting-box",
        "Reports that are tried next",
        html`
          <table>
            <thead>
              <tr>
                <th scope="col">source</th>
                <th scope="col">to</th>
                <th scope="col">next try</th>
                <th scope="col" class="number">tries</th>
                <th scope="col">why it waits</th>
              </tr>
            </thead>
            <tbody>${nextReports.map((report) =>
              html`
                <tr>
                  <th scope="row">${subject(report.sourceIp)}</th>
                  <td>${report.sink}</td>
                  <td>${until(report.nextTryAt ?? now, now)}</td>
                  <td class="number">${number(report.tries)}</td>
                  <td class="reason">${report.lastError === undefined
                    ? html`<span class="quiet">its turn is to come</span>`
                    : untrusted(report.lastError)}</td>
                </tr>
              `
            )}</tbody>
          </table>
        `,
      )
    }`;
  return html`<h2>What is waiting, and why</h2>${gathering}${reports}`;
}

/** The source of a report; one that closes the event of a day has none. */
export function subject(sourceIp: string): Html {
  return sourceIp.startsWith("day ") ? html`${sourceIp}` : sourceLink(sourceIp);
}

function usernames({ found }: DashboardParts): Html | "" {
  if (found.usernames.length === 0) return "";
  const most = found.usernames[0]!.attempts;
  return html`
    <h2>Top user names <span class="quiet">${ofLatest(found.latest)}</span></h2>
    <table class="ranks">
      <thead>
        <tr>
          <th scope="col">user name</th>
          <th scope="col" class="number">attempts</th>
        </tr>
      </thead>
      <tbody>${found.usernames.map(({ text, attempts }) =>
        html`
          <tr>
            <th scope="row" class="foreign">${untrusted(text, 60)}</th>
            <td
              class="number"><svg class="share" aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none"><rect class="bar" width="${(attempts /
                most * 100).toFixed(1)}" height="10"/></svg>${number(attempts)}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

function sensors({ found, now }: DashboardParts): Html | "" {
  if (found.sensors.length === 0) return "";
  return html`<h2>Sensors</h2>
${
    tableBox(
      "sensors-box",
      "Sensors",
      html`
        <table>
          <thead>
            <tr>
              <th scope="col">sensor</th>
              <th scope="col" class="number">alerts</th>
              <th scope="col">last contact</th>
            </tr>
          </thead>
          <tbody>${found.sensors.map(({ name, alerts, lastSeen }) =>
            html`
              <tr>
                <th scope="row" class="foreign">${untrusted(name, 60)}</th>
                <td class="number">${number(alerts)}</td>
                <td>${ago(lastSeen, now)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      `,
    )
  }`;
}

function techniques({ found }: DashboardParts): Html | "" {
  if (found.techniques.length === 0) return "";
  return html`
    <h2>Techniques <span class="quiet">${ofLatest(found.latest)}</span></h2>
    <table>
      <thead>
        <tr>
          <th scope="col">MITRE ATT&amp;CK</th>
          <th scope="col" class="number">sources</th>
        </tr>
      </thead>
      <tbody>${found.techniques.map(({ id, name, sources }) =>
        html`
          <tr>
            <th scope="row" class="foreign">${untrusted(id, 20)} ${name === undefined
              ? ""
              : html`<span class="quiet">${untrusted(name, 60)}</span>`}</th>
            <td class="number">${number(sources)}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

function ignored({ found }: DashboardParts): Html | "" {
  const reasons = [...found.ignored].sort(([, a], [, b]) => b - a).slice(0, MOST_IGNORED);
  if (found.accepted + found.duplicate + reasons.length === 0) return "";
  const line = (name: string, n: number) =>
    html`
      <tr>
        <th scope="row">${name}</th>
        <td class="number">${number(n)}</td>
      </tr>
    `;
  return html`
    <h2>Alerts so far</h2>
    <table>
      <tbody>${line("accepted", found.accepted)}${found.duplicate === 0
        ? ""
        : line("handed over twice", found.duplicate)}${reasons.map(([reason, n]) =>
          line(`ignored: ${reason.replaceAll("_", " ")}`, n)
        )}</tbody>
    </table>
  `;
}
