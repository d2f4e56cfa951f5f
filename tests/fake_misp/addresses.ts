/**
 * Addresses as MISP checks and prints them.
 *
 * @module
 */

/** @returns The address as a number, and how many bits it has; undefined if it is none. */
export function parseAddress(text: string): { bits: 32 | 128; value: bigint } | undefined {
  const four = parseIpv4(text);
  if (four !== undefined) return { bits: 32, value: four };
  const groups = parseIpv6(text);
  if (groups === undefined) return undefined;
  return { bits: 128, value: groups.reduce((sum, group) => sum << 16n | BigInt(group), 0n) };
}

/**
 * An address or network as MISP stores it: IPv6 short and in lower case, a network of one address
 * without its length.
 *
 * @param text What was sent.
 * @returns The stored form; undefined when MISP calls the format invalid.
 */
export function normaliseAddress(text: string): string | undefined {
  const [address = "", length, ...more] = text.split("/");
  if (more.length > 0) return undefined;
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  const printed = parsed.bits === 32 ? address : printIpv6(address);
  if (length === undefined) return printed;
  if (!/^\d{1,3}$/.test(length) || Number(length) > parsed.bits) return undefined;
  return Number(length) === parsed.bits ? printed : `${printed}/${Number(length)}`;
}

/** @returns Whether the address lies in the network. */
export function isInNetwork(address: string, network: string): boolean {
  const [base = "", length] = network.split("/");
  const inner = parseAddress(address.split("/")[0] ?? "");
  const outer = parseAddress(base);
  if (inner === undefined || outer === undefined || inner.bits !== outer.bits) return false;
  const shift = BigInt(outer.bits - Number(length ?? outer.bits));
  return inner.value >> shift === outer.value >> shift;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value << 8n | BigInt(part);
  }
  return value;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2 || !text.includes(":")) return undefined;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes(".")) {
      const four = parseIpv4(part);
      if (four === undefined) return undefined;
      groups.push(Number(four >> 16n), Number(four & 0xffffn));
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

function printIpv6(text: string): string {
  const groups = parseIpv6(text) ?? [];
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return `::ffff:${text.slice(text.lastIndexOf(":") + 1)}`.toLowerCase();
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(":");
  return `${hex.slice(0, run.start).join(":")}::${hex.slice(run.start + run.length).join(":")}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index - start + 1 > best.length) best = { start, length: index - start + 1 };
  }
  return best;
}
