/**
 * The refused reports, the reasons, and buttons to send them again. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { ReportRow } from "../../buffer/reports.ts";
import type { RefusedReports } from "../../buffer/views.ts";
import { subject } from "./dashboard.ts";
import { type Frame, layout } from "./layout.ts";
import { eventAddress } from "../../event_address.ts";
import { table, tableBox } from "./table.ts";
import { ago, bounded, counted, type Html, number, untrusted } from "./text.ts";

/** What the page shows. */
export interface RefusedParts {
  readonly found: RefusedReports;
  /** The outcome of the retry that led here. */
  readonly notice: string | undefined;
  readonly mispUrl: string | undefined;
  readonly frame: Frame;
}

/** Writes the page. */
export function refusedPage(parts: RefusedParts): Html {
  const { found, notice, frame } = parts;
  const isEmpty = found.rows.length === 0;
  return layout({
    title: "Refused reports",
    at: "/refused",
    frame,
    body: html`
      <h1>Refused reports</h1>
      ${notice === undefined ? "" : html`<p class="notice" role="status">${notice}</p>`}
      <section>${isEmpty
        ? html`<p>There is none: every report was delivered or waits.</p>`
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
    )} refused. A refused report is not sent again by itself, but a later report of the same event replaces it.</p>
    ${rows.length === 1 ? "" : html`
      <form method="post" action="/refused/retry">
        <button name="all" value="${rows.length}">Send ${which} again</button>
      </form>
    `}
    ${tableBox("refused-box", "Refused reports", refusedTable(parts))}
    ${more > 0
      ? html`<p class="muted">${bounded({ ...count, value: more })} more are not listed.</p>`
      : ""}
  `;
}

function refusedTable({ found, mispUrl, frame: { now } }: RefusedParts): Html {
  return table<ReportRow>([
    { name: "source", cell: ({ sourceIp }) => subject(sourceIp) },
    { name: "by", cell: (report) => sinkText(report, mispUrl) },
    {
      name: "refused",
      cell: ({ lastTriedAt, snapshotAt }) => ago(lastTriedAt ?? snapshotAt, now),
    },
    { name: "attempts", kind: "number", cell: ({ attempts }) => number(attempts) },
    { name: "tries", kind: "number", cell: ({ tries }) => number(tries) },
    {
      name: "why",
      kind: "reason",
      cell: ({ lastError }) => untrusted(lastError ?? "no reason was given", 600),
    },
    {
      name: html`<span class="visually-hidden">send again</span>`,
      kind: "number",
      cell: retryForm,
    },
  ], found.rows);
}

function sinkText({ sink, sourceIp, eventUuid }: ReportRow, mispUrl: string | undefined) {
  const address = sink === "misp" ? eventAddress(eventUuid, mispUrl) : undefined;
  if (address === undefined) return sink;
  return html`
    <a href="${address}"
      rel="noopener noreferrer">${sink}<span class="visually-hidden">: event of ${sourceIp}</span></a>
  `;
}

function retryForm({ uuid, sink, sourceIp }: ReportRow): Html {
  return html`
    <form method="post" action="/refused/retry">
      <input type="hidden" name="report" value="${uuid}">
      <input type="hidden" name="sink" value="${sink}">
      <button aria-label="Send again: ${sourceIp} to ${sink}">Send again</button>
    </form>
  `;
}
