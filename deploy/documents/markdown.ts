/**
 * Markdown that programs write into documents: tables, and what stands between two markers.
 *
 * @module
 */

/** A table; `deno fmt` aligns its columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const cell = (text: string) => text.replaceAll(/(?<!\\)\|/g, "\\|");

/** The cells of the first table behind a place, without its head and whatever its padding. */
export function rowsBehind(text: string, place: string): readonly (readonly string[])[] {
  const at = text.indexOf(place);
  const lines = at < 0 ? [] : text.slice(at).split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  if (start < 0) return [];
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  return lines.slice(start + 2, length < 0 ? undefined : start + length).map((line) =>
    line.split(/(?<!\\)\|/).slice(1, -1).map((one) => one.trim())
  );
}

/** The text between the markers `<!-- NAME -->` and `<!-- /NAME -->`. */
export function between(text: string, name: string): string {
  const [start, end] = placesOf(text, name);
  return text.slice(start, end);
}

/** Puts a text between the markers. */
export function putBetween(text: string, name: string, inner: string): string {
  const [start, end] = placesOf(text, name);
  return `${text.slice(0, start)}\n\n${inner}\n\n${text.slice(end)}`;
}

function placesOf(text: string, name: string): readonly [number, number] {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`${open} and ${close} are not both there`);
  return [start + open.length, end];
}

/** A text without the layout that `deno fmt` chooses: widths of tables, and where lines end. */
export function withoutLayout(text: string): string {
  return text.replaceAll(/-{3,}/g, "---").replaceAll(/\s+/g, " ").trim();
}
