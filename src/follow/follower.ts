/**
 * Follows `alerts.json` through rotations and restarts. Whatever is doubtful is read from its
 * beginning: alerts that were taken before are known by their ids, and count once.
 *
 * @module
 */
import type { Checkpoint } from "../buffer/intake.ts";
import { type DatedFile, inOrder } from "./dated_files.ts";
import type { Lines } from "../intake/lines.ts";
import {
  checkpointOf,
  fingerprintOf,
  identityOf,
  openPacked,
  openPlain,
  type Source,
} from "./source.ts";
import { messageOf } from "../errors.ts";

/** Where a follower begins that was never here before. */
export type Beginning = "end" | "start" | { readonly since: number };

/** What a follower works with. */
export interface FollowerParts {
  /** `logs/alerts`, or where the file is that was named. */
  readonly folder: string;
  /** Name of the file in it, `alerts.json`. */
  readonly file: string;
  readonly stream: string;
  readonly checkpoint: Checkpoint | undefined;
  readonly beginning: Beginning;
  /** Waits until something may have changed. */
  readonly wait: () => Promise<void>;
  readonly isOver: () => boolean;
  readonly log: (level: "info" | "warning" | "error", message: string) => void;
}

/** Lines, and where the follower stands behind them. */
export interface Step {
  /** Whole lines, each with its line feed. */
  readonly text: string;
  readonly tooLong: number;
  readonly checkpoint: Checkpoint;
  readonly rotations: number;
}

/** Yields what is written, until it is over. The first step tells where the follower begins. */
export async function* followSteps(parts: FollowerParts): AsyncGenerator<Step> {
  const files = new Files(parts);
  let source: Source | undefined;
  let rotations = 0;
  /** The last line of a finished file that has no end: it waits for the file to go on with. */
  let rest: Lines | undefined;
  const step = (from: Source, text: string, tooLong: number): Step => {
    const found = { text, tooLong, rotations, checkpoint: checkpointOf(parts.stream, from) };
    rotations = 0;
    return found;
  };
  try {
    source = await retryUntilReadable(parts, () => files.resume());
    if (source !== undefined) yield step(source, "", 0);
    while (!parts.isOver()) {
      if (source === undefined) {
        source = await retryUntilReadable(parts, () => files.current());
        if (source === undefined) await parts.wait();
        else yield step(source, rest?.text ?? "", rest?.tooLong ?? 0);
        if (source !== undefined) rest = undefined;
        continue;
      }
      for await (const { text, tooLong } of linesOf(source)) yield step(source, text, tooLong);
      const here: Source = source;
      const state = await retryUntilReadable(parts, () => files.stateOf(here));
      if (state === undefined) continue;
      if (state === "same") {
        await parts.wait();
        // Asked through the path, even of an open file.
        if (await retryUntilReadable(parts, () => here.isUnchanged()) !== false) continue;
      }
      if (state !== "finished") parts.log("warning", `${files.path} was cut or filled anew`);
      if (state === "finished") {
        // It may have grown just before the next one began.
        for await (const { text, tooLong } of linesOf(source)) yield step(source, text, tooLong);
        rest = source.cutter.takeRest();
      }
      const finished: Source = source;
      const next = await retryUntilReadable(
        parts,
        () => state === "finished" ? files.after(finished) : files.current(),
      );
      await finished[Symbol.asyncDispose]();
      source = next;
      rotations++;
      if (source === undefined) continue;
      yield step(source, rest?.text ?? "", rest?.tooLong ?? 0);
      rest = undefined;
    }
  } finally {
    await source?.[Symbol.asyncDispose]();
  }
}

/** What a source has, up to its end. */
async function* linesOf(source: Source): AsyncGenerator<Lines> {
  let reading = source.read();
  try {
    for (let block = await reading; block !== undefined; block = await reading) {
      const found = source.cutter.take(block);
      // The next block is on its way while somebody works on this one.
      reading = source.read();
      if (found.text !== "" || found.tooLong > 0) yield found;
    }
  } finally {
    // Who leaves in between is not interested in what comes of it.
    await reading.catch(() => undefined);
  }
}

/** Asks again until the file system lets us, or it is over. */
async function retryUntilReadable<T>(
  parts: FollowerParts,
  work: () => Promise<T>,
): Promise<T | undefined> {
  let told = "";
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const reason = messageOf(error);
      if (error instanceof Deno.errors.NotCapable) throw error;
      if (reason !== told) parts.log("error", `${parts.folder}: ${reason}; waiting`);
      told = reason;
      await parts.wait();
      if (parts.isOver()) return undefined;
    }
  }
}

type State = "same" | "finished" | "cut";

/** The files of one site. */
class Files {
  readonly #parts: FollowerParts;
  readonly path: string;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.path = `${parts.folder}/${parts.file}`;
  }

  /** What a source has become, once it is read to its end. */
  async stateOf(source: Source): Promise<State> {
    const current = await statOf(this.path);
    if (current === undefined) {
      return source.name !== "" && (await this.#after(source.name)).length > 0
        ? "finished"
        : "same";
    }
    const { device, inode } = identityOf(current);
    if (device !== source.device || inode !== source.inode) return "finished";
    return await source.isUnchanged() ? "same" : "cut";
  }

  /** The file to read once a source is finished. */
  async after({ name }: Source): Promise<Source | undefined> {
    const [next] = name === "" ? [] : await this.#after(name);
    return next === undefined ? await this.current() : await this.#open(next, 0);
  }

  /** `alerts.json` from its start; undefined while there is none. */
  current(): Promise<Source | undefined> {
    return this.#openCurrent(0);
  }

  async resume(): Promise<Source | undefined> {
    const { checkpoint, beginning } = this.#parts;
    if (checkpoint !== undefined) return await this.#continue(checkpoint);
    if (beginning === "start") return await this.#openCurrent(0);
    if (beginning === "end") return await this.#openCurrent(await endOfLines(this.path));
    // A day earlier, since the files are named in the manager's own time zone.
    const day = new Date(beginning.since - 24 * 60 * 60_000).toISOString().slice(0, 10);
    const first = (await this.#dated()).find((file) => file.day >= day);
    return first === undefined ? await this.#openCurrent(0) : await this.#open(first, 0);
  }

  /**
   * Goes on where a checkpoint says. A dated file is found by its name first: once it is packed and
   * removed, its inode is given to the next file that comes.
   */
  async #continue(checkpoint: Checkpoint): Promise<Source | undefined> {
    const { name, offset } = checkpoint;
    const { log } = this.#parts;
    const isKnown = (source: Source | undefined) =>
      source !== undefined && source.cutter.offset === offset &&
      fingerprintOf(source.cutter.tail) === checkpoint.fingerprint;
    const named = (await this.#dated()).find((one) => one.name === name);
    const same = await this.#findByInode(checkpoint);
    const openings = [
      ...(named === undefined ? [] : [(at: number) => this.#open(named, at)]),
      ...(same === undefined
        ? []
        : [(at: number) => openPlain(same.path, () => same.name, Math.min(at, same.size))]),
    ];
    for (const open of openings) {
      const source = await open(offset);
      if (isKnown(source)) return source;
      await source?.[Symbol.asyncDispose]();
    }
    const [open] = openings;
    const what = name === "" ? this.path : name;
    if (open !== undefined) {
      log("warning", `${what} is not what was read before; it is read from its start`);
      return await open(0);
    }
    log(
      "error",
      `${what} was followed up to byte ${offset} and is gone; what it had behind is lost`,
    );
    if (name !== "") {
      const [next] = await this.#after(name);
      if (next !== undefined) return await this.#open(next, 0);
    }
    return await this.#openCurrent(0);
  }

  /** `alerts.json`, with the name of the dated file that it is. */
  async #openCurrent(offset: number): Promise<Source | undefined> {
    const info = await statOf(this.path);
    if (info === undefined) return undefined;
    const nameOf = async (opened: Deno.FileInfo) => {
      const twin = (await this.#identified()).find((one) => isSame(one.info, opened));
      return twin?.file.name ?? "";
    };
    return await openPlain(this.path, nameOf, Math.min(offset, info.size));
  }

  async #open(file: DatedFile, offset: number): Promise<Source | undefined> {
    const path = `${this.#parts.folder}/${file.name}`;
    if (file.isPacked) return await openPacked(`${path}.gz`, file.name, offset);
    const { size } = await Deno.stat(path);
    return await openPlain(path, () => file.name, Math.min(offset, size));
  }

  async #findByInode({ device, inode }: Checkpoint) {
    const is = (info: Deno.FileInfo) => {
      const identity = identityOf(info);
      return identity.device === device && identity.inode === inode;
    };
    for (const { file, info } of await this.#identified()) {
      const path = `${this.#parts.folder}/${file.name}`;
      if (is(info)) return { path, name: file.name, size: info.size };
    }
    // Renamed by something else than Wazuh, beside the file itself.
    for (const name of await namesIn(this.#parts.folder)) {
      const path = `${this.#parts.folder}/${name}`;
      const info = await statOf(path);
      if (info?.isFile && is(info)) return { path, name: "", size: info.size };
    }
    return undefined;
  }

  async #after(name: string): Promise<readonly DatedFile[]> {
    const files = await this.#dated();
    const at = files.findIndex((file) => file.name === name);
    return at < 0 ? files.filter((file) => isLater(file, name)) : files.slice(at + 1);
  }

  async #identified() {
    const files = (await this.#dated()).filter((file) => !file.isPacked);
    const infos = await Promise.all(
      files.map((file) => statOf(`${this.#parts.folder}/${file.name}`)),
    );
    return files.flatMap((file, index) => {
      const info = infos[index];
      return info === undefined ? [] : [{ file, info }];
    });
  }

  async #dated(): Promise<readonly DatedFile[]> {
    const { folder } = this.#parts;
    const paths: string[] = [];
    for (const year of await namesIn(folder)) {
      if (!/^\d{4}$/.test(year)) continue;
      for (const month of await namesIn(`${folder}/${year}`)) {
        for (const name of await namesIn(`${folder}/${year}/${month}`)) {
          paths.push(`${year}/${month}/${name}`);
        }
      }
    }
    return inOrder(paths);
  }
}

function isLater(file: DatedFile, name: string): boolean {
  const order = inOrder([name, file.name]);
  return order.length === 2 && order[1]?.name === file.name;
}

function isSame(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return [];
    }
    throw error;
  }
  return names.sort();
}

/** The longest line that Wazuh writes is 64 KiB (docs/contracts/wazuh.md 1.1). */
const LAST_BYTES = 1024 * 1024;

/** Behind the last line feed of a file: a line that is being written is taken whole. */
async function endOfLines(path: string): Promise<number> {
  const info = await statOf(path);
  if (info === undefined) return 0;
  using file = await Deno.open(path);
  const start = Math.max(0, info.size - LAST_BYTES);
  await file.seek(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(info.size - start);
  let length = 0;
  while (length < bytes.length) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return start + bytes.subarray(0, length).lastIndexOf(10) + 1;
}
