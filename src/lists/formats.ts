/**
 * The forms of a list, written part by part. Pure: the same sources give the same bytes, so that a list
 * without a change needs not be written or sent.
 *
 * @module
 */
import type { ListFormat } from "../list_query.ts";
import type { ListEntry } from "./entry.ts";

/** Writes one list. Its parts follow one another. */
export interface ListWriting {
  begin(): string;
  /** @returns the next part; it may be empty */
  add(entry: ListEntry): string;
  end(): string;
}

/** What a file of each form is, for HTTP. */
export const CONTENT_TYPES: Readonly<Record<ListFormat, string>> = {
  plain: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  cdb: "text/plain; charset=utf-8",
  nftables: "text/plain; charset=utf-8",
  jsonl: "application/x-ndjson",
};

/**
 * Begins a list.
 *
 * @param name of the list, which names the sets of nftables
 */
export function writeList(format: ListFormat, name: string): ListWriting {
  if (format === "nftables") return new NftablesWriting(name);
  return { begin: () => format === "csv" ? CSV_HEAD : "", add: LINES[format], end: () => "" };
}

const LINES: Readonly<Record<Exclude<ListFormat, "nftables">, (entry: ListEntry) => string>> = {
  plain: ({ address }) => `${address}\n`,
  csv: (entry) => {
    const { address, firstSeen, lastSeen, attempts, sensors, gotIn, confidence } = entry;
    const seen = `${isoTime(firstSeen)},${isoTime(lastSeen)}`;
    return `${address},${seen},${attempts},${sensors},${gotIn ? "yes" : "no"},${confidence}\n`;
  },
  // A key with colons stands in quotes: Wazuh's documentation, "Using CDB lists".
  cdb: ({ address, confidence }) =>
    `${address.includes(":") ? `"${address}"` : address}:${confidence}\n`,
  jsonl: (entry) =>
    JSON.stringify({
      address: entry.address,
      first_seen: isoTime(entry.firstSeen),
      last_seen: isoTime(entry.lastSeen),
      attempts: entry.attempts,
      sensors: entry.sensors,
      days: entry.days,
      got_in: entry.gotIn,
      confidence: entry.confidence,
    }) + "\n",
};

const CSV_HEAD = "address,first_seen,last_seen,attempts,sensors,got_in,confidence\n";

/** To the second: alerts have no finer time that means anything. */
const isoTime = (milliseconds: number) =>
  new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");

/** Addresses in one command of nft. */
const AT_ONCE = 500;

/** The table of all sets. */
const TABLE = "inet custom_misp";

/**
 * Commands for `nft -f`, which does all of a file or nothing: a firewall has the old set or the new one,
 * and rules that name the set are not touched.
 */
class NftablesWriting implements ListWriting {
  readonly #families: readonly { readonly set: string; readonly type: string; pending: string[] }[];

  constructor(name: string) {
    const base = name.replaceAll("-", "_");
    this.#families = [
      { set: `${base}_v4`, type: "ipv4_addr", pending: [] },
      { set: `${base}_v6`, type: "ipv6_addr", pending: [] },
    ];
  }

  begin(): string {
    const sets = this.#families.flatMap(({ set, type }) => [
      `add set ${TABLE} ${set} { type ${type}; }`,
      `flush set ${TABLE} ${set}`,
    ]);
    return [`add table ${TABLE}`, ...sets, ""].join("\n");
  }

  add({ address }: ListEntry): string {
    const family = this.#families[address.includes(":") ? 1 : 0]!;
    family.pending.push(address);
    return family.pending.length < AT_ONCE ? "" : this.#flush(family);
  }

  end(): string {
    return this.#families.map((family) => this.#flush(family)).join("");
  }

  #flush(family: { readonly set: string; pending: string[] }): string {
    if (family.pending.length === 0) return "";
    const addresses = family.pending.join(", ");
    family.pending = [];
    return `add element ${TABLE} ${family.set} { ${addresses} }\n`;
  }
}
