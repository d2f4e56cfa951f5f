/**
 * The file of an event in a feed: what was in it, joined with what is new.
 *
 * @module
 */
import { type Fields, isFields } from "../json.ts";
import type { MispEvent } from "../misp/event.ts";
import { strongest } from "../misp/merged.ts";
import { withoutSecondMarkings } from "../misp/sharing/markings.ts";
import { readOwned } from "./replace_file.ts";
import { withColours } from "./tag_colours.ts";

/** The organisation that a feed's events name as their creator. */
export interface FeedOrganisation {
  readonly name: string;
  readonly uuid: string;
}

/** Reads the event of a file; undefined: there is none, or it is damaged. */
export async function readEvent(path: string): Promise<Fields | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readOwned(path) ?? "");
    return isFields(parsed) && isFields(parsed.Event) ? parsed.Event : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * The event that a file gets.
 *
 * @param events reports of it, at least one, the latest last
 * @param earlier what the file holds; it is the answer where nothing has changed
 * @param now milliseconds UTC
 */
export function nextEvent(
  events: readonly MispEvent[],
  earlier: Fields | undefined,
  organisationOf: (event: MispEvent) => FeedOrganisation,
  now: number,
): Fields {
  const stamp = Math.max(Math.floor(now / 1000), Number(earlier?.timestamp ?? 0) + 1);
  const event = withColours(joined(events, earlier));
  const next = stamped(event, organisationOf(event), earlier, String(stamp));
  return earlier !== undefined && isSame(earlier, next) ? earlier : next;
}

/**
 * Merges reports of one event with its file: a report of a source that shares a day's event does not hold
 * the other sources. As in MISP, a part that is left out is not deleted, and a closed event remains closed.
 *
 * @param events at least one, the latest last
 */
function joined(events: readonly MispEvent[], earlier: Fields = {}): MispEvent {
  const all: readonly Partial<MispEvent>[] = [earlier, ...events];
  const tags = all[0]?.Tag ?? [];
  const more = events.flatMap(({ Tag }) => Tag);
  return {
    ...events.at(-1)!,
    ...strongest(all),
    Tag: latestBy("name", [...tags, ...withoutSecondMarkings(more, tags.map(({ name }) => name))]),
    Attribute: latestBy("uuid", all.flatMap(({ Attribute }) => Attribute ?? [])).map(withoutStamps),
    Object: latestBy("uuid", all.flatMap(({ Object }) => Object ?? [])).map(withoutStamps),
    EventReport: latestBy("uuid", all.flatMap((event) => event.EventReport ?? []))
      .map(withoutStamps),
  };
}

function latestBy<K extends string, T extends { readonly [Key in K]: string }>(
  key: K,
  parts: readonly T[],
): readonly T[] {
  return [...new Map(parts.map((part) => [part[key], part])).values()];
}

/** Removes the times of a part: `stamped()` gives new ones. */
function withoutStamps<T>(part: T): T {
  return JSON.parse(
    JSON.stringify(part, (key, inner: unknown) => STAMPS.has(key) ? undefined : inner),
  ) as T;
}

/**
 * An event in the form of a feed: the event and each part that changed have a new time, since MISP accepts
 * only parts that are newer than its own (docs/contracts/misp.md 8.8).
 */
function stamped(
  event: MispEvent,
  organisation: FeedOrganisation,
  earlier: Fields | undefined,
  stamp: string,
): Fields {
  const known = new Map<unknown, Fields>();
  for (const part of [...partList(earlier?.EventReport), ...partList(earlier?.Attribute)]) {
    known.set(part.uuid, part);
  }
  for (const object of partList(earlier?.Object)) {
    known.set(object.uuid, object);
    for (const attribute of partList(object.Attribute)) known.set(attribute.uuid, attribute);
  }
  const withStamp = (given: Fields): Fields => {
    const before = known.get(given.uuid);
    // A MISP that has deleted a part restores it only where the file says so.
    const isBack = before?.deleted !== undefined && !("deleted" in given);
    const part = isBack ? { ...given, deleted: false } : given;
    const isUnchanged = before !== undefined && isSame(before, { ...part, timestamp: "" });
    return { ...part, timestamp: isUnchanged ? before.timestamp : stamp };
  };
  return {
    ...event,
    timestamp: stamp,
    publish_timestamp: stamp,
    published: true,
    Orgc: organisation,
    Attribute: event.Attribute.map((attribute) => withStamp({ ...attribute })),
    Object: event.Object.map((object) =>
      withStamp({ ...object, Attribute: object.Attribute.map((a) => withStamp({ ...a })) })
    ),
    EventReport: event.EventReport.map((report) => withStamp({ ...report })),
  };
}

const STAMPS = new Set(["timestamp", "publish_timestamp"]);

function isSame(one: unknown, other: unknown): boolean {
  const text = (value: unknown) =>
    JSON.stringify(value, (key, inner: unknown) => STAMPS.has(key) ? undefined : inner);
  return text(one) === text(other);
}

/** The parts in a field of an event. */
export function partList(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value as Fields[] : [];
}
