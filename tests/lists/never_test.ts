/**
 * Whatever a buffer holds from earlier: what must not be blocked is in no list, and all else is.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { allowList } from "../../src/guard/allow_list.ts";
import { createGuard } from "../../src/guard/guard.ts";
import { gatesOf } from "../../src/cli/wiring/lists/parts.ts";
import { loadConfig } from "../../src/config/load.ts";
import { LIST_FORMATS } from "../../src/list_query.ts";
import { expireSource, NO_LOOKUPS, retractSource } from "../../src/publish/snapshot.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { READ } from "./read.ts";
import { ListRig, rule } from "./rig.ts";

const byte = fc.integer({ min: 0, max: 255 });
const near = fc.integer({ min: 0, max: 3 });
/** Public ones, of which networks may hold several, and special ones of each sort. */
const address = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(near, near).map(([a, b]) => `81.2.${69 + a}.${b}`) },
  { weight: 2, arbitrary: near.map((n) => `2a02:6b8::${n + 1}`) },
  byte.map((n) => `10.9.8.${n}`),
  byte.map((n) => `192.168.1.${n}`),
  byte.map((n) => `127.0.0.${n}`),
  byte.map((n) => `169.254.3.${n}`),
  byte.map((n) => `224.0.0.${n}`),
  byte.map((n) => `203.0.113.${n}`),
  near.map((n) => `fd00::${n + 1}`),
  near.map((n) => `fe80::${n + 1}`),
  near.map((n) => `2001:db8::${n + 1}`),
  // 6to4 and NAT64 of private addresses.
  near.map((n) => `2002:a09:80${n}::1`),
  near.map((n) => `64:ff9b::a09:80${n}`),
);
const publicNetwork = fc.oneof(
  fc.tuple(near, near).map(([a, b]) => `81.2.${69 + a}.${b}`),
  near.map((a) => `81.2.${69 + a}.0/30`),
  fc.constant("2a02:6b8::/127"),
);
const few = <T>(of: fc.Arbitrary<T>) => fc.uniqueArray(of, { maxLength: 3 });

const SCENE = fc.record({
  attackers: fc.uniqueArray(address, { minLength: 1, maxLength: 25 }),
  allowed: few(publicNetwork),
  warned: few(publicNetwork),
  warninglist: fc.constantFrom("amazon-aws", "public-dns", "our-partners"),
  withdrawn: fc.array(fc.nat(24), { maxLength: 3 }),
  expired: fc.array(fc.nat(24), { maxLength: 3 }),
  /** Whether lists were written before any of this was known. */
  isLate: fc.boolean(),
  maxChangePercent: fc.constantFrom(1, undefined, 1000),
});

Deno.test("lists have no allow-listed, warning-listed, special, withdrawn or expired address", async () => {
  await fc.assert(
    fc.asyncProperty(SCENE, async ({ attackers, allowed, warned, warninglist, ...scene }) => {
      using rig = new ListRig();
      const warninglists = rig.folder.file("warninglists");
      await Deno.mkdir(warninglists);
      const list = { name: "A list", type: "cidr", list: [...warned, "192.0.2.255"] };
      await Deno.writeTextFile(`${warninglists}/${warninglist}.json`, JSON.stringify(list));
      const { config } = loadConfig({
        root: "/var/ossec",
        environment: () => undefined,
        readTextFile: () =>
          JSON.stringify({
            guard: { allow_networks: allowed, warninglists_directory: warninglists },
          }),
      });
      const rules = LIST_FORMATS.map((format) => rule(format, { ...scene, format }));
      await rig.attack(attackers);
      if (scene.isLate) await rig.write(rules);
      const gone = new Set<string>();
      for (
        const [indexes, build] of [
          [scene.withdrawn, retractSource],
          [scene.expired, expireSource],
        ] as const
      ) {
        for (const one of indexes.flatMap((index) => attackers[index] ?? [])) {
          if (gone.has(one)) continue;
          gone.add(one);
          await rig.buffer.outbox.republish(
            one,
            rig.now,
            (record) => build(record, PLAIN_SNAPSHOT_RULES, rig.now, NO_LOOKUPS),
          );
        }
      }
      const gates = await gatesOf(config, () => {})();
      rig.gates = () => gates;
      await rig.write(rules);

      const allow = allowList(allowed);
      const warn = allowList(warned);
      const guard = createGuard({ agentPrefixes: [], agentLabels: [], publishPrivate: false });
      const expected = attackers.filter((one) =>
        allow.namesOf(one).length === 0 && warn.namesOf(one).length === 0 &&
        guard.refusal(one) === undefined && !gone.has(one)
      ).sort();
      for (const format of LIST_FORMATS) {
        assert.deepEqual(READ[format](rig.text(format)).toSorted(), expected, format);
      }
    }),
    { numRuns: 60 },
  );
});
