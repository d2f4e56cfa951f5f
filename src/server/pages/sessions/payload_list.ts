/**
 * Files that came for the first time: on the overview, and as a list. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { NewPayload, NewPayloads } from "../../../buffer/sessions.ts";
import { table, tableBox } from "../table.ts";
import { ago, bounded, type Html } from "../text.ts";
import { detailCells, itemLink } from "./links.ts";

/** Title of the list. */
export const PAYLOADS_TITLE = "Payloads";

/** Files that the overview shows. */
export const NEW_ON_OVERVIEW = 5;

/** The card of the overview; nothing where nothing came. */
export function newPayloadsCard({ rows, count }: NewPayloads, now: number): Html | "" {
  if (rows.length === 0) return "";
  return html`
    <h2>New payloads in 24 h <span class="muted">${bounded(count)}</span></h2>
    ${payloadsTable(rows, now)}
    <p><a href="/payloads">All of the last 30 days</a></p>
  `;
}

/** The body of the list. */
export function payloadsBody({ rows, count }: NewPayloads, now: number): Html {
  return html`
    <h1>Payloads <span class="muted">new in 30 days: ${bounded(count)}</span></h1>
    ${rows.length === 0 ? html`<p>No session brought a file.</p>` : payloadsTable(rows, now)}
    <p>The same as <a href="/payloads.csv">CSV</a> and <a href="/payloads.json">JSON</a>. Files
    appear with the report of their source.</p>
  `;
}

function payloadsTable(rows: readonly NewPayload[], now: number): Html {
  return tableBox(
    "payloads-box",
    "Payloads",
    table<NewPayload>([
      { name: "SHA-256", kind: "untrusted", cell: ({ item }) => itemLink("payload", item.value) },
      { name: "first seen", cell: ({ item }) => ago(item.firstSeen, now) },
      { name: "sources", kind: "number", cell: ({ sources }) => bounded(sources) },
      { name: "detail", kind: "untrusted", cell: ({ item }) => detailCells(item) },
    ], rows),
  );
}
