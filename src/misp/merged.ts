/**
 * Several parts of one event as one: sources that share a day's event are sent together. Pure.
 *
 * @module
 */
import type { MispEvent } from "./event.ts";
import type { MispUpdate } from "./update.ts";

/** Events or updates. */
type Part = MispEvent | MispUpdate;

/**
 * Puts parts of one event together. The highest threat level counts, and a part that closes the event.
 *
 * @param parts at least one, all of the same event
 */
export function merged<P extends Part>(parts: readonly [P, ...P[]]): P {
  if (parts.length === 1) return parts[0];
  const threats = parts.flatMap((part) => part.threat_level_id ?? []).sort();
  const analyses = parts.flatMap((part) => part.analysis ?? []).sort();
  const tags = new Map(parts.flatMap(({ Tag }) => Tag).map((tag) => [tag.name, tag]));
  return {
    ...parts[0],
    ...(threats.length === 0 ? {} : { threat_level_id: threats[0] }),
    ...(analyses.length === 0 ? {} : { analysis: analyses.at(-1) }),
    Tag: [...tags.values()],
    Object: parts.flatMap((part): readonly unknown[] => part.Object),
    EventReport: parts.flatMap(({ EventReport }) => EventReport),
  };
}

/** Splits a list into runs whose sizes add up to no more than a limit; a larger item stands alone. */
export function inChunks<T>(
  items: readonly T[],
  most: number,
  sizeOf: (item: T) => number,
): readonly (readonly [T, ...T[]])[] {
  const chunks: [T, ...T[]][] = [];
  let room = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (size > room || chunks.length === 0) {
      chunks.push([item]);
      room = most;
    } else {
      chunks.at(-1)!.push(item);
    }
    room -= size;
  }
  return chunks;
}
