/**
 * Fixtures with damage done to them.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "../../src/address.ts";
import { unwrap } from "../../src/wazuh/shapes.ts";
import { damaged, FORGED, hostileName, type Mutation, mutations } from "../support/generators.ts";
import { assertBounded, compositesOnly, defaults, SEED, timed } from "../support/timed_intake.ts";

interface Fixture {
  readonly name: string;
  readonly text: string;
}

const FIXTURES: readonly Fixture[] = ["alerts", "shapes"].flatMap((folder) => {
  const directory = new URL(`../../fixtures/${folder}/`, import.meta.url);
  return [...Deno.readDirSync(directory)].map(({ name }) => ({
    name,
    text: Deno.readTextFileSync(new URL(name, directory)),
  }));
}).sort((one, other) => one.name < other.name ? -1 : 1);

function textsOf(value: unknown): readonly string[] {
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof one === "string" ? [one] : [];
}

/** Every value by its path with dots, whether keys were nested or dotted. */
function dotted(value: unknown, path: string, found: Map<string, unknown[]>): void {
  const isList = Array.isArray(value);
  found.set(path, [...found.get(path) ?? [], value]);
  if (typeof value !== "object" || value === null || isList) return;
  for (const [key, inner] of Object.entries(value)) {
    dotted(inner, path === "" ? key : `${path}.${key}`, found);
  }
}

/** Where sshd and PAM write an address; in a damaged line that can be several places. */
const PLACES = [/(?:from |by |rhost=)([0-9a-fA-F.:]+)/g, /(?:^|\s)([0-9a-fA-F.:]+) port \d/g];

/**
 * What in an alert or finding says where an attack came from: sshd's places in its log lines, Cowrie's
 * record, and `data.srcip` or `source.ip` of what has no line. Never a user name's field.
 */
function evidenceOf(item: unknown): ReadonlySet<string> {
  const fields = new Map<string, unknown[]>();
  dotted(item, "", fields);
  const get = (...paths: readonly string[]) => paths.flatMap((path) => fields.get(path) ?? []);
  const lines = get("full_log", "previous_output", "event.original", "event_original", "message");
  const addresses = lines.flatMap(textsOf).flatMap((text) =>
    PLACES.flatMap((place) => [...text.matchAll(place)].map((match) => match[1]!))
  );
  if (get("data.eventid").some((event) => String(event).startsWith("cowrie."))) {
    addresses.push(...get("data.src_ip").map(String));
  }
  const isCut = get("full_log").every((one) =>
    one == null || textsOf(one).every((text) => text === "")
  );
  if (isCut) addresses.push(...get("data.srcip").flatMap(textsOf));
  const originals = get("event.original", "event_original").filter((one) =>
    one != null && one !== ""
  );
  if (originals.length === 0) addresses.push(...get("source.ip", "source_ip").flatMap(textsOf));
  return new Set(addresses.map(canonicalAddress).filter((one) => one !== undefined));
}

function assertEvident(fixture: Fixture, damage: readonly Mutation[]): number {
  let taken = 0;
  for (const item of unwrap(damaged(fixture.text, damage))) {
    const decision = timed(item, taken % 2 === 0 ? defaults : compositesOnly);
    if (decision.kind === "ignored") continue;
    taken++;
    const evidence = evidenceOf(item);
    for (const { sourceIp } of decision.attempts) {
      assert.ok(evidence.has(sourceIp), `${fixture.name}: ${sourceIp} of ${JSON.stringify(item)}`);
    }
  }
  return taken;
}

Deno.test("decide() takes no address that is not in the evidence of a damaged alert", () => {
  const kinds = ["replace", "delete", "copy", "add", "wrap", "forge", "cut", "double"] as const;
  let taken = 0;
  const property = fc.property(
    fc.constantFrom(...FIXTURES),
    mutations(kinds),
    (fixture, damage) => {
      taken += assertEvident(fixture, damage);
    },
  );
  fc.assert(property, { numRuns: 40_000, seed: SEED });
  assert.ok(taken > 9_000, `only ${taken} were read`);
  assertBounded(39_000);
});

Deno.test("decide() never takes 8.8.8.8 from data.srcip or a user name where there is a log line", () => {
  const isLined = (item: unknown) => {
    const fields = new Map<string, unknown[]>();
    dotted(item, "", fields);
    return ["full_log", "event.original", "event_original"].some((path) =>
      fields.get(path)?.some((line) => textsOf(line).some((text) => text !== ""))
    );
  };
  let taken = 0;
  const property = fc.property(
    fc.constantFrom(...FIXTURES.filter(({ name }) => !name.includes("cowrie"))),
    mutations(["forge", "forge", "replace", "delete", "wrap", "add"]),
    hostileName,
    (fixture, damage, name) => {
      const user = JSON.stringify(name.replaceAll("\n", " ")).slice(1, -1);
      const text = fixture.text.replace(/\b(?:sammy|badguy|warez)\b/g, () => user);
      const forge = { kind: "forge", at: 0, to: 0, value: null } as const;
      for (const item of unwrap(damaged(text, [forge, ...damage]))) {
        const decision = timed(item, defaults);
        if (decision.kind === "ignored" || !isLined(item)) continue;
        taken++;
        for (const { sourceIp } of decision.attempts) {
          assert.ok(!["8.8.8.8", FORGED[1]].includes(sourceIp), JSON.stringify(item));
        }
      }
    },
  );
  fc.assert(property, { numRuns: 25_000, seed: SEED });
  assert.ok(taken > 10_000, `only ${taken} were read`);
  assertBounded(24_000);
});
