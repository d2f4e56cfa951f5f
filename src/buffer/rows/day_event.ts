/**
 * How large the event of a day may be.
 *
 * @module
 */

/** MISP loads larger events slowly (docs/contracts/misp.md 1). */
export const MOST_ATTRIBUTES = 2000;
