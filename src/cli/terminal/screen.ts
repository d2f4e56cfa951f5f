/**
 * What a text is printed on: how wide it is, and whether it has colours.
 *
 * @module
 */

/** How a text is shown. */
export interface Screen {
  /** Columns of the terminal; undefined: it is none, and nothing is cut. */
  readonly columns: number | undefined;
  readonly isColoured: boolean;
}

/** A file or a pipe: everything, and nothing but text. */
export const NO_TERMINAL: Screen = { columns: undefined, isColoured: false };

/** What standard output or standard error is. */
export function screenOf(stream: { isTerminal(): boolean }): Screen {
  if (!stream.isTerminal()) return NO_TERMINAL;
  // Deno.noColor is NO_COLOR as the runtime read it: the binary may not read the variable itself.
  return { columns: terminalColumns(), isColoured: !Deno.noColor };
}

/** Columns of a terminal that does not tell. */
const USUAL_COLUMNS = 80;

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || USUAL_COLUMNS;
  } catch {
    return USUAL_COLUMNS;
  }
}

const STYLES = { dim: "\x1b[2m", red: "\x1b[31m" } as const;

/** A text in a style, where there are colours. */
export function styled(text: string, style: keyof typeof STYLES, { isColoured }: Screen): string {
  return isColoured && text.trim() !== "" ? `${STYLES[style]}${text}\x1b[0m` : text;
}

/** Characters that take two columns: those of East Asia, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /[\p{M}\u200b-\u200f]/u;

function widthOfCharacter(character: string): number {
  if (character <= "\u02ff") return 1;
  return COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

/** Columns that a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/** A text in at most so many columns; an ellipsis stands for what was cut. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let width = 0;
  let kept = "";
  for (const character of text) {
    width += widthOfCharacter(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return columns < 1 ? "" : `${kept}…`;
}

/** A text with blanks behind it, up to so many columns. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}
