/**
 * The text of a warning about a file.
 *
 * @module
 */

/** The longest warning, characters. */
const LONGEST = 300;

/** A warning on one line: names of files and reasons of a parser may hold control characters. */
export function warningText(text: string): string {
  // deno-lint-ignore no-control-regex -- they are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").slice(0, LONGEST);
}
