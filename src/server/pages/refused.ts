/**
 * The refused reports, why they were, and buttons to send them again. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { ReportRow } from "../../buffer/reports.ts";
import type { RefusedReports } from "../../buffer/views.ts";
import { subject } from "./dashboard.ts";
import { layout, tableBox } from "./layout.ts";
import { eventAddress } from "./source_state.ts";
import { ago, bounded, counted, type Html, number, untrusted } from "./text.ts";

/** What the page is drawn from. */
export interface RefusedParts {
  readonly found: RefusedReports;
  /** What became of the retry that led here. */
  readonly told: string | undefined;
  readonly mispUrl: string | undefined;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** Draws the page. */
export function refusedPage(parts: RefusedParts): Html {
  const { found, told, now } = parts;
  const isEmpty = found.rows.length === 0;
  return layout({
    title: "Refused reports: SSH brute force",
    at: "/refused",
    now,
    body: html`
      <h1>Refused reports</h1>
      ${told === undefined ? "" : html`<p class="told" role="status">${told}</p>`}
      <section>${isEmpty
        ? html`<p>None: everything was taken, or waits for its turn.</p>`
        : reports(parts)}</section>
    `,
  });
}

function reports(parts: RefusedParts): Html {
  const { rows, count } = parts.found;
  const more = count.value - rows.length;
  const which = more > 0 ? `these ${number(rows.length)}` : "all";
  return html`
    <p>${counted(
      count,
      "report was",
      "reports were",
    )} refused. None is sent again by itself, but a later report of the same event takes its place.</p>
    ${rows.length === 1 ? "" : html`
      <form method="post" action="/refused/retry">
        <button name="all" value="${rows.length}">Send ${which} again</button>
      </form>
    `}
    ${tableBox("refused-box", "Refused reports", table(parts))}
    ${more > 0
      ? html`<p class="quiet">${bounded({ ...count, value: more })} more are not listed.</p>`
      : ""}
  `;
}

function table(parts: RefusedParts): Html {
  return html`
    <table>
      <thead>
        <tr>
          <th scope="col">source</th>
          <th scope="col">by</th>
          <th scope="col">refused</th>
          <th scope="col" class="number">attempts</th>
          <th scope="col" class="number">tries</th>
          <th scope="col">why</th>
          <th scope="col"><span class="unseen">send again</span></th>
        </tr>
      </thead>
      <tbody>${parts.found.rows.map((report) => line(report, parts))}</tbody>
    </table>
  `;
}

function line(report: ReportRow, { mispUrl, now }: RefusedParts): Html {
  const { uuid, sink, sourceIp, eventUuid } = report;
  const address = sink === "misp" ? eventAddress(eventUuid, mispUrl) : undefined;
  const by = address === undefined ? sink : html`
    <a href="${address}"
      rel="noopener noreferrer">${sink}<span class="unseen">: event of ${sourceIp}</span></a>
  `;
  return html`
    <tr>
      <th scope="row">${subject(sourceIp)}</th>
      <td>${by}</td>
      <td>${ago(report.lastTriedAt ?? report.snapshotAt, now)}</td>
      <td class="number">${number(report.attempts)}</td>
      <td class="number">${number(report.tries)}</td>
      <td class="reason">${untrusted(report.lastError ?? "no reason was given", 600)}</td>
      <td class="number">
        <form method="post" action="/refused/retry">
          <input type="hidden" name="report" value="${uuid}">
          <input type="hidden" name="sink" value="${sink}">
          <button aria-label="Send again: ${sourceIp} to ${sink}">Send again</button>
        </form>
      </td>
    </tr>
  `;
}
