/**
 * The timers of publishing; tests put a clock of their own in their place.
 *
 * @module
 */

/** Does something every so many milliseconds until it is stopped. */
export type Repeat = (work: () => void, milliseconds: number) => { readonly stop: () => void };

/** Waits so many milliseconds. */
export type Sleep = (milliseconds: number) => Promise<void>;

/** {@link Repeat} by `setInterval()`. */
export const repeatInTime: Repeat = (work, milliseconds) => {
  const timer = setInterval(work, milliseconds);
  return { stop: () => clearInterval(timer) };
};

/** {@link Sleep} by `setTimeout()`. */
export const sleepInTime: Sleep = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves with what was waited for, or after so many milliseconds, whichever comes first. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const { promise: timeIsOver, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  try {
    await Promise.race([work, timeIsOver]);
  } finally {
    clearTimeout(timer);
  }
}
