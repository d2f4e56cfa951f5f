/**
 * MISP warning lists of hashes and host names: files and addresses that many people use.
 *
 * Such a list may have a million entries, and is asked for a few values a day. So a list is not loaded, but
 * its text is searched, and the answers are kept.
 *
 * @module
 */
import { listFiles, type WarninglistFiles } from "./warninglists.ts";
import { messageOf } from "../errors.ts";
import { warningText } from "./warning_text.ts";

/** Look-ups in the lists of a folder. They never throw. */
export interface ValueLists {
  /** @param hash in lower case @returns the names of the lists that have it */
  ofHash(hash: string): readonly string[];
  /** @param host a name in lower case; lists of domains have its parents @returns the names of lists */
  ofHost(host: string): readonly string[];
}

/** What a list is about. */
interface ListFacts {
  readonly stamp: string;
  readonly hashes: boolean;
  readonly hosts: "exact" | "parents" | undefined;
}

/** How lists are read. */
export interface ValueListOptions {
  /** How long the files are not checked again, milliseconds. */
  readonly recheckMs: number;
  /** Gets each warning once. */
  readonly warn: (message: string) => void;
  /** Milliseconds UTC. */
  readonly now: () => number;
}

/** Answers that are kept at most. */
const MOST_ANSWERS = 10_000;

/** Where a list says what it is about: at its beginning or at its end. */
const ENDS = 4096;

/** Types of attributes of which a list for them knows hashes, or hosts. */
const OF_HASHES = /"(?:sha256|ALL)"/;
const OF_HOSTS = /"(?:url|hostname|domain|ALL)"/;

/** Looks up values in the lists of a folder, which may change. */
export function valueLists(
  directory: string,
  files: WarninglistFiles,
  options: ValueListOptions,
): ValueLists {
  const answers = new Map<string, readonly string[]>();
  const known = new Map<string, ListFacts>();
  const warned = new Set<string>();
  let lists: ReturnType<typeof listFiles> = [];
  let checkedAt = -Infinity;
  let fingerprint = "";

  const check = () => {
    if (Math.abs(options.now() - checkedAt) < options.recheckMs) return;
    checkedAt = options.now();
    // Whatever cannot be read here, the lists of networks warn of.
    lists = listFiles(directory, files, []);
    const seen = lists.map(({ path, stamp }) => `${path} ${stamp}`).join("\n");
    if (seen !== fingerprint) answers.clear();
    fingerprint = seen;
  };
  const search = (isAsked: (facts: ListFacts) => readonly string[]): readonly string[] =>
    lists.filter(({ path, stamp }) => {
      try {
        const before = known.get(path);
        if (before?.stamp === stamp && isAsked(before).length === 0) return false;
        const text = files.readText(path).toLowerCase();
        const facts = factsOf(text, stamp);
        known.set(path, facts);
        return isAsked(facts).some((value) => text.includes(JSON.stringify(value)));
      } catch (error) {
        if (!warned.has(path)) {
          warned.add(path);
          options.warn(warningText(`warning list ${path} is left out: ${messageOf(error)}`));
        }
        return false;
      }
    }).map(({ name }) => name);
  const find = (key: string, isAsked: (facts: ListFacts) => readonly string[]) => {
    check();
    const before = answers.get(key);
    if (before !== undefined) return before;
    if (answers.size >= MOST_ANSWERS) answers.clear();
    const found = search(isAsked);
    answers.set(key, found);
    return found;
  };
  return {
    ofHash: (hash) => find(`hash ${hash}`, ({ hashes }) => hashes ? [hash] : []),
    ofHost: (host) =>
      find(`host ${host}`, ({ hosts }) => {
        if (hosts === undefined) return [];
        return hosts === "exact" ? [host] : withParents(host);
      }),
  };
}

/** `a.example.org`, `example.org`. */
function withParents(host: string): readonly string[] {
  const labels = host.split(".");
  return labels.slice(0, -1).map((_, at) => labels.slice(at).join("."));
}

/** @param text in lower case */
function factsOf(text: string, stamp: string): ListFacts {
  const ends = text.length <= 2 * ENDS ? text : `${text.slice(0, ENDS)}\n${text.slice(-ENDS)}`;
  const type = /"type"\s*:\s*\[?\s*"([a-z]+)"/.exec(ends)?.[1] ?? "string";
  const about = /"matching_attributes"\s*:\s*\[([^\]]*)\]/.exec(ends)?.[1];
  const isFor = (pattern: RegExp) =>
    about === undefined || about.trim() === "" || new RegExp(pattern, "i").test(about);
  const isHosts = isFor(OF_HOSTS);
  return {
    stamp,
    hashes: type === "string" && isFor(OF_HASHES),
    hosts: !isHosts
      ? undefined
      : type === "hostname"
      ? "parents"
      : type === "string"
      ? "exact"
      : undefined,
  };
}
