import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "../../src/address.ts";
import { addressBytes } from "../support/addresses.ts";
import { createNetworkSet, type Network, parseNetwork } from "../../src/guard/network_set.ts";

function setOf(lists: Readonly<Record<string, readonly string[]>>) {
  return createNetworkSet(
    Object.entries(lists).map(([name, texts]) => ({
      name,
      networks: texts.map((text) => parseNetwork(text)).filter((one) => one !== undefined),
    })),
  );
}

Deno.test("parseNetwork() reads CIDR and bare addresses of both families", () => {
  assert.deepEqual(parseNetwork("192.0.2.0/24"), { start: [0xc0000200], bits: 24 });
  assert.deepEqual(parseNetwork("192.0.2.1"), { start: [0xc0000201], bits: 32 });
  assert.deepEqual(parseNetwork("192.0.2.1/32"), { start: [0xc0000201], bits: 32 });
  assert.deepEqual(parseNetwork("2001:DB8::/32"), { start: [0x20010db8, 0, 0, 0], bits: 32 });
  assert.deepEqual(parseNetwork("2001:db8::1"), { start: [0x20010db8, 0, 0, 1], bits: 128 });
  assert.deepEqual(parseNetwork("::/0"), { start: [0, 0, 0, 0], bits: 0 });
});

Deno.test("parseNetwork() clears the bits behind the prefix", () => {
  assert.deepEqual(parseNetwork("192.0.2.77/24"), { start: [0xc0000200], bits: 24 });
  assert.deepEqual(parseNetwork("10.1.2.3/0"), { start: [0], bits: 0 });
  assert.deepEqual(parseNetwork("2001:db8:ffff:ffff::1/33"), {
    start: [0x20010db8, 0x80000000, 0, 0],
    bits: 33,
  });
});

Deno.test("parseNetwork() takes an IPv4-mapped network for the IPv4 network", () => {
  assert.deepEqual(parseNetwork("::ffff:192.0.2.0/120"), { start: [0xc0000200], bits: 24 });
  assert.deepEqual(parseNetwork("::ffff:192.0.2.1"), { start: [0xc0000201], bits: 32 });
});

Deno.test("parseNetwork() does not take the whole mapped range for every IPv4 address", () => {
  assert.deepEqual(parseNetwork("::ffff:0:0/96"), { start: [0, 0, 0xffff, 0], bits: 96 });
  assert.deepEqual(setOf({ notation: ["::ffff:0:0/96"] }).namesOf("192.0.2.1"), []);
});

Deno.test("parseNetwork() refuses a text that is not a network", () => {
  const texts = [
    ...["", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/2.5"],
    ...["192.0.2.0/ 24", "192.0.2.0/24/8", "192.0.2", "192.0.2.0/0x18", "192.0.2.0/1e1"],
    ...["2001:db8::/129", "fe80::1%eth0/64", "example.org", "example.org/24", "192.0.2.00/24"],
  ];
  for (const text of texts) assert.equal(parseNetwork(text), undefined, text);
});

Deno.test("namesOf() says all lists of nested networks in the order they were given", () => {
  const set = setOf({
    inner: ["192.0.2.64/26", "192.0.2.64/32"],
    outer: ["192.0.0.0/16"],
    apart: ["198.51.100.0/24"],
    alone: ["192.0.2.65"],
  });
  assert.equal(set.size, 5);
  assert.deepEqual(set.namesOf("192.0.2.64"), ["inner", "outer"]);
  assert.deepEqual(set.namesOf("192.0.2.65"), ["inner", "outer", "alone"]);
  assert.deepEqual(set.namesOf("192.0.2.127"), ["inner", "outer"]);
  assert.deepEqual(set.namesOf("192.0.2.128"), ["outer"]);
  assert.deepEqual(set.namesOf("192.0.255.255"), ["outer"]);
  assert.deepEqual(set.namesOf("192.1.0.0"), []);
  assert.deepEqual(set.namesOf("191.255.255.255"), []);
  assert.deepEqual(set.namesOf("198.51.100.0"), ["apart"]);
});

Deno.test("namesOf() keeps IPv4 and IPv6 apart", () => {
  const set = setOf({ four: ["0.0.0.0/0"], six: ["::/0"] });
  assert.deepEqual(set.namesOf("0.0.0.0"), ["four"]);
  assert.deepEqual(set.namesOf("255.255.255.255"), ["four"]);
  assert.deepEqual(set.namesOf("::"), ["six"]);
  assert.deepEqual(set.namesOf("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ["six"]);
});

Deno.test("namesOf() holds at the ends of the address space", () => {
  const set = setOf({
    first: ["0.0.0.0/8", "::/128"],
    last: ["255.255.255.255/32", "255.0.0.0/8", "ffff::/16"],
  });
  assert.deepEqual(set.namesOf("0.255.255.255"), ["first"]);
  assert.deepEqual(set.namesOf("1.0.0.0"), []);
  assert.deepEqual(set.namesOf("254.255.255.255"), []);
  assert.deepEqual(set.namesOf("255.255.255.255"), ["last"]);
  assert.deepEqual(set.namesOf("::1"), []);
  assert.deepEqual(set.namesOf("fffe:ffff::"), []);
  assert.deepEqual(set.namesOf("ffff::"), ["last"]);
});

Deno.test("namesOf() of an empty set is empty", () => {
  assert.deepEqual(setOf({}).namesOf("192.0.2.1"), []);
  assert.deepEqual(setOf({ none: [] }).namesOf("2001:db8::1"), []);
});

Deno.test("namesOf() throws RangeError for a text that is not an address", () => {
  const set = setOf({ all: ["0.0.0.0/0", "::/0"] });
  for (
    const text of ["", "example.org", "1:2:3:4", "1.2.3", "1.2.3.4.5", "1::2::3", "192.0.2.0/24"]
  ) {
    assert.throws(() => set.namesOf(text), RangeError, text);
  }
});

/** Few different bits, so that networks nest, touch and repeat. */
const byte = fc.constantFrom(0, 1, 127, 128, 192, 254, 255);
const bytes = (length: number) => fc.array(byte, { minLength: length, maxLength: length });

function addressText(parts: readonly number[]): string {
  if (parts.length === 4) return parts.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, index) => (parts[index * 2]! * 256 + parts[index * 2 + 1]!).toString(16),
  );
  return groups.join(":");
}

const address = fc.oneof(bytes(4), bytes(16)).map(addressText)
  .map((text) => canonicalAddress(text))
  .filter((text) => text !== undefined);
const network = address.chain((text) =>
  fc.integer({ min: 0, max: text.includes(":") ? 128 : 32 }).map((bits) => `${text}/${bits}`)
);

/** The obvious check: the first bits of both are the same. */
function isInside(text: string, { start, bits }: Network): boolean {
  const binary = (values: Iterable<number>, width: number) =>
    [...values].map((value) => value.toString(2).padStart(width, "0")).join("");
  const own = binary(addressBytes(text), 8);
  const theirs = binary(start, 32);
  return own.length === theirs.length && own.slice(0, bits) === theirs.slice(0, bits);
}

Deno.test("namesOf() agrees with looking at every network", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), network), { maxLength: 60 }),
      fc.array(address, { minLength: 1, maxLength: 20 }),
      (entries, queries) => {
        const lists = ["a", "b", "c", "d"].map((name) => ({
          name,
          networks: entries.filter(([own]) => own === name).map(([, text]) => parseNetwork(text)!),
        }));
        const set = createNetworkSet(lists);
        const starts = entries.map(([, text]) => canonicalAddress(text.split("/")[0]!)!);
        for (const query of [...queries, ...starts]) {
          const expected = lists.filter(({ networks }) =>
            networks.some((one) => isInside(query, one))
          ).map(({ name }) => name);
          assert.deepEqual(set.namesOf(query), expected, query);
        }
      },
    ),
    { numRuns: 500 },
  );
});
