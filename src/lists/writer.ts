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
import { entryOf, type Gates, isAskedFor, type ListEntry, sinceOf } from "./entry.ts";
import { type ListContent, type ListFile, readList } from "./file.ts";
import { writeList } from "./formats.ts";
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
      const before = await readList(list.path, list.format).catch(() => undefined);
      const reason = `list ${list.name} was not written: ${problem}`;
      return { name: list.name, addresses: before?.addresses, problem: reason };
    }));
  }
  await using stack = new AsyncDisposableStack();
  const begun = await Promise.all(lists.map((list) => NextList.begin(list, stack)));
  await walk(parts, gates, begun, now());
  const made: Made[] = [];
  for (const next of begun) made.push(await next.end(accepted));
  return made;
}

async function walk(
  { buffer, lists }: ListsParts,
  gates: Gates,
  begun: readonly NextList[],
  now: number,
): Promise<void> {
  const query = {
    since: Math.min(...lists.map((list) => sinceOf(list, now))),
    minAttempts: Math.max(gates.minAttempts, Math.min(...lists.map((one) => one.minAttempts))),
  };
  for await (const rows of buffer.views.listed(query)) {
    const entries = rows.map((row) => entryOf(row, gates)).filter((entry) => entry !== undefined);
    for (const next of begun) await next.add(entries, now);
  }
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
      next.#before = await readList(list.path, list.format);
      next.#file = stack.use(await Replacement.begin(list.path));
      await next.#write(next.#writing.begin());
    });
    return next;
  }

  async add(entries: readonly ListEntry[], now: number): Promise<void> {
    if (this.#failure !== undefined) return;
    const asked = entries.filter((entry) => isAskedFor(entry, this.#list, now));
    this.#addresses += asked.length;
    const text = asked.map((entry) => this.#writing.add(entry)).join("");
    await this.#try(() => this.#write(text));
  }

  /** Puts it in the place of the file, where that is due and allowed. */
  async end(accepted: ReadonlySet<string>): Promise<Made> {
    const { name, maxChangePercent, path } = this.#list;
    await this.#try(async () => {
      await this.#write(this.#writing.end());
      const [before, after] = [this.#before, this.#addresses];
      if (before?.digest === this.#hash.digest("hex")) return;
      const isAllowed = accepted.has(name) || mayChange(before?.addresses, after, maxChangePercent);
      if (!isAllowed) {
        throw new TooMuch(
          `list ${name} ${changeText(before!.addresses, after)}, and was not written; look at ` +
            `\`list ${name}\`, and accept it once by \`list ${name} --accept\``,
        );
      }
      await this.#file!.commit();
      await syncFolder(dirname(path));
      this.#before = { addresses: after, digest: "" };
    });
    return { name, addresses: this.#before?.addresses, problem: this.#failure };
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
