/**
 * Where a text is printed: how wide that is, and whether it has colours.
 *
 * @module
 */

import { oneLine } from "../../text.ts";

/** How a text is shown. */
export interface Screen {
  /** Columns of the terminal; undefined: not a terminal, so that nothing is cut. */
  readonly columns: number | undefined;
  readonly isColoured: boolean;
}

/** A file or a pipe: the whole text without colours. */
export const NO_TERMINAL: Screen = { columns: undefined, isColoured: false };

/** The screen behind standard output or standard error. */
export function screenOf(stream: { isTerminal(): boolean }): Screen {
  if (!stream.isTerminal()) return NO_TERMINAL;
  // Deno.noColor is NO_COLOR as the runtime read it: the binary may not read the variable itself.
  return { columns: terminalColumns(), isColoured: !Deno.noColor };
}

/** Columns of a terminal that does not report its size. */
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

/**
 * Characters of two columns: Wide and Fullwidth in Unicode's EastAsianWidth.txt, by blocks. Emoji
 * are those of V8's own tables: with emoji presentation, they are wide (UTS #51, 1.4.3).
 */
const WIDE = new RegExp(
  `[${
    [
      String.raw`\p{Emoji_Presentation}\p{Ideographic}\u1100-\u115f\u2329\u232a\u2e80-\u303e`,
      String.raw`\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f`,
      String.raw`\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18fff}\u{1aff0}-\u{1b2ff}`,
      String.raw`\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}`,
    ].join("")
  }]`,
  "u",
);

/** Emoji, but narrow in that file: only a pair of them is drawn as a flag. */
const REGIONAL_INDICATOR = /\p{Regional_Indicator}/u;

/** Characters of no column: marks, format characters, and vowels that end a Hangul syllable. */
const ZERO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;

function widthOfCharacter(character: string): number {
  // Latin letters, the usual case, need no look at the tables.
  if (character <= "\u02ff") return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.test(character) && !REGIONAL_INDICATOR.test(character) ? 2 : 1;
}

/** Columns that a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/** A text in at most so many columns; an ellipsis replaces what was cut. */
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

/** A text with blanks after it, up to so many columns. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** JSON of a value, without a character that could control a terminal. */
export function screenJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split("\n").map(oneLine).join("\n");
}
