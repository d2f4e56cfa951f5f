/**
 * Tables of pages: a heading for each column, and rows that their first cell names. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { Html } from "./text.ts";

/** What stands in a cell. */
export type Cell = Html | string | number | readonly (Html | string)[];

/** A column of a table. */
export interface Column<Row> {
  readonly name: Html | string;
  readonly cell: (row: Row) => Cell;
  /** Class of its cells. */
  readonly kind?: "number" | "reason" | "state" | "untrusted";
}

/** What a table has beside its cells. */
export interface TableOptions {
  /** Class of the table. */
  readonly kind?: string;
  readonly caption?: string;
}

/** Writes a table. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { kind, caption }: TableOptions = {},
): Html {
  return html`
    <table${classOf(kind)}>
      ${caption === undefined ? "" : html`<caption>${caption}</caption>`}
      <thead>
        <tr>${columns.map(({ name, kind }) =>
          html`
            <th scope="col" ${kind === "number" ? classOf(kind) : ""}>${name}</th>
          `
        )}</tr>
      </thead>
      <tbody>${rows.map((row) => line(columns, row))}</tbody>
    </table>
  `;
}

function line<Row>(columns: readonly Column<Row>[], row: Row): Html {
  const cells = columns.map(({ cell, kind }, index) =>
    index === 0
      ? html`
        <th scope="row" ${classOf(kind)}>${cell(row)}</th>
      `
      : html`<td${classOf(kind)}>${cell(row)}</td>`
  );
  return html`<tr>${cells}</tr>`;
}

function classOf(kind: string | undefined): Html | "" {
  return kind === undefined ? "" : html`
    class="${kind}"
  `;
}

/** A table that may be wider than the screen: it scrolls by itself, by keyboard too. */
export function tableBox(id: string, name: string, table: Html): Html {
  return html`
    <div class="box" id="${id}" role="region" aria-label="${name}"
      tabindex="0">${table}</div>
  `;
}
