/**
 * Numbers with their nouns.
 *
 * @module
 */

/** A number and a noun with a regular plural: `1 attempt`, `2 attempts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
