/**
 * MISP warning lists from a folder: addresses that are no attacker, or not only one.
 *
 * Loading reads every file; it belongs where events are built, not on the way of an alert.
 *
 * @module
 */
import { createNetworkSet, type NamedNetworks, type Network, parseNetwork } from "./network_set.ts";
import { messageOf } from "../errors.ts";

/** What becomes of an attack: nothing, an event that blocks nobody, or an event as usual. */
export type ListAction = "drop" | "no_ids" | "publish";

/** What the lists say of an address. */
export interface ListVerdict {
  readonly action: ListAction;
  /** Short names of all lists it is on, as their files or folders are called. */
  readonly lists: readonly string[];
  /** Tags for the address attribute. */
  readonly tags: readonly string[];
}

/** Loaded lists. */
export interface Warninglists {
  /** How many lists and networks count. */
  readonly lists: number;
  readonly networks: number;
  /** One line for each list that could not be read, or not whole. */
  readonly warnings: readonly string[];
  /**
   * @param address canonical
   * @throws {RangeError} if the text is no address
   */
  verdict(address: string): ListVerdict;
}

/** How the lists are read. Every method may throw. */
export interface WarninglistFiles {
  /** Names of what is in a folder. */
  names(directory: string): readonly string[];
  readText(path: string): string;
  /** Changes when the file does; undefined when there is none. */
  stamp(path: string): string | undefined;
}

/** How lists are taken. */
export interface WarninglistOptions {
  /** Leave lists of special ranges out: for labs and tests (`guard.publish_private`). */
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

/** What kind of list it is; the first that fits decides when an address is on several. */
type Kind = "special" | "drop" | "scanner" | "shared" | "cloud" | "known";

/**
 * What follows from each kind, the strongest first (docs/contracts/misp.md 5). A cloud address is as likely
 * to be an attacker's as any other, but belongs to somebody else next month.
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

/** Kinds by the name of the file or folder. What a list is, is not said inside it. */
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

/** Kinds by the name inside, for files that are called otherwise: names as the real lists bear them. */
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
 * What kind of list it is: by its file, else by its name, else by its category. Without a category it
 * is a list of false positives, as in MISP. Public DNS resolvers, CDNs and such are false positives by
 * category too, but behind them sit hosts of many, so that they are told of and never blocked.
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

interface AcceptedCounts extends NamedNetworks {
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
  const lists: AcceptedCounts[] = [];
  for (const { name, path } of listFiles(directory, files, warnings)) {
    try {
      const taken = takeList(name, files.readText(path), options);
      if (taken?.warning !== undefined) warnings.push(taken.warning);
      if (taken !== undefined) lists.push(taken);
    } catch (error) {
      warnings.push(oneLine(`warning list ${path} is left out: ${messageOf(error)}`));
    }
  }
  if (lists.length === 0 && warnings.length === 0) {
    warnings.push(
      oneLine(`no warning list in ${directory}: it must hold NAME.json or NAME/list.json`),
    );
  }
  const kinds = new Map(lists.map(({ name, kind }) => [name, kind]));
  const set = createNetworkSet(lists);
  return {
    lists: lists.length,
    networks: set.size,
    warnings,
    verdict: (address) => {
      const names = set.namesOf(address);
      const kind = KINDS.find((wanted) => names.some((name) => kinds.get(name) === wanted));
      return kind === undefined ? NOTHING : { ...CONSEQUENCES[kind], lists: names };
    },
  };
}

function listFiles(directory: string, files: WarninglistFiles, warnings: string[]) {
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
    warnings.push(oneLine(`warning lists ${directory} cannot be read: ${messageOf(error)}`));
  }
  return found;
}

/** Lists of host names by the million say so at their beginning or end: they are not even parsed. */
const NO_ADDRESSES = /"type"\s*:\s*"(hostname|regex|substring)"/;

/** Attribute types that an attacker's address has; a list that names others is not about it. */
const OUR_TYPES: readonly unknown[] = ["ip-src", "ip-src|port", "ALL"];

function takeList(
  file: string,
  text: string,
  options: WarninglistOptions,
): AcceptedCounts | undefined {
  if (NO_ADDRESSES.test(text.slice(0, 2000)) || NO_ADDRESSES.test(text.slice(-2000))) {
    return undefined;
  }
  const content: unknown = JSON.parse(text.replace(/^\ufeff/, ""));
  if (!isRecord(content)) throw new TypeError("it is not an object");
  const type = Array.isArray(content.type) ? content.type[0] : content.type ?? "string";
  if (type !== "cidr" && type !== "string") return undefined;
  const about = content.matching_attributes;
  if (Array.isArray(about) && about.length > 0 && !about.some((one) => OUR_TYPES.includes(one))) {
    return undefined;
  }
  // An object has the values as keys, with a comment each.
  const values = isRecord(content.list) ? Object.keys(content.list) : content.list;
  if (!Array.isArray(values)) throw new TypeError('its "list" is neither a list nor an object');
  const title = typeof content.name === "string" ? content.name : "";
  const kind = kindOf(file, title, content.category);
  if (options.publishPrivate && kind === "special") return undefined;
  const { networks, strangers } = readNetworks(values);
  // A list of texts may hold host names or hashes as well: those are no mistake.
  const isOdd = type === "cidr" && strangers.length > 0;
  if (networks.length === 0 && !isOdd) return undefined;
  const warning = isOdd
    ? oneLine(
      `warning list ${file}: ${strangers.length} of ${values.length} entries are no networks` +
        ` and left out, such as ${JSON.stringify(strangers[0])?.slice(0, 60)}`,
    )
    : undefined;
  return { name: file, kind, networks, warning };
}

function readNetworks(values: readonly unknown[]) {
  const networks: Network[] = [];
  const strangers: unknown[] = [];
  for (const value of values) {
    const network = typeof value === "string" ? parseNetwork(value.trim()) : undefined;
    // A network of all addresses is a slip that would silence everything.
    if (network === undefined || network.bits === 0) strangers.push(value);
    else networks.push(network);
  }
  return { networks, strangers };
}

/**
 * Lists that are loaded when they are first asked for, and again when a file changed.
 *
 * @param recheckMs how long to trust them without looking, milliseconds
 * @param warn gets each warning once a load
 * @returns the lists; `now` in milliseconds
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").slice(0, 300);
}
