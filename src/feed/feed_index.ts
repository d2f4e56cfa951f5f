/**
 * What a feed lists: `manifest.json`, which MISP fetches whole, and `hashes.csv`
 * (docs/contracts/misp.md 6). Both grow with the feed and are written whole, so that they are written once
 * for many reports.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Fields, isFields } from "../json.ts";
import { partList, readEvent } from "./event_file.ts";
import { readOwned, replaceFile } from "./replace_file.ts";

/** The name of an event's file. */
const EVENT_FILE = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.json$/;

/** An entry of the manifest on a line of its own: it is replaced without the others being read. */
const LINE = /^"([0-9a-f-]{36})":(\{.*\}),?$/;

/** The manifest and the hashes of a folder. */
export class FeedIndex {
  readonly #directory: string;
  /** JSON of the entries, by uuid. */
  readonly #entries: Map<string, string>;
  readonly #hashes: Map<string, readonly string[]>;
  #isChanged: boolean;

  private constructor(
    directory: string,
    { entries, isWhole }: Manifest,
    hashes: Map<string, readonly string[]>,
  ) {
    this.#directory = directory;
    this.#entries = entries;
    this.#hashes = hashes;
    this.#isChanged = !isWhole;
  }

  /**
   * Reads both files; a manifest that is damaged or missing is made anew from the event files.
   *
   * @param isTrusted whether this process wrote the manifest last: its lines need no check
   */
  static async read(directory: string, isTrusted: boolean): Promise<FeedIndex> {
    const manifest = await readManifest(directory, isTrusted);
    return new FeedIndex(directory, manifest, await readHashes(directory));
  }

  /** How many events it lists. */
  get size(): number {
    return this.#entries.size;
  }

  /** Lists an event as it is in its file. */
  set(event: Fields): void {
    const uuid = String(event.uuid);
    const entry = JSON.stringify(manifestEntry(event));
    const hashes = hashesOf(event);
    const isSame = this.#entries.get(uuid) === entry &&
      this.#hashes.get(uuid)?.join() === hashes.join();
    if (isSame) return;
    this.#entries.set(uuid, entry);
    this.#hashes.set(uuid, hashes);
    this.#isChanged = true;
  }

  /** Takes out the events that have not changed since, seconds UTC. */
  removeBefore(time: number): void {
    for (const [uuid, entry] of this.#entries) {
      // A quote within a text has a backslash before it.
      const changedAt = Number(/"timestamp":(\d+)/.exec(entry)?.[1] ?? Infinity);
      if (changedAt >= time) continue;
      this.#entries.delete(uuid);
      this.#hashes.delete(uuid);
      this.#isChanged = true;
    }
  }

  /** Deletes the files of events that it does not list and that have not changed since, seconds UTC. */
  async deleteUnlisted(time: number): Promise<void> {
    for await (const { name, isFile } of Deno.readDir(this.#directory)) {
      const uuid = EVENT_FILE.exec(name)?.[1];
      if (!isFile || uuid === undefined || this.#entries.has(uuid)) continue;
      const path = `${this.#directory}/${name}`;
      // One that a killed process had not listed yet is listed with the next report of its event.
      const event = await readEvent(path);
      if (event !== undefined && Number(event.timestamp) < time) await Deno.remove(path);
    }
  }

  /** Writes both files where something has changed, the manifest last. */
  async write(): Promise<void> {
    if (!this.#isChanged) return;
    const lines = [...this.#hashes].flatMap(([uuid, values]) =>
      values.map((v) => `${v},${uuid}\n`)
    );
    await replaceFile(`${this.#directory}/hashes.csv`, lines.join(""));
    const entries = [...this.#entries].map(([uuid, entry]) => `"${uuid}":${entry}`);
    await replaceFile(`${this.#directory}/manifest.json`, `{\n${entries.join(",\n")}\n}\n`);
    this.#isChanged = false;
  }
}

interface Manifest {
  readonly entries: Map<string, string>;
  /** Whether it was read from its file. */
  readonly isWhole: boolean;
}

async function readManifest(directory: string, isTrusted: boolean): Promise<Manifest> {
  const text = await readOwned(`${directory}/manifest.json`) ?? "";
  const trusted = isTrusted ? byLines(text) : undefined;
  if (trusted !== undefined) return { entries: trusted, isWhole: true };
  try {
    const manifest: unknown = JSON.parse(text);
    if (isFields(manifest)) return { entries: entriesOf(manifest), isWhole: true };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const found: Record<string, Fields> = {};
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (!isFile || !EVENT_FILE.test(name)) continue;
    const event = await readEvent(`${directory}/${name}`);
    if (event !== undefined) found[String(event.uuid)] = manifestEntry(event);
  }
  return { entries: entriesOf(found), isWhole: false };
}

const entriesOf = (manifest: Fields) =>
  new Map(Object.entries(manifest).map(([uuid, entry]) => [uuid, JSON.stringify(entry)]));

/** The entries of a manifest that has each on a line; undefined: it does not. */
function byLines(text: string): Map<string, string> | undefined {
  const lines = text.split("\n");
  if (lines.shift() !== "{" || lines.pop() !== "" || lines.pop() !== "}") return undefined;
  const entries = new Map<string, string>();
  for (const line of lines) {
    const found = LINE.exec(line);
    if (found === null) return undefined;
    entries.set(found[1]!, found[2]!);
  }
  return entries;
}

async function readHashes(directory: string): Promise<Map<string, readonly string[]>> {
  const hashes = new Map<string, string[]>();
  const text = await readOwned(`${directory}/hashes.csv`) ?? "";
  for (const line of text.split("\n")) {
    const [hash, uuid] = line.split(",");
    if (!hash || !uuid) continue;
    const known = hashes.get(uuid);
    if (known === undefined) hashes.set(uuid, [hash]);
    else known.push(hash);
  }
  for (const [uuid, values] of hashes) {
    if (values.some((hash) => OLD_HASHES.has(hash))) {
      hashes.set(uuid, await rehash(directory, uuid));
    }
  }
  return hashes;
}

/** The hashes of an event by its file. */
async function rehash(directory: string, uuid: string): Promise<string[]> {
  if (!/^[0-9a-f-]{36}$/.test(uuid)) return [];
  return [...hashesOf(await readEvent(`${directory}/${uuid}.json`) ?? {})];
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
  const values = [event, ...partList(event.Object)].flatMap(({ Attribute }) => partList(Attribute))
    .filter((attribute) => attribute.deleted !== true && attribute.disable_correlation !== true)
    .map((attribute) => String(attribute.value));
  return [...new Set(values)].map(md5);
}

const md5 = (value: string) => createHash("md5").update(value).digest("hex");

/** Of each event of an earlier release, which hashed all values. */
const OLD_HASHES: ReadonlySet<string> = new Set(["ssh", "telnet", "ssh and telnet"].map(md5));
