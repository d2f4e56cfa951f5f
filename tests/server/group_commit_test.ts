import assert from "node:assert/strict";
import type { Accepted } from "../../src/buffer/intake.ts";
import { inGroups } from "../../src/server/ingest/group_commit.ts";
import type { Decision } from "../../src/model.ts";

const one = (reason: "not_json" | "malformed"): readonly Decision[] => [
  { kind: "ignored", key: undefined, reason },
];
const acceptedOf = (decisions: readonly Decision[]): Accepted => ({
  ...{ accepted: decisions.length, duplicate: 0, ignored: new Map() },
});

Deno.test("inGroups() stores what comes at once together, and tells each its own", async () => {
  const sizes: number[][] = [];
  const accept = inGroups((groups) => {
    sizes.push(groups.map(({ length }) => length));
    return Promise.resolve(groups.map(acceptedOf));
  });
  const two = [...one("not_json"), ...one("malformed")];
  const answers = await Promise.all([accept(one("not_json")), accept(two)]);
  assert.deepEqual(answers.map(({ accepted }) => accepted), [1, 2]);
  assert.deepEqual(sizes, [[1, 2]]);
});

Deno.test("inGroups() stores the others when one cannot be stored", async () => {
  const accept = inGroups((groups) =>
    groups.flat().some((decision) => decision.kind === "ignored" && decision.reason === "malformed")
      ? Promise.reject(new Error("no"))
      : Promise.resolve(groups.map(acceptedOf))
  );
  const [good, bad, other] = await Promise.allSettled([
    accept(one("not_json")),
    accept(one("malformed")),
    accept(one("not_json")),
  ]);
  assert.deepEqual([good.status, bad.status, other.status], ["fulfilled", "rejected", "fulfilled"]);
});

Deno.test("inGroups() does not wait for others when it has enough", async () => {
  let calls = 0;
  const accept = inGroups((groups) => {
    calls++;
    return Promise.resolve(groups.map(acceptedOf));
  });
  const all = accept(Array.from({ length: 1000 }, () => one("not_json")[0]!));
  assert.equal(calls, 1);
  assert.equal((await all).accepted, 1000);
});
