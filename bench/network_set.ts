/**
 * What a look-up in a set of 100,000 networks costs, against its limit of 2 µs.
 *
 * @module
 */
import { createNetworkSet, parseNetwork } from "../src/guard/network_set.ts";

const NETWORKS = 100_000;
const ADDRESSES = 65_536;
const ROUNDS = 15;
const LIMIT_NS = 2_000;

/** Numbers that are the same in every run (mulberry32). */
let seed = 20261123;
function random(below: number): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 * below);
}

const randomV4 = () => Array.from({ length: 4 }, () => random(256)).join(".");
const randomV6 = () => "2" + Array.from({ length: 8 }, () => random(65536).toString(16)).join(":");
const group = (text: string) => text.split(":").map((part) => part.slice(0, 4)).join(":");

function randomNetwork(): string {
  return random(4) === 0
    ? `${group(randomV6())}/${19 + random(110)}`
    : `${randomV4()}/${8 + random(25)}`;
}

const texts = Array.from({ length: NETWORKS }, randomNetwork);
const started = performance.now();
const lists = Array.from({ length: 40 }, (_, index) => ({
  name: `list-${index}`,
  networks: texts.filter((_, at) => at % 40 === index).map((text) => parseNetwork(text)!),
}));
const parsed = performance.now();
const set = createNetworkSet(lists);
const built = performance.now();

const addresses = {
  IPv4: Array.from({ length: ADDRESSES }, randomV4),
  IPv6: Array.from({ length: ADDRESSES }, () => group(randomV6())),
};

console.log(`Deno ${Deno.version.deno}, ${set.size} networks of mixed lengths, 40 lists`);
console.log(
  `reading the texts ${(parsed - started).toFixed(0)} ms, building ${
    (built - parsed).toFixed(0)
  } ms`,
);
for (const [family, queries] of Object.entries(addresses)) {
  let hits = 0;
  const costs = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    for (const address of queries) hits += set.namesOf(address).length;
    return (performance.now() - start) * 1e6 / queries.length;
  }).sort((a, b) => a - b);
  const median = costs[ROUNDS >> 1]!;
  const verdict = median <= LIMIT_NS ? "ok" : "NOT OK";
  console.log(
    `${family}  ${median.toFixed(0)} ns a look-up (worst round ${
      costs.at(-1)!.toFixed(0)
    }), limit ${LIMIT_NS}, ratio ${(median / LIMIT_NS).toFixed(2)}  ${verdict}` +
      `  (${(hits / ROUNDS / queries.length).toFixed(2)} names an address)`,
  );
}
