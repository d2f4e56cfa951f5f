/**
 * Answers that cost something, kept for a moment: nobody can make work by asking often.
 *
 * @module
 */

/**
 * Wraps a question: who asks within `keepMs` of an answer, or while one is on its way, gets that one.
 * A failure is kept as well.
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
    // A clock that was set back must not keep an answer for ever.
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
