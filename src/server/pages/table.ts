/**
 * Tables of pages: a heading for each column, and rows that their first cell names. Pure.
 *
 * @module
 */
import { html, raw } from "@hono/hono/html";
import type { Html } from "./text.ts";

/** What stands in a cell. */
export type Cell = Html | string | number | readonly (Html | string)[];

type Kind = "number" | "ranking" | "reason" | "refused" | "sources" | "state" | "untrusted";

/** A column of a table. */
export interface Column<Row> {
  readonly name: Html | string;
  readonly cell: (row: Row) => Cell;
  /** Class of its cells. */
  readonly kind?: Kind;
  /** What stands beside each cell on a narrow screen, which has no headings. */
  readonly label?: string;
  /** Whether the rows are sorted by it, the largest first. */
  readonly isSorted?: boolean | undefined;
}

/** What a table has beside its cells. */
export interface TableOptions {
  /** Class of the table. */
  readonly kind?: Kind;
  readonly caption?: string;
}

/** Writes a table. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { kind, caption }: TableOptions = {},
): Html {
  const headings = columns.map(({ name, kind, isSorted }) =>
    html`
      <th scope="col" ${classOf(kind === "number" ? kind : undefined)}${isSorted
        ? raw(' aria-sort="descending"')
        : ""}>${name}</th>
    `
  );
  return html`
    <table${classOf(kind)}>
      ${caption === undefined ? "" : html`<caption>${caption}</caption>`}
      <thead><tr>${headings}</tr></thead>
      <tbody>${rows.map((row) => line(columns, row))}</tbody>
    </table>
  `;
}

function line<Row>(columns: readonly Column<Row>[], row: Row): Html {
  const cells = columns.map(({ cell, kind, label }, index) =>
    index === 0
      ? html`
        <th scope="row" ${classOf(kind)}>${cell(row)}</th>
      `
      : html`<td${classOf(kind)}${
        label === undefined ? "" : html`
          data-label="${label}"
        `
      }>${cell(row)}</td>`
  );
  return html`<tr>${cells}</tr>`;
}

function classOf(kind: Kind | undefined): Html | "" {
  return kind === undefined ? "" : raw(` class="${kind}"`);
}

/** A table that may be wider than the screen: it scrolls by itself, by keyboard too. */
export function tableBox(id: string, name: string, table: Html): Html {
  return html`
    <div class="box" id="${id}" role="region" aria-label="${name}"
      tabindex="0">${table}</div>
  `;
}
