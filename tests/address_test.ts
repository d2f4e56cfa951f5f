import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { addressWords, canonicalAddress } from "../src/address.ts";

Deno.test("canonicalAddress() returns a dotted quad as it is", () => {
  for (const text of ["0.0.0.0", "8.8.8.8", "203.0.113.7", "255.255.255.255", "1.20.30.100"]) {
    assert.equal(canonicalAddress(text), text);
  }
});

Deno.test("canonicalAddress() refuses what is not a strict dotted quad", () => {
  const wrong = [
    "",
    " ",
    "203.0.113.007",
    "203.0.113.00",
    "010.0.0.1",
    "256.1.1.1",
    "1.2.3.999999999999",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4\n",
    "+1.2.3.4",
    "-1.2.3.4",
    "1.2.3.4/32",
    "1.2.3.4:22",
    "[1.2.3.4]",
    "0x1.2.3.4",
    "1e1.2.3.4",
    "16909060",
    "١.٢.٣.٤",
    "\uff11.\uff12.\uff13.\uff14",
    "host.net",
    "UNKNOWN",
    "8.8.8.8%eth0",
    "1".repeat(1_000_000),
  ];
  for (const text of wrong) assert.equal(canonicalAddress(text), undefined, text.slice(0, 50));
});

Deno.test("canonicalAddress() writes IPv6 as RFC 5952 wants it", () => {
  const forms: [string, string][] = [
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:DB8::A", "2001:db8::a"],
    ["2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["::192.0.2.33", "::c000:221"],
    ["1:2:3:4:5:6:255.255.255.255", "1:2:3:4:5:6:ffff:ffff"],
    ["ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"],
  ];
  for (const [text, canonical] of forms) assert.equal(canonicalAddress(text), canonical, text);
});

Deno.test("canonicalAddress() writes IPv4-mapped IPv6 as IPv4", () => {
  for (
    const text of [
      "::ffff:192.0.2.1",
      "::FFFF:192.0.2.1",
      "::ffff:c000:201",
      "::ffff:C000:0201",
      "0:0:0:0:0:ffff:192.0.2.1",
      "0000:0000:0000:0000:0000:ffff:c000:0201",
      "0::ffff:c000:201",
    ]
  ) assert.equal(canonicalAddress(text), "192.0.2.1", text);
  assert.equal(canonicalAddress("::ffff:0:192.0.2.1"), "::ffff:0:c000:201");
  assert.equal(canonicalAddress("1::ffff:192.0.2.1"), "1::ffff:c000:201");
});

Deno.test("canonicalAddress() refuses what is not an IPv6 address alone", () => {
  const wrong = [
    ":",
    ":::",
    "1:",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1::2::3",
    "1:::2",
    "12345::",
    "00001::",
    "g::",
    "::1%eth0",
    "fe80::1%1",
    "::1/128",
    "[::1]",
    "[::1]:22",
    " ::1",
    "::1 ",
    "::1\n",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.04",
    "::1.2.3.256",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::ffff:192.0.2.1:22",
    "::ffff:1.2.3.4.",
    "::-1",
    "::1-",
    ":".repeat(1_000_000),
  ];
  for (const text of wrong) assert.equal(canonicalAddress(text), undefined, text.slice(0, 50));
});

Deno.test("canonicalAddress() accepts what node:net accepts but for zone ids", () => {
  const piece = fc.constantFrom(
    ":",
    "::",
    ".",
    "0",
    "00",
    "1",
    "255",
    "256",
    "ffff",
    "A",
    "%",
    "g",
  );
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(piece, { maxLength: 17 }).map((pieces) => pieces.join("")),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (candidate) => {
      const isAddress = isIP(candidate) !== 0 && !candidate.includes("%");
      assert.equal(canonicalAddress(candidate) !== undefined, isAddress);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("canonicalAddress() returns one form per address", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const canonical = canonicalAddress(text);
      assert.ok(canonical !== undefined);
      assert.equal(canonicalAddress(canonical), canonical);
      assert.equal(canonicalAddress(text.toUpperCase()), canonical);
      const isQuad = !canonical.includes(":");
      const host = new URL(`http://${isQuad ? canonical : `[${canonical}]`}`).hostname;
      assert.equal(host, isQuad ? canonical : `[${canonical}]`);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("addressWords() gives one word for IPv4 and four for IPv6", () => {
  assert.deepEqual(addressWords("203.0.113.7"), [0xcb007107]);
  assert.deepEqual(addressWords("255.255.255.255"), [0xffffffff]);
  assert.deepEqual(addressWords("2001:db8::ff01"), [0x20010db8, 0, 0, 0xff01]);
  assert.deepEqual(addressWords("::"), [0, 0, 0, 0]);
});

Deno.test("addressWords() throws RangeError for what is no address", () => {
  for (const text of ["", "host.net", "1.2.3", "::g", "1.2.3.4/8"]) {
    assert.throws(() => addressWords(text), RangeError);
  }
});
