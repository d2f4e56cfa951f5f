/**
 * Writes the lists of the configuration: one walk through the sources for all of them, each into a file
 * beside its own, which takes its place when the list has changed, and has not changed too much.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { Buffer } from "../buffer/buffer.ts";
import { HOUR, MINUTE } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { makeFolder, Replacement, syncFolder } from "../feed/replace_file.ts";
import { LISTS_LEASE } from "../publish/names.ts";
import { changeText, mayChange } from "./change.ts";
import {
  entryOf,
  type Gates,
  isAskedFor,
  isBarred,
  isKeptOut,
  type ListEntry,
  sinceOf,
} from "./entry.ts";
import { linesOf, type ListContent, type ListFile, readList } from "./file.ts";
import { writeList } from "./formats.ts";
import { addressesIn, strainLine } from "./strain.ts";
import { type ListState, readStates, writeStates } from "./states.ts";

/** How often lists are made at most: what is published meanwhile waits for the next time. */
const INTERVAL_MS = 5 * MINUTE;

/** How long others wait for a process that makes lists, milliseconds. */
const LEASE_MS = 10 * MINUTE;

/** How often the log repeats why a list is not written. */
const REPEAT_MS = HOUR;

/** What lists are made of. */
export interface ListsParts {
  readonly buffer: Pick<Buffer, "leases" | "settings" | "views">;
  readonly lists: readonly ListFile[];
  /**
   * What keeps addresses out, as it is now.
   *
   * @throws why it is not known: then no list may be written
   */
  readonly gates: () => Promise<Gates>;
  /** Distinguishes lease holders. */
  readonly owner: string;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly log: (level: "info" | "warning" | "error", message: string) => void;
}

/** Makes the lists unless that was done a few minutes ago. @param isLast makes them all the same */
export async function writeListsInTime(parts: ListsParts, isLast: boolean): Promise<void> {
  if (parts.lists.length === 0) return;
  const { at } = await readStates(parts.buffer.settings);
  // A clock that was set back must not keep them from being made.
  if (!isLast && Math.abs(parts.now() - at) < INTERVAL_MS) return;
  await writeLists(parts);
}

/**
 * Makes the lists now.
 *
 * @param accepted names of lists that may change by as much as they do
 * @returns what became of each; undefined: another process is at it
 */
export async function writeLists(
  parts: ListsParts,
  accepted: ReadonlySet<string> = new Set(),
): Promise<readonly ListState[] | undefined> {
  const { buffer, owner, now } = parts;
  const lease = await buffer.leases.take(LISTS_LEASE, owner, LEASE_MS, now(), true);
  if (lease === undefined) return undefined;
  try {
    const before = await readStates(buffer.settings);
    const made = await makeLists(parts, accepted);
    const at = now();
    const states = made.map((state): ListState => {
      const known = before.lists.find(({ name }) => name === state.name);
      return { ...state, loggedAt: logProblem(parts, state.problem, known, at) };
    });
    await writeStates(buffer.settings, { at, lists: states });
    return states;
  } finally {
    await buffer.leases.release(lease);
  }
}

type Made = Omit<ListState, "loggedAt">;

async function makeLists(
  parts: ListsParts,
  accepted: ReadonlySet<string>,
): Promise<readonly Made[]> {
  const { lists, now } = parts;
  let gates: Gates;
  try {
    gates = await parts.gates();
  } catch (error) {
    const problem = messageOf(error);
    return await Promise.all(lists.map(async (list) => {
      const before = await readList(list.path).catch(() => undefined);
      const reason = `list ${list.name} was not written: ${problem}`;
      return { name: list.name, addresses: before?.addresses, problem: reason };
    }));
  }
  await using stack = new AsyncDisposableStack();
  const begun: NextList[] = [];
  for (const list of lists) begun.push(await NextList.begin(list, stack));
  await walk(parts, gates, begun, now());
  let keptOut: Promise<ReadonlySet<string>> | undefined;
  const keeps: Keeps = async () => {
    const withdrawn = await (keptOut ??= allKeptOut(parts, gates));
    return (address) => !withdrawn.has(address) && !isBarred(address, gates);
  };
  const made: Made[] = [];
  for (const next of begun) made.push(await next.end(accepted, keeps));
  return made;
}

/** Finds out which addresses a file may keep that is not written. */
type Keeps = () => Promise<(address: string) => boolean>;

async function walk(
  { buffer, lists }: ListsParts,
  gates: Gates,
  begun: readonly NextList[],
  now: number,
): Promise<void> {
  const query = {
    since: Math.min(...lists.map((list) => sinceOf(list, now))),
    minAttempts: Math.min(...lists.map((one) => one.minAttempts)),
  };
  for await (const rows of buffer.views.listed(query)) {
    const entries = rows.filter((row) => !isKeptOut(row, gates)).map(entryOf);
    for (const next of begun) await next.add(entries, now);
  }
}

/** All sources that may be in no list: a file that is not written has some that no list asks for now. */
async function allKeptOut({ buffer }: ListsParts, gates: Gates): Promise<ReadonlySet<string>> {
  const addresses = new Set<string>();
  for await (const rows of buffer.views.listed({ since: 0, minAttempts: 0 })) {
    for (const row of rows) if (isKeptOut(row, gates)) addresses.add(row.sourceIp);
  }
  return addresses;
}

/** The next content of one list. A failure concerns this list alone. */
class NextList {
  readonly #list: ListFile;
  readonly #writing: ReturnType<typeof writeList>;
  readonly #hash = createHash("sha256");
  #file: Replacement | undefined;
  #before: ListContent | undefined;
  #addresses = 0;
  #failure: string | undefined;

  private constructor(list: ListFile) {
    this.#list = list;
    this.#writing = writeList(list.format, list.name);
  }

  static async begin(list: ListFile, stack: AsyncDisposableStack): Promise<NextList> {
    const next = new NextList(list);
    await next.#try(async () => {
      await makeFolder(dirname(list.path));
      next.#before = await readList(list.path);
      next.#file = stack.use(await Replacement.begin(list.path));
      await next.#write(next.#writing.begin());
    });
    return next;
  }

  async add(entries: readonly ListEntry[], now: number): Promise<void> {
    if (this.#failure !== undefined) return;
    const listed = entries.filter((entry) => isAskedFor(entry, this.#list, now));
    this.#addresses += listed.length;
    const text = listed.map((entry) => this.#writing.add(entry)).join("");
    await this.#try(() => this.#write(text));
  }

  /**
   * Puts it in the place of the file, where that is due and allowed. Where it is not allowed, the file loses
   * the addresses that may be in no list.
   */
  async end(
    accepted: ReadonlySet<string>,
    keeps: Keeps,
  ): Promise<Made> {
    const { name, maxChangePercent, path } = this.#list;
    await this.#try(async () => {
      await this.#write(this.#writing.end());
      const [before, after] = [this.#before?.addresses, this.#addresses];
      const isSame = this.#before?.digest === this.#hash.digest("hex");
      const may = (keptOut: number) => mayChange({ before, after, keptOut }, maxChangePercent);
      const isAllowed = isSame || accepted.has(name) || may(0) ||
        may(await this.#countKeptOut(await keeps()));
      if (!isAllowed) {
        await this.#strain(await keeps());
        throw new TooMuch(
          `list ${name} ${changeText(before!, after)}, and was not written; look at ` +
            `\`list ${name}\`, and accept it once by \`list ${name} --accept\``,
        );
      }
      if (isSame) return;
      await this.#file!.commit();
      await syncFolder(dirname(path));
      this.#before = { format: this.#list.format, addresses: after, digest: "" };
    });
    return { name, addresses: this.#before?.addresses, problem: this.#failure };
  }

  /** How many addresses of the file may be in no list now. */
  async #countKeptOut(isKept: (address: string) => boolean): Promise<number> {
    let count = 0;
    for await (const line of linesOf(this.#list.path)) {
      const addresses = addressesIn(this.#before!.format, line);
      count += addresses.filter((address) => !isKept(address)).length;
    }
    return count;
  }

  async #strain(isKept: (address: string) => boolean): Promise<void> {
    const { path } = this.#list;
    const { format } = this.#before!;
    // The two have one name.
    await this.#file![Symbol.asyncDispose]();
    await using strained = await Replacement.begin(path);
    let isChanged = false;
    for await (const line of linesOf(path)) {
      const kept = strainLine(format, line, isKept);
      isChanged ||= kept !== line;
      if (kept !== undefined) await strained.write(`${kept}\n`);
    }
    if (!isChanged) return;
    await strained.commit();
    await syncFolder(dirname(path));
    this.#before = await readList(path);
  }

  async #write(text: string): Promise<void> {
    this.#hash.update(text);
    await this.#file!.write(text);
  }

  async #try(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#failure = error instanceof TooMuch
        ? error.message
        : `list ${this.#list.name} was not written: ${reasonOf(error)}`;
    }
  }
}

/** A change that nobody has accepted. */
class TooMuch extends Error {
  override name = "TooMuch";
}

function reasonOf(error: unknown): string {
  return error instanceof Deno.errors.NotCapable
    ? "this binary may not write there; use a file below the folder lists beside the buffer"
    : messageOf(error);
}

/** @returns when its problem was logged last */
function logProblem(
  { log }: ListsParts,
  problem: string | undefined,
  known: ListState | undefined,
  at: number,
): number | undefined {
  if (problem === undefined) {
    if (known?.problem !== undefined) log("info", `list ${known.name} is written again`);
    return undefined;
  }
  const loggedAt = known?.problem === undefined ? undefined : known.loggedAt;
  if (loggedAt !== undefined && Math.abs(at - loggedAt) < REPEAT_MS) return loggedAt;
  log("error", problem);
  return at;
}
