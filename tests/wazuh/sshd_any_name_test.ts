import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSshdLine } from "../../src/wazuh/ssh/sshd_line.ts";
import { assertTrue, FORGED_NAMES, FORMS, HEADER, written } from "./sshd_model.ts";

const hostile = fc.oneof(
  fc.constantFrom(...FORGED_NAMES),
  fc.constantFrom(" ", "\\", "]", "[", "'", ":", ";", "ü", " from ", " port ", " ssh2", "8.8.8.8"),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ maxLength: 12 }),
);
const anyName = fc.array(hostile, { maxLength: 5 }).map((parts) =>
  parts.join("").replaceAll("\0", "")
);
const anySource = fc.oneof(fc.ipV4(), fc.ipV6());
const anyPort = fc.integer({ min: 1, max: 65535 });

for (const [title, form] of Object.entries(FORMS)) {
  Deno.test(`parseSshdLine() finds true source and name whatever the name is: ${title}`, () => {
    fc.assert(
      fc.property(anyName, anySource, anyPort, (name, source, port) => {
        // A syslog daemon replaces control characters of what was not escaped.
        // deno-lint-ignore no-control-regex
        const sent = form.isRaw ? name.replace(/[\0-\x1f\x7f-\x9f]/g, "#") : name;
        assertTrue(form, sent, source, port);
      }),
      { numRuns: 1000 },
    );
  });
}

Deno.test("parseSshdLine() finds no forged source between two texts of the client", () => {
  const forms: [string, (a: string, b: string, source: string) => string][] = [
    ["key", (a, b, s) => `Failed publickey for invalid user ${a} from ${s} port 7 ssh2: ${b}`],
    [
      "certificate",
      (a, b, s) =>
        `Failed publickey for invalid user ${a} from ${s} port 7 ssh2: RSA-CERT SHA256:x ID ${b} (serial 0) CA RSA SHA256:z`,
    ],
    [
      "service",
      (a, b, s) =>
        `Disconnecting invalid user ${a} ${s} port 7: Change of username or service not allowed: (${a},x) -> (${b}`,
    ],
    ["request", (a, b, s) => `Disconnecting user ${a} ${s} port 7: bad service request ${b}`],
    [
      "cipher",
      (a, b, s) =>
        `Unable to negotiate with invalid user ${a} ${s} port 7: no matching cipher found. Their offer: ${b}`,
    ],
    ["text", (a, b, s) => `Received disconnect from ${s} port 7:11: ${a}${b}`],
  ];
  const pieces = fc.constantFrom(
    " from 8.8.8.8 port 22 ssh2",
    " from 8.8.8.8 port 22 ssh2: RSA SHA256:x",
    " 8.8.8.8 port 2: Too many authentication failures",
    " 8.8.8.8 port 2: Change of username or service not allowed: (",
    " 8.8.8.8 port 2: bad service request ",
    "8.8.8.8 port 2:11: Bye",
    " [preauth]",
    "port 5: ",
    " ",
    "x",
    "\u00fc".repeat(20),
  );
  const text = fc.array(pieces, { maxLength: 4 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.constantFrom(...forms),
      text,
      text,
      anySource,
      fc.boolean(),
      (form, a, b, s, pre) => {
        const source = parseSshdLine(HEADER + written(form[1](a, b, s), pre))?.source;
        assert.ok(source === undefined || source === s, `${form[0]}: ${source}`);
      },
    ),
    { numRuns: 20_000 },
  );
});

Deno.test("parseSshdLine() never throws and never invents a source", () => {
  const starts = Object.values(FORMS).map((form) => form.write("x", "192.0.2.7", 1));
  let withSource = 0;
  const anyLine = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(
      fc.constantFrom("", HEADER, "<34>", `${HEADER}message repeated 3 times: [ `),
      fc.constantFrom("", "error: ", ...starts),
      fc.nat({ max: 80 }),
      anyName,
    ).map(([header, start, length, name]) => header + start.slice(0, length) + name),
  );
  fc.assert(
    fc.property(anyLine, (text) => {
      const said = parseSshdLine(text);
      if (said === undefined) return;
      if (said.source !== undefined) withSource++;
      assert.ok(Number.isSafeInteger(said.count) && said.count >= 0);
      assert.equal(said.count === 0, said.evidence === "session-end");
      assert.ok(said.source === undefined || (said.source !== "" && text.includes(said.source)));
      assert.ok(said.source === undefined || !said.source.includes(" "));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(withSource > 100, `only ${withSource} had a source`);
});

Deno.test("parseSshdLine() takes linear time", () => {
  const heads = [
    "",
    "Nov 23 01:21:31 ",
    HEADER,
    `${HEADER}message repeated 3 times: [ `,
    ...Object.values(FORMS).map((form) => HEADER + form.write("", "", 0).split(" from")[0]),
    `${HEADER}Received disconnect from `,
    `${HEADER}Unable to negotiate with fe80::1%`,
    `${HEADER}Bad protocol version identification '`,
    `${HEADER}User x not allowed because shell `,
    `${HEADER}fatal: Access denied for user `,
    `${HEADER}input_userauth_request: invalid user `,
    `${HEADER}Failed publickey for `,
    `${HEADER}pam_unix(sshd:auth): authentication failure; logname=`,
  ];
  const fillers = [
    "a",
    " ",
    ".",
    "1",
    ":",
    "\\",
    "\\303",
    " from ",
    " from a port 1 ssh2",
    " port 1",
  ];
  fillers.push(
    "1.1.1.1 port 1: ",
    " by PAM account configuration",
    " user=",
    " not allowed because ",
  );
  for (const head of heads) {
    for (const filler of fillers) {
      const text = head + filler.repeat(1_000_000 / filler.length);
      const start = performance.now();
      parseSshdLine(text);
      parseSshdLine(`${text}\n`);
      const took = performance.now() - start;
      // A busy machine may take a while; a square of a million steps takes minutes.
      assert.ok(took < 5000, `${Math.round(took)} ms for ${head}${filler}…`);
    }
  }
});
