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
