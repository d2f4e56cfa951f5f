/**
 * Values as each type rewrites or refuses them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Bench, EMOJI } from "./rig.ts";

Deno.test("checkValue() rewrites and refuses addresses as recorded", async () => {
  await using bench = await Bench.start();
  assert.deepEqual(
    await bench.values([
      "2001:DB8:0:0::1",
      "203.0.113.62/32",
      "203.0.113.0/24",
      " 203.0.113.63 ",
      "::ffff:203.0.113.61",
      "10.0.0.1",
    ]),
    [
      "2001:db8::1",
      "203.0.113.62",
      "203.0.113.0/24",
      "203.0.113.63",
      "::ffff:203.0.113.61",
      "10.0.0.1",
    ],
  );
  assert.deepEqual(
    await bench.values(["203.0.113.007", "fe80::1%eth0", "999.1.1.1", "1.2.3", "::1::2", ":1"]),
    [],
  );
  assert.deepEqual(await bench.values(["203.0.113.64|22", "203.0.113.64|x"], "ip-src|port"), [
    "203.0.113.64|22",
  ]);
});

Deno.test("checkValue() checks numbers and times by type", async () => {
  await using bench = await Bench.start();
  assert.deepEqual(await bench.values(["0", "42", "-1", "1.5", "seven"], "counter"), ["0", "42"]);
  assert.deepEqual(await bench.values(["52.5", 13.4, "x"], "float"), ["52.5", "13.4"]);
  assert.deepEqual(await bench.values(["22", "x", "70000"], "port"), ["22"]);
  assert.deepEqual(await bench.values(["2026-11-20T10:00:00+00:00", "soon"], "datetime"), [
    "2026-11-20T10:00:00.000000+0000",
  ]);
});

Deno.test("checkValue() takes 65,535 bytes and no more", async () => {
  await using bench = await Bench.start();
  const stored = await bench.values(["y".repeat(65_535), "y".repeat(70_000)], "text");
  assert.deepEqual(stored.map((value) => value.length), [65_535]);
});

Deno.test("checkValue() stores a question mark for a 4-byte character", async () => {
  await using bench = await Bench.start();
  assert.deepEqual(await bench.values([`a${EMOJI}`, "\u0000b\u0007"], "text"), [
    "a?",
    "\u0000b\u0007",
  ]);
});
