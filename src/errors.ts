/**
 * What was thrown, in words.
 *
 * @module
 */

/** The message of what was thrown, whatever that is. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
