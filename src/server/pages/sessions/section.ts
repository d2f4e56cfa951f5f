/**
 * What a source did at a decoy, on its page. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { SourceSessions } from "../../../buffer/sessions.ts";
import type { SeenItem, SessionKind } from "../../../session_evidence.ts";
import { table, tableBox } from "../table.ts";
import { ago, counted, duration, type Html, number } from "../text.ts";
import { detailCells, itemCell } from "./links.ts";

/** Rows of a table. */
const MOST_ROWS = 100;

const TABLES: readonly (readonly [title: string, kinds: readonly SessionKind[]])[] = [
  ["Files", ["payload"]],
  ["Addresses that gave no file", ["url"]],
  ["Planted keys", ["key"]],
  ["Commands", ["command"]],
  ["Clients", ["hassh", "version"]],
  ["Tunnels asked for", ["tunnel"]],
];

/** Writes the section; nothing without sessions. */
export function sessionSection(sessions: SourceSessions | undefined, now: number): Html | "" {
  if (sessions === undefined) return "";
  const { totals: { sessions: begun, loggedIn, longestMs }, items } = sessions;
  const longest = longestMs === 0 ? "" : `, the longest ${duration(longestMs)}`;
  const decoy = loggedIn === 0 ? "" : html`
    <p>The source <b>logged in to the decoy</b> in ${number(
      loggedIn,
    )} of them. A decoy accepts logins on purpose: no real account is affected.</p>
  `;
  return html`
    <section id="sessions">
      <h2>Sessions at a decoy <span class="muted">${counted(begun, "session")}${longest}</span></h2>
      ${decoy}
      ${TABLES.map(([title, kinds]) =>
        itemsTable(title, items.filter(({ kind }) => kinds.includes(kind)), now)
      )}
    </section>
  `;
}

function itemsTable(title: string, items: readonly SeenItem[], now: number): Html | "" {
  if (items.length === 0) return "";
  const rows = table<SeenItem>([
    { name: title, kind: "untrusted", cell: itemCell },
    { name: "times", kind: "number", cell: ({ count }) => number(count) },
    { name: "last seen", cell: ({ lastSeen }) => ago(lastSeen, now) },
    ...(items.some((item) => detailCells(item).length > 0)
      ? [{ name: "detail", kind: "untrusted" as const, cell: detailCells }]
      : []),
  ], items.slice(0, MOST_ROWS));
  const id = `${title.toLowerCase().replaceAll(" ", "-")}-box`;
  return html`<h3>${title}</h3>${tableBox(id, title, rows)}`;
}
