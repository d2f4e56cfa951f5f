/**
 * MISP warning lists from a folder: addresses that do not belong to an attacker, or not to one alone.
 *
 * Loading reads every file: it belongs to the building of events, not to the acceptance of an alert.
 *
 * @module
 */
import { createNetworkSet, type NamedNetworks, type Network, parseNetwork } from "./network_set.ts";
import { messageOf } from "../errors.ts";
import { isFields } from "../json.ts";
import { warningText } from "./warning_text.ts";

/** The consequence for an attack: no event, an event without `to_ids`, or a usual event. */
export type ListAction = "drop" | "no_ids" | "publish";

/** What the lists say of an address. */
export interface ListVerdict {
  readonly action: ListAction;
  /** The names of the files or folders of all lists that it is on. */
  readonly lists: readonly string[];
  /** Tags for the address attribute. */
  readonly tags: readonly string[];
}

/** Loaded lists. */
export interface Warninglists {
  /** How many lists and networks are in use. */
  readonly lists: number;
  readonly networks: number;
  /** How many lists could not be read; a folder that cannot be read counts as one. */
  readonly unreadable: number;
  /** One line for each list that could not be read, or only in part. */
  readonly warnings: readonly string[];
  /**
   * @param address canonical
   * @throws {RangeError} if the text is not an address
   */
  verdict(address: string): ListVerdict;
}

/** How the lists are read. Every method may throw. */
export interface WarninglistFiles {
  /** Names of what is in a folder. */
  names(directory: string): readonly string[];
  readText(path: string): string;
  /** A text that changes when the file does; undefined when there is no file. */
  stamp(path: string): string | undefined;
}

/** Which lists are used. */
export interface WarninglistOptions {
  /** Leaves out lists of special ranges: for labs and tests (`guard.publish_private`). */
  readonly publishPrivate?: boolean;
}

/** The lists of a real folder. */
export const WARNINGLIST_FILES: WarninglistFiles = {
  names: (directory) => [...Deno.readDirSync(directory)].map(({ name }) => name),
  readText: (path) => Deno.readTextFileSync(path),
  stamp: (path) => {
    try {
      const { mtime, size, isFile } = Deno.statSync(path);
      return isFile ? `${mtime?.getTime() ?? 0} ${size}` : undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
        return undefined;
      }
      throw error;
    }
  },
};

/** The kind of a list. When an address is on several lists, the first kind of these decides. */
type Kind = "special" | "drop" | "scanner" | "shared" | "cloud" | "known";

/**
 * The consequence of each kind, the strongest first (docs/contracts/misp.md 5). A cloud address is as
 * likely to be an attacker's as any other, but next month it belongs to somebody else.
 */
const CONSEQUENCES: Readonly<Record<Kind, { action: ListAction; tags: readonly string[] }>> = {
  special: { action: "drop", tags: [] },
  drop: { action: "drop", tags: [] },
  scanner: { action: "no_ids", tags: ['false-positive:risk="high"'] },
  shared: { action: "no_ids", tags: ['false-positive:risk="medium"'] },
  cloud: { action: "publish", tags: ['false-positive:risk="low"'] },
  known: { action: "publish", tags: [] },
};
const KINDS = Object.keys(CONSEQUENCES) as readonly Kind[];

const NOTHING: ListVerdict = { action: "publish", lists: [], tags: [] };

/** Kinds by the name of the file or folder: a list does not hold its own kind. */
const BY_FILE: readonly (readonly [Kind, RegExp])[] = [
  ["special", /^(rfc-?\d+|ipv6-linklocal|ipv6-ula|multicast|loopback|bogons?)$/],
  ["scanner", /(^|-)(scanning|scanners?)$/],
  [
    "scanner",
    /^(alphastrike|binaryedge|censys|driftnet|internet-census|modat|netsecscan|onyphe|palo-alto-networks-cortex-xpanse|rapid7|shadowserver|shodan|stretchoid|tenable-cloud|umich-cse)(-|$)/,
  ],
  ["scanner", /^(circl-(security|ssh)-scanning|check-host-net)$/],
  [
    "shared",
    /^(akamai|apple|bunny-net|cachefly|cdn77|cloudflare|crl-ip|fastly|gcore|github|google-gmail-sending|googlebot|icloud-private-relay|imperva|microsoft-attack-simulator|microsoft-office365|openai-gptbot|parking-domain|public-dns|sinkholes?|smtp-receiving|smtp-sending|stackpath|telegram|umbrella-blockpage|wikimedia|zscaler)(-(ips?|ipv[46]|v[46]|cn|hostname))*$/,
  ],
  ["cloud", /^microsoft-azure(-|$)/],
  [
    "cloud",
    /^(alibaba-cloud|amazon-aws|coreweave|digitalocean|godaddy|google-gcp|hetzner|huawei-cloud|ibm-cloud|linode|oracle-oci|ovh-cluster|scaleway|tencent-cloud|vpn(?=-ipv[46]$)|vultr)(-(ips?|ipv[46]|v[46]))*$/,
  ],
];

/** Kinds by the name inside the list, for files with other names: the names of the real lists. */
const BY_NAME: readonly (readonly [Kind, RegExp])[] = [
  ["special", /^list-of-(rfc-\d+|ipv6-link-local)-/],
  ["scanner", /(^|-)(scanning|scanners?)(-|$)|cortex-xpanse|tenable-cloud-sensors|check-host-net/],
  [
    "shared",
    /public-dns-resolvers|private-relay|^list-of-known-(akamai|apple|cloudflare|fastly|github|gmail|googlebot|office-365|openai|sinkholes|smtp|stackpath|telegram|wikimedia|zscaler)(-|$)/,
  ],
  [
    "cloud",
    /common-vpn-providers|^list-of-known-(amazon-aws|digitalocean|gcp|google-cloud|hetzner|microsoft-azure|oracle|ovh)(-|$)/,
  ],
];

/**
 * The kind of a list: by its file, else by its name, else by its category. Without a category it is a
 * list of false positives, as in MISP. Public DNS resolvers, CDNs and such are false positives by category
 * too, but hosts of many people share their addresses: these are published, and never blocked.
 */
function kindOf(file: string, name: string, category: unknown): Kind {
  const [slug, title] = [file.toLowerCase(), name.toLowerCase()].map((text) =>
    text.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")
  ) as [string, string];
  const known = BY_FILE.find(([, pattern]) => pattern.test(slug)) ??
    BY_NAME.find(([, pattern]) => pattern.test(title));
  if (known !== undefined) return known[0];
  return category === undefined || category === "false_positive" ? "drop" : "known";
}

interface LoadedList extends NamedNetworks {
  readonly kind: Kind;
  readonly warning: string | undefined;
}

/**
 * Loads all lists of a folder: `DIR/*.json` and `DIR/<name>/list.json`, as in the misp-warninglists
 * repository. Never throws: a folder or list that cannot be read is a warning.
 */
export function loadWarninglists(
  directory: string,
  files: WarninglistFiles,
  options: WarninglistOptions = {},
): Warninglists {
  const warnings: string[] = [];
  const lists: LoadedList[] = [];
  let unreadable = 0;
  for (const { name, path } of listFiles(directory, files, warnings)) {
    try {
      const list = parseList(name, files.readText(path), options);
      if (list?.warning !== undefined) warnings.push(list.warning);
      if (list !== undefined) lists.push(list);
    } catch (error) {
      unreadable++;
      warnings.push(warningText(`warning list ${path} is left out: ${messageOf(error)}`));
    }
  }
  const problems = warnings.length;
  if (lists.length === 0 && problems === 0) {
    warnings.push(
      warningText(`no warning list in ${directory}: it must hold NAME.json or NAME/list.json`),
    );
  }
  const kinds = new Map(lists.map(({ name, kind }) => [name, kind]));
  const set = createNetworkSet(lists);
  return {
    lists: lists.length,
    networks: set.size,
    // Without any list, either the folder cannot be read or it is the wrong one.
    unreadable: lists.length === 0 ? Math.max(1, unreadable) : unreadable,
    warnings,
    verdict: (address) => {
      const names = set.namesOf(address);
      const kind = KINDS.find((wanted) => names.some((name) => kinds.get(name) === wanted));
      return kind === undefined ? NOTHING : { ...CONSEQUENCES[kind], lists: names };
    },
  };
}

/** The lists of a folder. @param warnings gets why the folder cannot be read */
export function listFiles(directory: string, files: WarninglistFiles, warnings: string[]) {
  const found: { readonly name: string; readonly path: string; readonly stamp: string }[] = [];
  try {
    for (const entry of files.names(directory).toSorted()) {
      if (entry.startsWith(".")) continue;
      const isFlat = entry.endsWith(".json");
      const path = isFlat ? `${directory}/${entry}` : `${directory}/${entry}/list.json`;
      const stamp = files.stamp(path);
      const name = isFlat ? entry.slice(0, -".json".length) : entry;
      if (stamp !== undefined) found.push({ name, path, stamp });
    }
  } catch (error) {
    warnings.push(warningText(`warning lists ${directory} cannot be read: ${messageOf(error)}`));
  }
  return found;
}

/** The type at the beginning or end of a list of millions of host names, which is not parsed then. */
const NO_ADDRESSES = /"type"\s*:\s*"(hostname|regex|substring)"/;

/** Types of attributes with an attacker's address. A list that names other types only is not for it. */
const OUR_TYPES: readonly unknown[] = ["ip-src", "ip-src|port", "ALL"];

/** @returns undefined for a list that is not about addresses of attackers */
function parseList(
  file: string,
  text: string,
  options: WarninglistOptions,
): LoadedList | undefined {
  if (NO_ADDRESSES.test(text.slice(0, 2000)) || NO_ADDRESSES.test(text.slice(-2000))) {
    return undefined;
  }
  const content: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
  if (!isFields(content)) throw new TypeError("it is not an object");
  const type = Array.isArray(content.type) ? content.type[0] : content.type ?? "string";
  if (type !== "cidr" && type !== "string") return undefined;
  const about = content.matching_attributes;
  if (Array.isArray(about) && about.length > 0 && !about.some((one) => OUR_TYPES.includes(one))) {
    return undefined;
  }
  // In an object the keys are the values, each with a comment.
  const values = isFields(content.list) ? Object.keys(content.list) : content.list;
  if (!Array.isArray(values)) throw new TypeError('its "list" is neither a list nor an object');
  const title = typeof content.name === "string" ? content.name : "";
  const kind = kindOf(file, title, content.category);
  if (options.publishPrivate && kind === "special") return undefined;
  const { networks, others } = readNetworks(values);
  // Host names or hashes in a list of strings are not a mistake.
  const isOdd = type === "cidr" && others.length > 0;
  if (networks.length === 0 && !isOdd) return undefined;
  const warning = isOdd
    ? warningText(
      `warning list ${file}: entries that are not valid networks are left out: ` +
        `${others.length} of ${values.length}, such as ${JSON.stringify(others[0])?.slice(0, 60)}`,
    )
    : undefined;
  return { name: file, kind, networks, warning };
}

function readNetworks(values: readonly unknown[]) {
  const networks: Network[] = [];
  const others: unknown[] = [];
  for (const value of values) {
    const network = typeof value === "string" ? parseNetwork(value.trim()) : undefined;
    // A network of all addresses is a mistake that would keep every attacker from being published.
    if (network === undefined || network.bits === 0) others.push(value);
    else networks.push(network);
  }
  return { networks, others };
}

/**
 * Lists that are loaded at their first use, and again when a file has changed.
 *
 * @param options `recheckMs`: how long the files are not checked again, milliseconds; `warn`: gets each
 * warning once a load
 * @returns the lists at a time, milliseconds UTC
 */
export function cachedWarninglists(
  directory: string,
  files: WarninglistFiles,
  options: WarninglistOptions & {
    readonly recheckMs: number;
    readonly warn: (message: string) => void;
  },
): (now: number) => Warninglists {
  let loaded: Warninglists | undefined;
  let fingerprint = "";
  let checkedAt = -Infinity;
  return (now) => {
    if (loaded !== undefined && Math.abs(now - checkedAt) < options.recheckMs) return loaded;
    checkedAt = now;
    const problem: string[] = [];
    const parts = listFiles(directory, files, problem).map(({ path, stamp }) => `${path} ${stamp}`);
    const seen = [...parts, ...problem].join("\n");
    if (loaded === undefined || seen !== fingerprint) {
      fingerprint = seen;
      loaded = loadWarninglists(directory, files, options);
      loaded.warnings.forEach((message) => options.warn(message));
    }
    return loaded;
  };
}
