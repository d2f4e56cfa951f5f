/**
 * Texts that a database gives back as they were written. Pure.
 *
 * @module
 */

/**
 * A text that is read back as it was written: node:sqlite ends a text that it reads at a NUL, and
 * PostgreSQL stores none.
 */
export function storable(text: string): string {
  return text.isWellFormed() && !text.includes("\0")
    ? text
    : text.toWellFormed().replaceAll("\0", "\ufffd");
}

/**
 * JSON whose texts are storable, as `JSON.stringify()` wrote it: it escapes NUL and halves of a pair, which
 * PostgreSQL stores as part of a text and then refuses to read as JSON. A backslash may be escaped itself.
 */
export function storableJson(json: string): string {
  return json.replace(
    /\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g,
    (escape) => escape.length > 2 ? "\ufffd" : escape,
  );
}
