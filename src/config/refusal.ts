/**
 * The message about a part of a value that is JSON.
 *
 * @module
 */

/**
 * What is wrong, and what to use.
 *
 * @param place behind the name of the key, such as `[0].name`
 * @param what what the value should be
 */
export function refusal(place: string, value: unknown, what: string, use: string): RangeError {
  const shown = value === undefined ? "nothing" : JSON.stringify(value).slice(0, 80);
  return new RangeError(`${place}: ${shown} is not a valid ${what}; use ${use}`);
}
