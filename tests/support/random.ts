/**
 * Numbers that look random and are the same in every run.
 *
 * @module
 */

/**
 * Makes a source of numbers (mulberry32).
 *
 * @param seed the same seed gives the same numbers
 * @returns gives a whole number from 0 to below what it is asked for
 */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 * below);
  };
}
