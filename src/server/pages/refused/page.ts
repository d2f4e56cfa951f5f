/**
 * The refused reports: by reason, the reports of one reason, and the question before all of them are
 * changed. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { ReportRow } from "../../../buffer/reports.ts";
import type { RefusedCursor } from "../../../buffer/views.ts";
import { eventAddress } from "../../../event_address.ts";
import { subject } from "../dashboard.ts";
import { type Frame, layout } from "../layout.ts";
import { table, tableBox } from "../table.ts";
import { ago, counted, type Html, number, untrusted } from "../text.ts";
import {
  type Change,
  GROUPED,
  type Grouped,
  type GroupPage,
} from "../../../publish/refused/groups.ts";
import { type Reason, type ReasonGroup, reasonOf } from "../../../publish/refused/reasons.ts";

/** What every one of these pages has. */
interface Shared {
  readonly mispUrl: string | undefined;
  readonly frame: Frame;
}

/** Longest answer of MISP that is shown, characters. */
const LONGEST_ANSWER = 600;

/** Reasons of one page. */
const REASONS = 50;

/** The reasons of a page. @param from the number of the first one, from 0 */
export const shownGroups = ({ groups }: Grouped, from: number): readonly ReasonGroup[] =>
  groups.slice(from, from + REASONS);

/** Writes the list of reasons. */
export function refusedPage(
  { grouped, latest, from, notice, ...shared }: Shared & {
    readonly grouped: Grouped;
    /** The latest reports of the reasons that are shown. */
    readonly latest: readonly ReportRow[];
    /** The number of the first reason that is shown, from 0. */
    readonly from: number;
    /** The outcome of the change that led here. */
    readonly notice: string | undefined;
  },
): Html {
  const { groups, count, isMore } = grouped;
  const shown = shownGroups(grouped, from);
  const next = from + REASONS;
  return layout({
    title: "Refused reports",
    at: "/refused",
    frame: shared.frame,
    body: html`
      <h1>Refused reports</h1>
      ${notice === undefined ? "" : html`<p class="notice" role="status">${notice}</p>`}
      ${count === 0
        ? html`
          <section>
            <p>There is none: every report was delivered or waits.</p>
          </section>
        `
        : html`
          <p>${counted(
            count,
            "report was",
            "reports were",
          )} refused. A refused report is not sent again by itself, but a later report of the same event replaces it.${isMore
            ? ` Only the latest ${number(GROUPED)} are counted by reason.`
            : ""}</p>
          ${shown.map((group) => section(group, latest, isMore, shared))}
        `}
      ${next < groups.length
        ? html`
          <nav class="pager"
            aria-label="Further reasons"><a href="/refused?from=${next}">${counted(
              groups.length - next,
              "further reason",
            )}</a></nav>
        `
        : ""}
    `,
  });
}

function reasonText({ text, advice }: Reason): Html {
  return html`
    <h2>${untrusted(text)}</h2>
    <p><b>What to do:</b> ${advice}</p>
  `;
}

function section(
  group: ReasonGroup,
  latestOfAll: readonly ReportRow[],
  isMore: boolean,
  shared: Shared,
): Html {
  const { key, sink, count, since } = group;
  const uuids = group.latest.map(({ uuid }) => uuid);
  const latest = latestOfAll.filter((row) => row.sink === sink && uuids.includes(row.uuid));
  const { now } = shared.frame;
  const [newest] = group.latest;
  const button = (change: Change, words: string) =>
    html`
      <form method="get" action="/refused/${key}/${change}">
        <button>${words}</button>
      </form>
    `;
  const all = count === 1 ? "the report" : `all ${number(count)}${isMore ? "+" : ""}`;
  return html`
    <section class="group" id="reason-${key}">
      ${reasonText(group)}
      <p>${counted({ value: count, isMore }, "report")} to ${sink}, refused ${ago(
        newest?.at,
        now,
      )}${count === 1 ? "" : html`, the first ${ago(since, now)}`}.</p>
      <div class="actions">
        ${button("retry", `Send ${all} again`)} ${button("drop", `Drop ${all}`)}
        ${count > uuids.length ? html`<a href="/refused/${key}">List them</a>` : ""}
      </div>
      <details>
        <summary>The whole answer${count === 1 ? "" : " to the latest"}</summary>
        <p class="answer">${untrusted(newest?.lastError ?? "", LONGEST_ANSWER)}</p>
      </details>
      ${reports(key, latest, shared)}
    </section>
  `;
}

/** Writes a page of the reports of one reason. */
export function groupPage(
  { key, page, ...shared }: Shared & {
    readonly key: string;
    readonly page: GroupPage;
  },
): Html {
  const { rows, next } = page;
  const [first] = rows;
  return layout({
    title: "Refused for one reason",
    at: "/refused",
    frame: shared.frame,
    body: html`
      <h1>Refused for one reason</h1>
      <p><a href="/refused">All reasons</a></p>
      <section>
        ${first === undefined
          ? html`<p>None of the reports that were looked at has this reason.</p>`
          : [reasonText(reasonOf(first)), reports(key, rows, shared, true)]}
        ${next === undefined ? "" : html`
          <nav class="pager"
            aria-label="Further reports"><a href="/refused/${key}?after=${cursorText(
              next,
            )}">Next page</a></nav>
        `}
      </section>
    `,
  });
}

/** Writes the question before all reports of a reason are changed. */
export function questionPage(
  { group, isMore, change, frame }: Pick<Shared, "frame"> & {
    readonly group: ReasonGroup;
    /** Whether there may be more than were counted. */
    readonly isMore: boolean;
    readonly change: Change;
  },
): Html {
  const amount = counted({ value: group.count, isMore }, "report");
  const { title, result, button } = change === "retry"
    ? {
      title: `Send ${amount} again?`,
      result: "What is due is sent within a minute. What is wrong still is refused again.",
      button: `Send ${amount} again`,
    }
    : {
      title: `Drop ${amount}?`,
      result: "This cannot be undone. What was counted of each source is kept: its next report " +
        "contains it.",
      button: `Drop ${amount}`,
    };
  return layout({
    title,
    at: "/refused",
    frame,
    body: html`
      <h1>${title}</h1>
      <section>
        <p>Refused by ${group.sink}: ${untrusted(group.text)}</p>
        <p>${result}</p>
        <form class="actions" method="post" action="/refused/${group.key}/${change}">
          <input type="hidden" name="until" value="${frame.now}">
          <button>${button}</button> <a href="/refused">Cancel</a>
        </form>
      </section>
    `,
  });
}

function reports(
  key: string,
  rows: readonly ReportRow[],
  { mispUrl, frame: { now } }: Shared,
  hasAnswers = false,
): Html {
  const shown = table<ReportRow>(
    [
      { name: "source", cell: ({ sourceIp }) => subject(sourceIp) },
      { name: "by", cell: (report) => sinkText(report, mispUrl) },
      {
        name: "refused",
        cell: ({ lastTriedAt, snapshotAt }) => ago(lastTriedAt ?? snapshotAt, now),
      },
      { name: "attempts", kind: "number", cell: ({ attempts }) => number(attempts) },
      { name: "tries", kind: "number", cell: ({ tries }) => number(tries) },
      ...(hasAnswers
        ? [{
          ...{ name: "answer", kind: "reason" } as const,
          cell: ({ lastError = "" }: ReportRow) => untrusted(lastError, LONGEST_ANSWER),
        }]
        : []),
      {
        name: html`<span class="visually-hidden">send again</span>`,
        kind: "number",
        cell: retryForm,
      },
    ],
    rows,
    { kind: "refused" },
  );
  return tableBox(`refused-${key}`, "Refused reports", shown);
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

/** A cursor as part of an address. */
function cursorText({ at, uuid, sink }: RefusedCursor): string {
  return `${at}~${uuid}~${sink}`;
}
