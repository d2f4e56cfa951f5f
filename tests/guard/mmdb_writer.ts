/**
 * Small MMDB files for tests (MaxMind DB File Format 2.0): a search tree, a data section, metadata.
 *
 * @module
 */
import { addressBytes } from "../support/addresses.ts";

/** A value of a record. Whole numbers are written as uint32, others as doubles. */
export type MmdbValue =
  | string
  | number
  | boolean
  | readonly MmdbValue[]
  | { readonly [key: string]: MmdbValue };

/** How a database is laid out. */
export interface MmdbLayout {
  readonly ipVersion?: 4 | 6;
  /** Bits of one record of the tree. */
  readonly recordSize?: 24 | 28 | 32;
  readonly databaseType?: string;
}

/** Type numbers of the format. */
const TYPE = { string: 2, double: 3, uint32: 6, map: 7, array: 11, boolean: 14 } as const;
const DATA_SEPARATOR = 16;
const utf8 = new TextEncoder();

/** Control byte, extended type, size: what stands in front of every value. */
function head(type: number, size: number): number[] {
  const [short, more] = size < 29
    ? [size, []]
    : size < 285
    ? [29, [size - 29]]
    : [30, [(size - 285) >> 8, (size - 285) & 255]];
  return type < 8 ? [(type << 5) | short, ...more] : [short, type - 7, ...more];
}

/** A value as the data section holds it. */
export function encodeValue(value: MmdbValue): number[] {
  if (typeof value === "string") {
    const bytes = utf8.encode(value);
    return [...head(TYPE.string, bytes.length), ...bytes];
  }
  if (typeof value === "boolean") return head(TYPE.boolean, value ? 1 : 0);
  if (typeof value === "number") {
    const view = new DataView(new ArrayBuffer(8));
    const isWhole = Number.isInteger(value) && value >= 0;
    if (isWhole) view.setUint32(0, value);
    else view.setFloat64(0, value);
    const size = isWhole ? 4 : 8;
    return [
      ...head(isWhole ? TYPE.uint32 : TYPE.double, size),
      ...new Uint8Array(view.buffer, 0, size),
    ];
  }
  if (Array.isArray(value)) {
    return [...head(TYPE.array, value.length), ...value.flatMap(encodeValue)];
  }
  const entries = Object.entries(value);
  return [
    ...head(TYPE.map, entries.length),
    ...entries.flatMap(([key, item]) => [...encodeValue(key), ...encodeValue(item)]),
  ];
}

/** A record of a node: another node, the offset of data, or nothing. */
type Slot = { node: number } | { data: number } | undefined;

/**
 * Writes a database.
 *
 * @param networks records by network, `192.0.2.0/24`: none inside another. A number array is taken as
 * bytes of the data section as they are, to write damaged ones
 */
export function writeMmdb(
  networks: Readonly<Record<string, MmdbValue | Uint8Array>>,
  layout: MmdbLayout = {},
): Uint8Array<ArrayBuffer> {
  const { ipVersion = 6, recordSize = 24, databaseType = "Test" } = layout;
  const nodes: [Slot, Slot][] = [[undefined, undefined]];
  const data: number[] = [];
  for (const [network, value] of Object.entries(networks)) {
    const slot = { data: data.length };
    data.push(...(value instanceof Uint8Array ? value : encodeValue(value)));
    place(nodes, pathOf(network, ipVersion), slot);
  }
  const tree = nodes.flatMap(([left, right]) =>
    nodeBytes(slotValue(left, nodes.length), slotValue(right, nodes.length), recordSize)
  );
  const metadata = encodeValue({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_795_392_000,
    database_type: databaseType,
    description: { en: "made for a test" },
    ip_version: ipVersion,
    languages: ["en"],
    node_count: nodes.length,
    record_size: recordSize,
  });
  const marker = [0xab, 0xcd, 0xef, ...utf8.encode("MaxMind.com")];
  return Uint8Array.from([
    ...tree,
    ...new Array<number>(DATA_SEPARATOR).fill(0),
    ...data,
    ...marker,
    ...metadata,
  ]);
}

/** The bits of a network; IPv4 stands at ::/96 in an IPv6 tree. */
function pathOf(network: string, ipVersion: 4 | 6): number[] {
  const [address = "", length = ""] = network.split("/");
  const bytes = addressBytes(address);
  const shift = ipVersion === 6 && bytes.length === 4 ? 96 : 0;
  const bits = [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((at) => (byte >> at) & 1));
  return [...new Array<number>(shift).fill(0), ...bits.slice(0, Number(length))];
}

function place(nodes: [Slot, Slot][], path: readonly number[], slot: Slot): void {
  let node = 0;
  path.forEach((bit, depth) => {
    if (depth === path.length - 1) {
      nodes[node]![bit] = slot;
      return;
    }
    const next = nodes[node]![bit];
    if (next !== undefined && "node" in next) {
      node = next.node;
    } else {
      nodes[node]![bit] = { node: nodes.push([undefined, undefined]) - 1 };
      node = nodes.length - 1;
    }
  });
}

function slotValue(slot: Slot, nodeCount: number): number {
  if (slot === undefined) return nodeCount;
  return "node" in slot ? slot.node : nodeCount + DATA_SEPARATOR + slot.data;
}

function nodeBytes(left: number, right: number, recordSize: 24 | 28 | 32): number[] {
  const low = (value: number) => [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  const high = (value: number) => (value >>> 24) & 255;
  if (recordSize === 24) return [...low(left), ...low(right)];
  if (recordSize === 28) {
    return [...low(left), (high(left) << 4) | (high(right) & 15), ...low(right)];
  }
  return [high(left), ...low(left), high(right), ...low(right)];
}
