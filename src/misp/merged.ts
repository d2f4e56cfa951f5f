/**
 * Merges parts of one event: sources that share a day's event are sent together. Pure.
 *
 * @module
 */
import { namesLogin } from "./day_title.ts";
import type { MispEvent } from "./event.ts";
import type { MispUpdate } from "./update.ts";

/** Events or updates. */
type Part = MispEvent | MispUpdate;

/**
 * The fields that no part may weaken: the highest threat level, the closed state, and a day's title that
 * names a successful login. Any other title is that of the last part.
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
 * Merges parts of one event.
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
    // Sources that share an event share attributes that are about no source alone.
    Attribute: [...joinedByUuid(parts.flatMap((part): readonly Uuid[] => part.Attribute))],
    Object: parts.flatMap((part): readonly unknown[] => part.Object),
    EventReport: parts.flatMap(({ EventReport }) => EventReport),
  };
}

interface Uuid {
  readonly uuid: string;
}

/** Each part once: what one statement of it leaves out, another may have. */
function joinedByUuid(all: readonly Uuid[]): Iterable<Uuid> {
  const known = new Map<string, Uuid>();
  for (const one of all) known.set(one.uuid, { ...known.get(one.uuid), ...one });
  return known.values();
}

/** Like `map()`, of a list that has an item at least. */
export function mapped<T, U>(
  [first, ...rest]: readonly [T, ...T[]],
  map: (item: T) => U,
): [U, ...U[]] {
  return [map(first), ...rest.map(map)];
}

/** Splits a list into runs whose sizes add up to a limit at most; a larger item is a run by itself. */
export function inChunks<T>(
  items: readonly T[],
  most: number,
  sizeOf: (item: T) => number,
): readonly (readonly [T, ...T[]])[] {
  const chunks: [T, ...T[]][] = [];
  let capacity = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (size > capacity || chunks.length === 0) {
      chunks.push([item]);
      capacity = most;
    } else {
      chunks.at(-1)!.push(item);
    }
    capacity -= size;
  }
  return chunks;
}
