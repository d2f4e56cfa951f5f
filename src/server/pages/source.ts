/**
 * The page of a source: what is known of it, and how it came about. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { ReportRow } from "../../buffer/reports.ts";
import type { SourceView } from "../../buffer/views.ts";
import type { Location } from "../../model.ts";
import { timeline } from "./chart.ts";
import { layout, tableBox } from "./layout.ts";
import { badge, countryOf, stateOf } from "./source_state.ts";
import { ago, bounded, counted, fullTime, type Html, number, untrusted } from "./text.ts";

/** What the page is drawn from. */
export interface SourceParts {
  readonly source: SourceView;
  readonly mispUrl: string | undefined;
  readonly location: Location | undefined;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** Draws the page. */
export function sourcePage(parts: SourceParts): Html {
  const { source, now } = parts;
  return layout({
    title: `${source.sourceIp}: SSH brute force`,
    now,
    body: html`
      <h1 class="address">${source.sourceIp}</h1>
      ${alarm(source)}
      ${facts(parts)}
      <section>
        <h2>Timeline</h2>
        ${timeline(source, now)} ${happenings(source, now)}
      </section>
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

function alarm({ compromisedAt }: SourceView): Html | "" {
  if (compromisedAt === undefined) return "";
  return html`
    <ul class="attention">
      <li><b>A login was let in</b> at ${fullTime(
        compromisedAt,
      )}, after failures. Take the sensor for compromised until you know better.</li>
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

interface Happening {
  readonly at: number;
  readonly told: Html | string;
}

function happenings(source: SourceView, now: number): Html {
  const { openedAt, compromisedAt, retractedAt } = source;
  const all: readonly Happening[] = [
    { at: source.firstSeen, told: "first seen" },
    { at: source.lastSeen, told: "last seen" },
    ...(openedAt === undefined
      ? []
      : [{ at: openedAt, told: "an attack began that is not reported yet" }]),
    ...(compromisedAt === undefined ? [] : [{ at: compromisedAt, told: "a login was let in" }]),
    ...(retractedAt === undefined ? [] : [{ at: retractedAt, told: "withdrawn by an operator" }]),
    ...source.reports.map(reportHappening),
  ];
  const rows = all.toSorted((one, other) => other.at - one.at);
  return tableBox(
    "happenings",
    "What happened",
    html`
      <table>
        <thead>
          <tr>
            <th scope="col">time</th>
            <th scope="col"><span class="unseen">how long </span>ago</th>
            <th scope="col">what</th>
          </tr>
        </thead>
        <tbody>${rows.map(({ at, told }) =>
          html`
            <tr>
              <td>${fullTime(at)}</td>
              <td>${ago(at, now)}</td>
              <td class="reason">${told}</td>
            </tr>
          `
        )}</tbody>
      </table>
    `,
  );
}

function reportHappening(report: ReportRow): Happening {
  const { snapshotAt, sink, state, lastTriedAt, attempts, lastError, tries } = report;
  const told = `to ${sink}: ${counted(attempts, "attempt")} so far`;
  const tried = tries < 2 ? "" : `, tried ${tries} times`;
  const why = lastError === undefined ? "" : html`. ${untrusted(lastError)}`;
  const again = state === "refused"
    ? html`
      (<a href="/refused">send again</a>)
    `
    : "";
  return {
    at: lastTriedAt ?? snapshotAt,
    told: html`${badge(state)} report ${told}${tried}${why}${again}`,
  };
}

function usernames(source: SourceView): Html {
  const { distinctUsernames, furtherUsernames } = source;
  const further = furtherUsernames === 0
    ? ""
    : html`<p class="quiet">${
      counted(furtherUsernames, "attempt")
    } more with names that are not kept.</p>`;
  if (source.usernames.length === 0) {
    return html`<h2>User names</h2><p>None was seen.</p>${further}`;
  }
  const about = distinctUsernames > source.usernames.length
    ? `${number(source.usernames.length)} of ${number(distinctUsernames)}`
    : number(distinctUsernames);
  return html`<h2>User names <span class="quiet">${about}</span></h2>
${
    tableBox(
      "usernames-box",
      "User names",
      html`
        <table>
          <thead>
            <tr>
              <th scope="col">user name</th>
              <th scope="col" class="number">attempts</th>
            </tr>
          </thead>
          <tbody>${source.usernames.map(({ text, attempts }) =>
            html`
              <tr>
                <th scope="row" class="foreign">${untrusted(text, 100)}</th>
                <td class="number">${number(attempts)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      `,
    )
  }${further}`;
}

function sensors({ sensors }: SourceView, now: number): Html {
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
              <th scope="col">first seen</th>
              <th scope="col">last seen</th>
            </tr>
          </thead>
          <tbody>${sensors.map(({ name, alerts, firstSeen, lastSeen }) =>
            html`
              <tr>
                <th scope="row" class="foreign">${untrusted(name, 60)}</th>
                <td class="number">${number(alerts)}</td>
                <td>${ago(firstSeen, now)}</td>
                <td>${ago(lastSeen, now)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      `,
    )
  }`;
}

function techniques({ techniques }: SourceView): Html | "" {
  if (techniques.length === 0) return "";
  return html`
    <h2>Techniques</h2>
    <ul class="plain">${techniques.map(({ id, name }) =>
      html`<li>${untrusted(id, 20)} ${
        name === undefined ? "" : html`<span class="quiet">${untrusted(name, 60)}</span>`
      }</li>`
    )}</ul>
  `;
}
