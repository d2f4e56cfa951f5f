/**
 * Storing that takes no longer than a sender waits: a database may be behind a line that carries nothing
 * any more.
 *
 * @module
 */
import type { ReadTimeout } from "./read_timeout.ts";
import type { Accept } from "./tally.ts";

/** Storing is late. It goes on: alerts that come again after it has succeeded are duplicates. */
class StoredLate extends Error {
  override name = "StoredLate";
}

/** @returns the same, which rejects once the time is over */
export function inTime(accept: Accept, timeout: ReadTimeout): Accept {
  return async (decisions) => {
    const late = Promise.withResolvers<never>();
    const wait = timeout.begin(() =>
      late.reject(new StoredLate(`storing takes longer than ${timeout.ms / 1000} s; it goes on`))
    );
    try {
      return await Promise.race([accept(decisions), late.promise]);
    } finally {
      timeout.end(wait);
    }
  };
}
