/**
 * The refused reports, why they were, and buttons to send them again. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { RefusedReports } from "../../buffer/views.ts";
import { subject } from "./dashboard.ts";
import { layout, tableBox } from "./layout.ts";
import { eventAddress } from "./source_state.ts";
import { ago, bounded, counted, foreign, type Html, number } from "./text.ts";

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
export function refusedPage({ found, told, mispUrl, now }: RefusedParts): Html {
  const { rows, count } = found;
  const more = count.value - rows.length;
  return layout({
    title: "Refused reports: SSH brute force",
    at: "/refused",
    now,
    body: html`<h1>Refused reports</h1>
${told === undefined ? "" : html`<p class="told" role="status">${told}</p>`}
${
      rows.length === 0 ? html`<p>None: everything was taken, or waits for its turn.</p>` : html`
        <p>${counted(
          count,
          "report was",
          "reports were",
        )} refused, and will not be sent again by themselves. A later report of the same event takes the place of a refused one.</p>
        <form method="post"
          action="/refused/retry"><button name="all" value="${rows.length}">Send ${more > 0
            ? `these ${number(rows.length)}`
            : rows.length === 1
            ? "it"
            : "all"} again</button></form>
        ${tableBox(
          "refused-box",
          "Refused reports",
          html`
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
              <tbody>${rows.map((report) => {
                const { uuid, sink, sourceIp, eventUuid } = report;
                const address = sink === "misp" ? eventAddress(eventUuid, mispUrl) : undefined;
                return html`
                  <tr>
                    <th scope="row">${subject(sourceIp)}</th>
                    <td>${address === undefined ? sink : html`
                      <a href="${address}"
                        rel="noopener noreferrer">${sink}<span class="unseen">: event of ${sourceIp}</span></a>
                    `}</td>
                    <td>${ago(report.lastTriedAt ?? report.frozenAt, now)}</td>
                    <td class="number">${number(report.attempts)}</td>
                    <td class="number">${number(report.tries)}</td>
                    <td class="reason">${foreign(
                      report.lastError ?? "no reason was given",
                      600,
                    )}</td>
                    <td>
                      <form method="post"
                        action="/refused/retry"><input type="hidden" name="report" value="${uuid}"><input type="hidden" name="sink" value="${sink}"><button aria-label="Send again: ${sourceIp} to ${sink}">Send again</button></form>
                    </td>
                  </tr>
                `;
              })}</tbody>
            </table>
          `,
        )}${more > 0
          ? html`<p class="quiet">${bounded({ ...count, value: more })} more are not listed.</p>`
          : ""}
      `
    }`,
  });
}
