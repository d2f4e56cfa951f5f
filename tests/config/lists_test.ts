import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";

const FILE = "/etc/custom-misp.json";
const DAY = 24 * 60 * 60_000;

/** Loads with a file that has these lists. */
function load(lists: unknown, environment: Readonly<Record<string, string>> = {}) {
  return loadConfig({
    root: "/var/ossec",
    file: FILE,
    environment: (name) => environment[name],
    readTextFile: () => JSON.stringify({ lists }),
  });
}

const LIST = { name: "attackers", format: "plain" };
const A_NAME = "1 to 31 lower-case letters, digits and hyphens, a letter first";

const BAD_LISTS: readonly (readonly [name: string, lists: unknown, message: string])[] = [
  ["a text", "plain", ': "plain" is not a valid list of lists; use a list of at most 50 objects'],
  ["an object", LIST, ': {"name":"attackers","format":"plain"} is not a valid list of lists; use'],
  ["null", null, ": null is not a valid list of lists; use a list of at most 50 objects"],
  [
    "51 lists",
    Array.from({ length: 51 }, (_, n) => ({ ...LIST, name: `a${n}` })),
    ': [{"name":"a0","format":"plain"},',
  ],
  ["a text in the list", ["a"], '[0]: "a" is not a valid list; use an object with "name" and'],
  [
    "an unknown field",
    [{ ...LIST, days: 3 }],
    '[0]: "days" is not a valid field; use one of name, format, within_days, min_attempts,',
  ],
  [
    "a field of every object",
    [{ ...LIST, constructor: 3 }],
    '[0]: "constructor" is not a valid field; use one of name,',
  ],
  ["no name", [{ format: "csv" }], `[0].name is missing; use ${A_NAME}`],
  ["no format", [{ name: "a" }], "[0].format is missing; use one of plain, csv, cdb, nftables,"],
  ...["", "A", "a b", "../a", "a_b", "9a", "a".repeat(32), 7, null].map((name) =>
    [
      `the name ${JSON.stringify(name)}`,
      [{ ...LIST, name }],
      `[0].name: ${JSON.stringify(name)} is not a valid name; use ${A_NAME}`,
    ] as const
  ),
  [
    "one name for two lists",
    [LIST, { ...LIST, file: "b" }],
    '[1].name: "attackers" is not a valid name; use a name that no other list has',
  ],
  [
    "the name of another format",
    [{ ...LIST, name: "csv" }],
    '[0].name: "csv" is not a valid name; use a name that is not a format, or format "csv"',
  ],
  [
    "an unknown format",
    [{ ...LIST, format: "xml" }],
    '[0].format: "xml" is not a valid format; use one of plain, csv, cdb, nftables, jsonl',
  ],
  ...[0, -1, 3651, "7", null, true].map((days) =>
    [
      `within_days ${JSON.stringify(days)}`,
      [{ ...LIST, within_days: days }],
      `[0].within_days: ${JSON.stringify(days)} is not a valid number; use a number from 0.01 to`,
    ] as const
  ),
  [
    "half an attempt",
    [{ ...LIST, min_attempts: 1.5 }],
    "[0].min_attempts: 1.5 is not a valid number; use a whole number from 1 to 1000000",
  ],
  [
    "no sensor",
    [{ ...LIST, min_sensors: 0 }],
    "[0].min_sensors: 0 is not a valid number; use a whole number from 1 to 10000",
  ],
  [
    "a text for a choice",
    [{ ...LIST, got_in: "yes" }],
    '[0].got_in: "yes" is not a valid choice; use true or false',
  ],
  [
    "no change",
    [{ ...LIST, max_change_percent: 0 }],
    "[0].max_change_percent: 0 is not a valid number; use a number from 1 to 100000",
  ],
  ...["", "../buffer.db", "a/../../b", "/etc/../x", "a//b", "a/", "a.part", "a\nb", 5].map((file) =>
    [
      `the file ${JSON.stringify(file)}`,
      [{ ...LIST, file }],
      `[0].file: ${JSON.stringify(file)} is not a valid file; use a name such as "attackers.txt"`,
    ] as const
  ),
];

for (const [name, lists, message] of BAD_LISTS) {
  Deno.test(`loadConfig() refuses ${name} in lists and says what is valid`, () => {
    assert.throws(() => load(lists), (error: Error) => {
      assert.equal(error.name, "ConfigError");
      assert.ok(error.message.startsWith(`${FILE}: lists${message}`), error.message);
      return true;
    });
  });
}

Deno.test("loadConfig() reads lists, with a default for what is left out", () => {
  const all = {
    ...{ name: "fw-7", format: "nftables", within_days: 7, min_attempts: 3, min_sensors: 2 },
    ...{ got_in: true, file: "fw/seven.nft", max_change_percent: 20 },
  };
  assert.deepEqual(load([LIST, all]).config.lists, [
    {
      ...{ name: "attackers", format: "plain", withinMs: undefined, minAttempts: 0 },
      ...{ minSensors: 1, gotIn: false, file: "attackers", maxChangePercent: undefined },
    },
    {
      ...{ name: "fw-7", format: "nftables", withinMs: 7 * DAY, minAttempts: 3, minSensors: 2 },
      ...{ gotIn: true, file: "fw/seven.nft", maxChangePercent: 20 },
    },
  ]);
  assert.deepEqual(load([]).config.lists, []);
});

Deno.test("loadConfig() reads lists from the environment as JSON", () => {
  const of = (text: string) => load([], { WM_LISTS: text }).config.lists;
  assert.deepEqual(of(JSON.stringify([LIST])).map(({ name }) => name), ["attackers"]);
  assert.throws(() => of("plain,csv"), {
    name: "ConfigError",
    message: /^WM_LISTS is "plain,csv"; allowed is a list of objects in JSON, such as/,
  });
});
