/**
 * A set of networks that finds the lists which an address is on.
 *
 * Two CIDR networks are nested or apart; they never overlap in part. So the set cuts the address space
 * at every first and last address once and gives each piece the names that hold for all of it. A look-up
 * is one binary search, however many networks and lengths there are.
 *
 * @module
 */
import { addressWords, canonicalAddress } from "../address.ts";

/** A network. */
export interface Network {
  /** The first address in 32-bit words, network order: one for IPv4, four for IPv6. */
  readonly start: readonly number[];
  /** Prefix length in bits, up to 32 or 128. */
  readonly bits: number;
}

/** Networks by the name of their list. */
export interface NamedNetworks {
  readonly name: string;
  readonly networks: readonly Network[];
}

/** A set of networks. */
export interface NetworkSet {
  /** How many networks it has. */
  readonly size: number;
  /**
   * The names of all lists with a network that holds this address, in the order of the lists.
   *
   * @param address canonical (`canonicalAddress()`): IPv4-mapped IPv6 is not looked up as IPv4
   * @throws {RangeError} if the text is not an address
   */
  namesOf(address: string): readonly string[];
  /** The same for an address in words (`addressWords()`). */
  namesOfWords(words: readonly number[]): readonly string[];
}

/**
 * Reads a network: `192.0.2.0/24`, `2001:db8::/32`, or a bare address, which is a network of one.
 *
 * @param text bits after the prefix may be set, as in real lists; they are cleared. IPv4-mapped networks
 * longer than /96 are the IPv4 networks they map. `::ffff:0:0/96` itself and shorter ones remain IPv6,
 * because they are about the notation and not about every IPv4 address
 * @returns undefined when it is not a network
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const written = slash < 0 ? text : text.slice(0, slash);
  const canonical = canonicalAddress(written);
  if (canonical === undefined) return undefined;
  const longest = written.includes(":") ? 128 : 32;
  const bits = slash < 0 ? longest : prefixLength(text.slice(slash + 1), longest);
  if (bits === undefined) return undefined;
  const start = addressWords(canonical);
  if (start.length * 32 === longest) return masked(start, bits);
  return bits > 96 ? masked(start, bits - 96) : masked([0, 0, 0xffff, ...start], bits);
}

function prefixLength(text: string, longest: number): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) <= longest ? Number(text) : undefined;
}

/** Makes a set; several lists may have the same name. */
export function createNetworkSet(lists: readonly NamedNetworks[]): NetworkSet {
  const interned = new NameSets();
  const v4 = new Pieces(1, lists, interned);
  const v6 = new Pieces(4, lists, interned);
  const namesOfWords = (words: readonly number[]) =>
    interned.namesOf((words.length === 1 ? v4 : v6).find(words));
  return {
    size: lists.reduce((sum, list) => sum + list.networks.length, 0),
    namesOf: (address) => namesOfWords(addressWords(address)),
    namesOfWords,
  };
}

/** The mask of a word for a prefix of `bits`. JavaScript takes a shift by 32 for a shift by 0. */
function wordMask(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0;
}

function masked(address: readonly number[], bits: number): Network {
  return {
    start: address.map((word, index) => (word & wordMask(bits - index * 32)) >>> 0),
    bits,
  };
}

/** The first address after a network; undefined after the last address there is. */
function addressAfter({ start, bits }: Network): number[] | undefined {
  const next = start.map((word, index) => (word | ~wordMask(bits - index * 32)) >>> 0);
  for (let index = next.length - 1; index >= 0; index--) {
    if (next[index] !== 0xffffffff) {
      next[index]! += 1;
      return next;
    }
    next[index] = 0;
  }
  return undefined;
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[index]) return one[index]! - other[index]!;
  }
  return 0;
}

/** Combinations of names, each stored once: thousands of pieces share a small number of them. */
class NameSets {
  readonly #sets: (readonly string[])[] = [[]];
  readonly #orders: (readonly number[])[] = [[]];
  readonly #known: Map<number, number>[] = [];

  /** The number of the combination with one more list. */
  with(set: number, order: number, name: string): number {
    const known = this.#known[set] ??= new Map();
    let made = known.get(order);
    if (made === undefined) {
      const before = this.#orders[set]!;
      made = before.includes(order) ? set : this.#add(before, order, set, name);
      known.set(order, made);
    }
    return made;
  }

  namesOf(set: number): readonly string[] {
    return this.#sets[set]!;
  }

  #add(before: readonly number[], order: number, set: number, name: string): number {
    const at = before.filter((other) => other < order).length;
    this.#orders.push(before.toSpliced(at, 0, order));
    this.#sets.push(this.#sets[set]!.toSpliced(at, 0, name));
    return this.#sets.length - 1;
  }
}

interface Entry extends Network {
  readonly order: number;
  readonly name: string;
}

/** The address space of one family in pieces: a piece ends where the next one starts. */
class Pieces {
  readonly #width: number;
  readonly #starts: Uint32Array;
  readonly #sets: Uint32Array;

  constructor(width: number, lists: readonly NamedNetworks[], interned: NameSets) {
    this.#width = width;
    const entries = entriesOf(width, lists);
    const starts: number[] = [];
    const sets: number[] = [];
    let last: readonly number[] | undefined;
    const cut = (start: readonly number[], set: number) => {
      if (last !== undefined && compare(last, start) === 0) {
        sets[sets.length - 1] = set;
        return;
      }
      last = start;
      for (const word of start) starts.push(word);
      sets.push(set);
    };
    const open: { readonly end: readonly number[] | undefined; readonly set: number }[] = [];
    const close = (until: readonly number[] | undefined) => {
      for (let inner = open.at(-1); inner?.end !== undefined; inner = open.at(-1)) {
        if (until !== undefined && compare(inner.end, until) > 0) return;
        open.pop();
        cut(inner.end, open.at(-1)?.set ?? 0);
      }
    };
    for (const entry of entries) {
      close(entry.start);
      const set = interned.with(open.at(-1)?.set ?? 0, entry.order, entry.name);
      open.push({ end: addressAfter(entry), set });
      cut(entry.start, set);
    }
    close(undefined);
    this.#starts = Uint32Array.from(starts);
    this.#sets = Uint32Array.from(sets);
  }

  /** The number of the name set that holds for an address, 0 for none. */
  find(key: readonly number[]): number {
    let low = 0;
    let high = this.#sets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#startsAfter(middle, key)) high = middle;
      else low = middle + 1;
    }
    return low === 0 ? 0 : this.#sets[low - 1]!;
  }

  /** Whether a piece starts after an address. */
  #startsAfter(piece: number, key: readonly number[]): boolean {
    const offset = piece * this.#width;
    for (let index = 0; index < this.#width; index++) {
      const start = this.#starts[offset + index]!;
      if (start !== key[index]) return start > key[index]!;
    }
    return false;
  }
}

/** The networks of one family, outer networks before inner ones. */
function entriesOf(width: number, lists: readonly NamedNetworks[]): readonly Entry[] {
  const orders = new Map<string, number>();
  const entries: Entry[] = [];
  for (const { name, networks } of lists) {
    const order = orders.get(name) ?? orders.size;
    orders.set(name, order);
    for (const network of networks) {
      if (network.start.length === width) {
        entries.push({ start: network.start, bits: network.bits, order, name });
      }
    }
  }
  return entries.sort((one, other) => compare(one.start, other.start) || one.bits - other.bits);
}
