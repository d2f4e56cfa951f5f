/**
 * Numbers of things, in words.
 *
 * @module
 */

/** `1 report`, `2 reports` @param noun its plural is made by an s */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;
