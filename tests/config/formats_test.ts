import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";

const FILE = "/etc/custom-misp.json";

/** Loads with a file that has these formats. */
function load(formats: unknown, environment: Readonly<Record<string, string>> = {}) {
  return loadConfig({
    root: "/var/ossec",
    file: FILE,
    environment: (name) => environment[name],
    readTextFile: () => JSON.stringify({ honeypot: { formats } }),
  });
}

const FORMAT = {
  name: "my-honeypot",
  when: { "data.app": "my-honeypot" },
  event: "data.kind",
  failed: ["refused"],
  source: "data.peer",
};

const BAD_FORMATS: readonly (readonly [name: string, formats: unknown, message: string])[] = [
  [
    "a text",
    "opencanary",
    ': "opencanary" is not a valid list of formats; use a list of at most 50 objects',
  ],
  ["a text in the list", ["a"], '[0]: "a" is not a valid format; use an object with "name" and'],
  [
    "an unknown field",
    [{ ...FORMAT, src: "data.peer" }],
    '[0]: "src" is not a valid field; use one of name, when, event, failed, success, key,',
  ],
  [
    "a field that is missing",
    [FORMAT, { ...FORMAT, name: "b", source: undefined }],
    "[1].source is missing; it is the path of the address, with or without a port",
  ],
  [
    "a path outside of data",
    [{ ...FORMAT, source: "src_host" }],
    '[0].source: "src_host" is not a valid path; use a path such as "data.src_host"',
  ],
  [
    "a path with an empty part",
    [{ ...FORMAT, user: "data..name" }],
    '[0].user: "data..name" is not a valid path; use a path such as "data.src_host"',
  ],
  [
    "a number for a value",
    [{ ...FORMAT, failed: [4002] }],
    '[0].failed: 4002 is not a valid value; use a text or a list of texts, such as "4002"',
  ],
  [
    "conditions that are a text",
    [{ ...FORMAT, when: "data.app" }],
    '[0].when: "data.app" is not a valid condition; use an object such as',
  ],
  [
    "no condition",
    [{ ...FORMAT, when: {} }],
    "[0].when: {} is not a valid condition; use an object such as",
  ],
  [
    "another protocol",
    [{ ...FORMAT, protocol: "ftp" }],
    '[0].protocol: "ftp" is not a valid protocol; use "ssh", "telnet", or a path such as',
  ],
  [
    "a path of the alert in an item",
    [{ ...FORMAT, attempts: "data.list", user: "data.list.user" }],
    '[0].user: "data.list.user" is not a valid path in an item of attempts; use a path such as',
  ],
  [
    "nothing to count",
    [{ ...FORMAT, failed: undefined }],
    "[0] counts nothing; give it one of failed, success, key, connect",
  ],
  [
    "one value with two meanings",
    [{ ...FORMAT, success: "refused" }],
    '[0].event: "refused" is not a valid value; use it in one of failed, success, key, connect only',
  ],
  [
    "one name for two formats",
    [FORMAT, FORMAT],
    '[1].name: "my-honeypot" is not a valid name; use a name that no other format has',
  ],
];

for (const [name, formats, message] of BAD_FORMATS) {
  Deno.test(`loadConfig() refuses ${name} in honeypot.formats and says what is valid`, () => {
    assert.throws(() => load(formats), (error: Error) => {
      assert.equal(error.name, "ConfigError");
      assert.ok(error.message.startsWith(`${FILE}: honeypot.formats${message}`), error.message);
      return true;
    });
  });
}

Deno.test("loadConfig() reads honeypot.formats, a list for each text", () => {
  const { formats } = load([FORMAT]).config.honeypot;
  assert.deepEqual(formats, [{
    name: "my-honeypot",
    when: { "data.app": ["my-honeypot"] },
    event: "data.kind",
    failed: ["refused"],
    success: [],
    key: [],
    connect: [],
    source: "data.peer",
  }]);
});

Deno.test("loadConfig() reads honeypot.formats from the environment as JSON", () => {
  const name = "WM_HONEYPOT_FORMATS";
  const of = (text: string) => load([], { [name]: text }).config.honeypot.formats;
  assert.deepEqual(of(JSON.stringify([FORMAT])).map((one) => one.name), ["my-honeypot"]);
  assert.throws(() => of("opencanary,heralding"), {
    name: "ConfigError",
    message: /^WM_HONEYPOT_FORMATS is "opencanary,heralding"; allowed is a list of objects in JSON/,
  });
  assert.throws(() => of('[{"name":7}]'), {
    name: "ConfigError",
    message: /^WM_HONEYPOT_FORMATS\[0\]\.name: 7 is not a valid text; use a text of 1 to 200/,
  });
});
