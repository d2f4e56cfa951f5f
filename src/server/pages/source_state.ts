/**
 * The state of a source on its way to MISP, in a word and a sentence. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { Location } from "../../model.ts";
import type { ReportRow } from "../../buffer/reports.ts";
import type { SourceRow } from "../../buffer/sources.ts";
import { eventAddress } from "../../event_address.ts";
import { listLink } from "./ranking.ts";
import { ago, cleaned, type Html, since, until, untrusted } from "./text.ts";

/** What states are made with. */
export interface StateRules {
  /** Address of MISP; undefined: events go to the feed folder only. */
  readonly mispUrl: string | undefined;
  readonly now: number;
}

/** The kinds of state; each has its own colour. */
export type StateKind = "refused" | "pending" | "delivered" | "withdrawn" | "expired" | "none";

/** A state as a word, so that it does not depend on its colour. */
export function badge(kind: StateKind, text: string = kind): Html {
  return html`<span class="badge ${kind}">${text}</span>`;
}

/** The state of a source. The worst one counts, since it needs attention. */
export function stateOf(source: SourceRow, { now, mispUrl }: StateRules): Html {
  const newest = newestOfEachSink(source.reports);
  const refused = newest.find(({ state }) => state === "refused");
  const waiting = newest.find(({ state }) => state === "pending");
  const link = eventLink(source, mispUrl);
  if (refused !== undefined) {
    const why = refused.lastError ?? "no reason was given";
    return html`${badge("refused")} <a href="/refused">${cleaned(why, 90)}</a> ${link}`;
  }
  if (source.retractedAt !== undefined) {
    return html`${badge("withdrawn")} ${ago(source.retractedAt, now)} ${link}`;
  }
  if (waiting !== undefined) {
    const why = waiting.lastError === undefined ? "" : html`: ${untrusted(waiting.lastError, 90)}`;
    return html`${badge("pending")} to ${waiting.sink} ${
      until(waiting.nextTryAt ?? now, now)
    }${why} ${link}`;
  }
  if (source.openedAt !== undefined) {
    return html`${badge("pending")} collecting for ${since(source.openedAt, now)} ${link}`;
  }
  if (source.expiredAt !== undefined) {
    return html`${badge("expired")} ${ago(source.expiredAt, now)} ${link}`;
  }
  if (source.deliveredTo.length > 0) {
    const sinks = source.deliveredTo.includes("misp") ? link : "to the feed";
    return html`${badge("delivered")} ${sinks}`;
  }
  return badge("none", "not published");
}

function newestOfEachSink(reports: readonly ReportRow[]): readonly ReportRow[] {
  return ["misp", "feed"].map((name) => reports.find(({ sink }) => sink === name))
    .filter((report) => report !== undefined);
}

/** A link to the event that MISP has; empty before. */
export function eventLink(source: SourceRow, mispUrl: string | undefined): Html | "" {
  const { eventUuid, deliveredTo, sourceIp } = source;
  if (eventUuid === undefined || !deliveredTo.includes("misp")) return "";
  const address = eventAddress(eventUuid, mispUrl);
  if (address === undefined) return "";
  return html`
    <a href="${address}"
      rel="noopener noreferrer">MISP event<span class="visually-hidden"> of ${sourceIp}</span></a>
  `;
}

/** What stands where nothing is known. */
export const NOTHING = html`<span class="muted none">–</span>`;

/** The country of a source. */
export function countryOf(location: Location | undefined): Html {
  const { countryCode, country } = location ?? {};
  if (countryCode === undefined && country === undefined) return NOTHING;
  if (countryCode === undefined) return untrusted(country!, 30);
  const code = cleaned(countryCode, 8);
  if (country === undefined) return listLink("country", countryCode, html`${code}`);
  return html`${
    listLink("country", countryCode, html`<abbr title="${cleaned(country, 60)}">${code}</abbr>`)
  } ${untrusted(country, 30)}`;
}

/** The mark of a source that logged in; empty where it did not. */
export function compromisedMark({ compromisedAt }: SourceRow): Html | "" {
  if (compromisedAt === undefined) return "";
  return html`
    <span class="badge refused">logged in after failures</span>
  `;
}

/** The mark of a source that was taken back; empty where it was not. */
export function takenBackMark(
  { retractedAt, expiredAt }: Pick<SourceRow, "retractedAt" | "expiredAt">,
): Html | "" {
  if (retractedAt !== undefined) return badge("withdrawn");
  return expiredAt === undefined ? "" : badge("expired");
}

/** The address of a source as a link to its page. */
export function sourceLink(sourceIp: string): Html {
  return html`<a class="address" href="/sources/${encodeURIComponent(sourceIp)}">${sourceIp}</a>`;
}
