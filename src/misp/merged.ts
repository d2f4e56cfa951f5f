/**
 * Several parts of one event as one: sources that share a day's event are sent together. Pure.
 *
 * @module
 */
import { namesLogin } from "./day_title.ts";
import type { MispEvent } from "./event.ts";
import type { MispUpdate } from "./update.ts";

/** Events or updates. */
type Part = MispEvent | MispUpdate;

/**
 * What of an event no part takes back: the highest threat level, that it is closed, and in a day's
 * title that a source was let in. Any other title is that of the last part.
 */
export function strongest(parts: readonly Partial<Part>[]) {
  const titles = parts.flatMap(({ info }) => info ?? []);
  const info = titles.find(namesLogin) ?? titles.at(-1);
  const threat = parts.flatMap((part) => part.threat_level_id ?? []).sort()[0];
  const analysis = parts.flatMap((part) => part.analysis ?? []).sort().at(-1);
  return {
    ...(info === undefined ? {} : { info }),
    ...(threat === undefined ? {} : { threat_level_id: threat }),
    ...(analysis === undefined ? {} : { analysis }),
  };
}

/**
 * Puts parts of one event together.
 *
 * @param parts at least one, all of the same event
 */
export function merged<P extends Part>(parts: readonly [P, ...P[]]): P {
  if (parts.length === 1) return parts[0];
  const tags = new Map(parts.flatMap(({ Tag }) => Tag).map((tag) => [tag.name, tag]));
  return {
    ...parts[0],
    ...strongest(parts),
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
