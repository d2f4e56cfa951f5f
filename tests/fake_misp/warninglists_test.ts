/**
 * Warning lists that are asked for values.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Bench, said } from "./rig.ts";

Deno.test("checkValue() answers hits by value, and a list when there is none", async () => {
  await using bench = await Bench.start({
    warningLists: [
      { id: "101", name: "List of RFC 1918 CIDR blocks", values: ["10.0.0.0/8"] },
      { id: "103", name: "List of RFC 5735 CIDR blocks", values: ["10.0.0.0/8", "203.0.113.0/24"] },
    ],
  });
  const url = "/warninglists/checkValue";
  const hits = await bench.post(url, ["10.0.0.1", "9.9.9.123", "203.0.113.7"]);
  assert.equal(hits.status, 200);
  assert.deepEqual(hits.json, {
    "10.0.0.1": [
      { id: "101", name: "List of RFC 1918 CIDR blocks", matched: "10.0.0.0/8" },
      { id: "103", name: "List of RFC 5735 CIDR blocks", matched: "10.0.0.0/8" },
    ],
    "203.0.113.7": [
      { id: "103", name: "List of RFC 5735 CIDR blocks", matched: "203.0.113.0/24" },
    ],
  });
  assert.deepEqual((await bench.post(url, ["9.9.9.123"])).json, []);
  assert.deepEqual(Object.keys((await bench.post(url, { value: "10.0.0.1" })).json), ["10.0.0.1"]);
  const empty = await bench.post(url, []);
  assert.equal(empty.status, 404);
  assert.deepEqual(empty.json, said("No valid data received.", url));
  assert.equal((await bench.get(url)).json.name, `${url} API description`);
});
