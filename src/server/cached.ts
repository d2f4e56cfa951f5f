/**
 * Expensive answers, kept for a moment, so that frequent requests cause no more work.
 *
 * @module
 */

/**
 * Caches an answer. Callers within `keepMs` of an answer, or while one is pending, share it. A failure is
 * kept as well.
 *
 * @param now milliseconds
 */
export function cached<T>(
  ask: () => Promise<T>,
  keepMs: number,
  now: () => number,
): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let askedAt = 0;
  let isOpen = false;
  return () => {
    const age = now() - askedAt;
    // Without the lower bound, a clock that is set back would keep an answer for ever.
    if (answer !== undefined && (isOpen || (age >= 0 && age < keepMs))) return answer;
    isOpen = true;
    const asked = Promise.try(ask).finally(() => {
      isOpen = false;
      askedAt = now();
    });
    asked.catch(() => undefined);
    answer = asked;
    return asked;
  };
}
