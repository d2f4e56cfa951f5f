/**
 * Writes reports into a MISP feed folder (docs/contracts/misp.md 6): any MISP can pull it, without a key.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Report } from "../model.ts";
import type { Outcome, Sink } from "../sink.ts";
import type { MispEvent } from "../misp/event.ts";
import { withoutSecondMarkings } from "../misp/sharing/markings.ts";
import { strongest } from "../misp/merged.ts";
import { withColours } from "./tag_colours.ts";
import { makeFolder, readOwned, replaceFile, syncFolder } from "./replace_file.ts";
import { faultPoint } from "../fault_point.ts";
import { messageOf } from "../errors.ts";
import { type Fields, isFields } from "../json.ts";

/** The organisation that a feed's events name as their creator. */
export interface FeedOrganisation {
  readonly name: string;
  readonly uuid: string;
}

/** The most reports that are written before the manifest lists their events. */
const BATCH = 500;

/** Writes reports into a folder: event files first, then the hashes, the manifest last. */
export class FeedSink implements Sink {
  readonly name = "feed";
  readonly #directory: string;
  readonly #organisationOf: (event: MispEvent) => FeedOrganisation;

  /** @param organisationOf the organisation that an event names as its creator */
  constructor(directory: string, organisationOf: (event: MispEvent) => FeedOrganisation) {
    this.#directory = directory;
    this.#organisationOf = organisationOf;
  }

  async *deliver(reports: readonly Report[], now: () => number) {
    for (let start = 0; start < reports.length; start += BATCH) {
      const batch = reports.slice(start, start + BATCH);
      const startedAt = now();
      const outcomes = await this.#write(batch, now);
      for (const report of batch) yield { report, outcome: outcomes.get(report)!, startedAt };
      if ([...outcomes.values()].some(({ kind }) => kind === "unavailable")) return;
    }
  }

  async #write(reports: readonly Report[], now: () => number) {
    const outcomes = new Map<Report, Outcome>();
    try {
      await makeFolder(this.#directory);
      const manifest = await this.#readManifest();
      const hashes = await this.#readHashes();
      // An event is written once for all its reports: each write would advance its time by a second.
      for (const ofEvent of Map.groupBy(reports, (report) => report.eventUuid).values()) {
        const outcome = await this.#writeEvent(ofEvent, now()).then((event): Outcome => {
          manifest[String(event.uuid)] = manifestEntry(event);
          hashes.set(String(event.uuid), hashesOf(event));
          return { kind: "delivered", notes: [] };
        }, (error): Outcome => ({ kind: "retry", reason: this.#explain(error) }));
        for (const report of ofEvent) outcomes.set(report, outcome);
      }
      const lines = [...hashes].flatMap(([uuid, values]) => values.map((v) => `${v},${uuid}\n`));
      await replaceFile(`${this.#directory}/hashes.csv`, lines.join(""));
      await replaceFile(`${this.#directory}/manifest.json`, JSON.stringify(manifest));
      await syncFolder(this.#directory);
      return outcomes;
    } catch (error) {
      const outcome: Outcome = { kind: "unavailable", reason: this.#explain(error) };
      return new Map(reports.map((report) => [report, outcome]));
    }
  }

  #explain(error: unknown): string {
    const reason = messageOf(error);
    return `feed folder ${this.#directory}: ${reason}`;
  }

  /** Writes an event unless the file has the same content: MISP fetches events that are newer. */
  async #writeEvent(reports: readonly Report[], now: number): Promise<Fields> {
    const path = `${this.#directory}/${reports[0]!.eventUuid}.json`;
    const earlier = await readEvent(path);
    const earlierStamp = Number(earlier?.timestamp ?? 0);
    const stamp = Math.max(Math.floor(now / 1000), earlierStamp + 1);
    const events = reports.map(({ body }) => JSON.parse(body) as MispEvent);
    const event = withColours(joined(events, earlier));
    const next = stamped(event, this.#organisationOf(event), earlier, String(stamp));
    if (earlier !== undefined && isSame(earlier, next)) return earlier;
    await replaceFile(path, JSON.stringify({ Event: next }));
    faultPoint("feed-event-before-manifest");
    return next;
  }

  /** Reads the manifest; one that is damaged or missing is made anew from the event files. */
  async #readManifest(): Promise<Record<string, unknown>> {
    try {
      const text = await readOwned(`${this.#directory}/manifest.json`);
      const manifest: unknown = JSON.parse(text ?? "");
      if (isFields(manifest)) return { ...manifest };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    const manifest: Record<string, unknown> = {};
    for await (const { name, isFile } of Deno.readDir(this.#directory)) {
      if (!isFile || !/^[0-9a-f-]{36}\.json$/.test(name)) continue;
      const event = await readEvent(`${this.#directory}/${name}`);
      if (event !== undefined) manifest[String(event.uuid)] = manifestEntry(event);
    }
    return manifest;
  }

  async #readHashes(): Promise<Map<string, readonly string[]>> {
    const hashes = new Map<string, string[]>();
    const text = await readOwned(`${this.#directory}/hashes.csv`) ?? "";
    for (const line of text.split("\n")) {
      const [hash, uuid] = line.split(",");
      if (!hash || !uuid) continue;
      const known = hashes.get(uuid);
      if (known === undefined) hashes.set(uuid, [hash]);
      else known.push(hash);
    }
    for (const [uuid, values] of hashes) {
      if (values.some((hash) => OLD_HASHES.has(hash))) hashes.set(uuid, await this.#rehash(uuid));
    }
    return hashes;
  }

  /** The hashes of an event by its file. */
  async #rehash(uuid: string): Promise<string[]> {
    if (!/^[0-9a-f-]{36}$/.test(uuid)) return [];
    return [...hashesOf(await readEvent(`${this.#directory}/${uuid}.json`) ?? {})];
  }
}

async function readEvent(path: string): Promise<Fields | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readOwned(path) ?? "");
    return isFields(parsed) && isFields(parsed.Event) ? parsed.Event : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
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
  for (const part of [...list(earlier?.EventReport), ...list(earlier?.Attribute)]) {
    known.set(part.uuid, part);
  }
  for (const object of list(earlier?.Object)) {
    known.set(object.uuid, object);
    for (const attribute of list(object.Attribute)) known.set(attribute.uuid, attribute);
  }
  const withStamp = (part: Fields): Fields => {
    const before = known.get(part.uuid);
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

function manifestEntry(event: Fields): Fields {
  const { info, date, analysis, threat_level_id, Orgc, Tag } = event;
  return { info, date, analysis, threat_level_id, timestamp: Number(event.timestamp), Orgc, Tag };
}

/**
 * MISP looks up values by their MD5 (docs/contracts/misp.md 6). What does not correlate, such as a count,
 * would mark unrelated attributes of the MISP that caches the feed.
 */
function hashesOf(event: Fields): readonly string[] {
  const values = [event, ...list(event.Object)].flatMap(({ Attribute }) => list(Attribute))
    .filter((attribute) => attribute.deleted !== true && attribute.disable_correlation !== true)
    .map((attribute) => String(attribute.value));
  return [...new Set(values)].map(md5);
}

const md5 = (value: string) => createHash("md5").update(value).digest("hex");

/** Of each event of an earlier release, which hashed all values. */
const OLD_HASHES: ReadonlySet<string> = new Set(["ssh", "telnet", "ssh and telnet"].map(md5));

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value as Fields[] : [];
}
