/**
 * Work on a few things at a time.
 *
 * @module
 */

/**
 * Yields results as they come, in any order. Nothing new is begun after a last result, or once nobody
 * takes results any more; what was begun is brought to its end.
 *
 * @param most how many items are worked on at a time
 * @param isLast whether a result means that the rest is not worth trying
 * @throws what the work throws, after all that was begun has ended
 */
export async function* inParallel<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
  isLast: (result: Result) => boolean,
): AsyncGenerator<Result> {
  const waiting = items.values();
  const results: Result[] = [];
  let news = Promise.withResolvers<void>();
  let isStopped = false;
  const worker = async () => {
    for (const item of waiting) {
      const result = await work(item);
      if (isLast(result)) isStopped = true;
      results.push(result);
      news.resolve();
      if (isStopped) return;
    }
  };
  const workers = Promise.allSettled(
    Array.from({ length: Math.min(most, items.length) }, () => worker()),
  );
  let isDone = false;
  const ended = workers.then((outcomes) => {
    isDone = true;
    news.resolve();
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  });
  // It is awaited below; until then it must not count as an error that nobody handles.
  ended.catch(() => undefined);
  try {
    while (!isDone || results.length > 0) {
      if (results.length === 0) await news.promise;
      news = Promise.withResolvers();
      for (const result of results.splice(0)) yield result;
    }
  } finally {
    isStopped = true;
    await ended;
  }
}
