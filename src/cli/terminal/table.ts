/**
 * Tables that fit their screen: a narrow one gets fewer columns and a shorter last cell.
 *
 * @module
 */
import { cut, padded, type Screen, styled, widthOf } from "./screen.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

/** How a table is drawn. */
export interface TableRules<Row> {
  /** From the widest to the narrowest: the least important columns go first. */
  readonly layouts: readonly (readonly Column<Row>[])[];
  /** Columns that a layout leaves for the last cell, unless all of them are shorter. */
  readonly leastLast: number;
  /** Whether a row is shown as a problem. */
  readonly isProblem: (row: Row) => boolean;
}

/** The lines of a table, its head first. Cells must be one line. */
export function tableLines<Row>(
  rows: readonly Row[],
  { layouts, leastLast, isProblem }: TableRules<Row>,
  screen: Screen,
): readonly string[] {
  const { columns: width } = screen;
  const measured = layouts.map((columns) => layoutOf(columns, rows, leastLast));
  const fitting = measured.find(({ needs }) => width === undefined || needs <= width);
  const { columns, widths } = fitting ?? measured.at(-1)!;
  const line = (cells: readonly string[]) => {
    const text = cells.map((cell, index) => {
      if (columns[index]!.isNumber) {
        return " ".repeat(Math.max(0, widths[index]! - widthOf(cell))) + cell;
      }
      return index === cells.length - 1 ? cell : padded(cell, widths[index]!);
    }).join("  ").trimEnd();
    return width === undefined ? text : cut(text, width);
  };
  return [
    styled(line(columns.map(({ head }) => head)), "dim", screen),
    ...rows.map((row) => {
      const text = line(columns.map(({ cell }) => cell(row)));
      return isProblem(row) ? styled(text, "red", screen) : text;
    }),
  ];
}

function layoutOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[], leastLast: number) {
  const widths = columns.map(({ head, cell }) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(cell(row))), head.length)
  );
  const left = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  return { columns, widths, needs: left + Math.min(leastLast, widths.at(-1)!) };
}
