/**
 * Texts from outside: shown on one line, and kept without what they were cut out of.
 *
 * @module
 */

/**
 * A text on one line: control characters, which could forge a line or drive a terminal, and characters
 * that nobody sees, are shown as escapes.
 */
export function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(
    // deno-lint-ignore no-control-regex -- they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** V8 copies what is shorter; longer pieces keep the whole text in memory that they were cut out of. */
const SHORTEST_SLICE = 13;

/** The same text, but one that does not keep in memory what it was cut out of, such as a block of lines. */
export function ownText(text: string): string {
  return text.length < SHORTEST_SLICE ? text : ` ${text}`.slice(1);
}

/** A word as a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w./@%+:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
