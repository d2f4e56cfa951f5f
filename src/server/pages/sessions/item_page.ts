/**
 * The page of a file, a client or a key: which sources it came from. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { FoundKind, ItemView, StatedItemSource } from "../../../buffer/sessions.ts";
import { sourceLink, takenBackMark } from "../source_state.ts";
import { table, tableBox } from "../table.ts";
import { ago, counted, fullTime, type Html, number } from "../text.ts";
import { detailCells, itemPath } from "./links.ts";

const WORDS: Readonly<Record<FoundKind, { readonly title: string; readonly sources: string }>> = {
  payload: { title: "Payload", sources: "Sources that brought it" },
  hassh: { title: "SSH client (HASSH)", sources: "Sources that use it" },
  key: { title: "Planted key", sources: "Sources that planted it" },
};

/** Sources that the page shows. */
const MOST_SHOWN = 200;

/** The title of an item's page. */
export function itemTitle(kind: FoundKind, value: string): string {
  return `${WORDS[kind].title} ${value.slice(0, 24)}…`;
}

/** The body of the page. */
export function itemBody(kind: FoundKind, { item, sources, isMore }: ItemView, now: number): Html {
  const fact = (name: string, value: Html | string) =>
    html`
      <div>
        <dt>${name}</dt>
        <dd>${value}</dd>
      </div>
    `;
  const detail = detailCells(item);
  const shown = sources.slice(0, MOST_SHOWN);
  const path = itemPath(kind, item.value);
  const amount = counted({ value: sources.length, isMore }, "source");
  return html`
    <h1>${WORDS[kind].title}</h1>
    <p><code>${item.value}</code></p>
    <dl class="facts">
      ${fact("times", number(item.count))}
      ${fact("first seen", html`${fullTime(item.firstSeen)}`)}
      ${fact("last seen", html`${fullTime(item.lastSeen)}, ${ago(item.lastSeen, now)}`)}
      ${detail.length === 0 ? "" : fact("detail", html`${detail}`)}
    </dl>
    <section>
      <h2>${WORDS[kind].sources} <span class="muted">${amount}</span></h2>
      ${tableBox("sources-box", "Sources", sourcesTable(shown, now))}
      <p>${shown.length < sources.length ? `The latest ${MOST_SHOWN} are shown. ` : ""}All as
      <a href="${path}.csv">CSV</a> and <a href="${path}.json">JSON</a>.</p>
    </section>
  `;
}

function sourcesTable(sources: readonly StatedItemSource[], now: number): Html {
  return table<StatedItemSource>([
    { name: "source", cell: (one) => [sourceLink(one.sourceIp), " ", takenBackMark(one)] },
    { name: "times", kind: "number", cell: ({ count }) => number(count) },
    { name: "first seen", cell: ({ firstSeen }) => ago(firstSeen, now) },
    { name: "last seen", cell: ({ lastSeen }) => ago(lastSeen, now) },
  ], sources);
}
