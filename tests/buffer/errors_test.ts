import assert from "node:assert/strict";
import { toBufferError } from "../../src/buffer/sqlite/error_text.ts";
import { isDamage, isOfFile } from "../../src/buffer/sqlite/errors.ts";
import { inGroups } from "../../src/server/ingest/group_commit.ts";
import { eachEngine, guess, START } from "./sqlite_rig.ts";

/** Of no class that the buffer knows, as in the binary those of a module that is loaded later. */
const named = (name: string, more: object = {}) => Object.assign(new Error("said"), { name }, more);

Deno.test("isDamage() and isOfFile() know damage by its name, whatever class it is of", () => {
  assert.deepEqual([isDamage(named("Damage")), isOfFile(named("Damage"))], [true, true]);
  assert.deepEqual([isDamage(named("Error")), isOfFile(named("Error"))], [false, false]);
});

Deno.test("toBufferError() knows what was describedError before by its name, whatever class it is of", () => {
  const before = named("BufferError");
  assert.equal(toBufferError("/buffer.db", before), before);
  const problem = { what: "it is a folder", hint: "move it away" };
  assert.equal(
    toBufferError("/buffer.db", named("Unusable", { problem })).message,
    "buffer /buffer.db: it is a folder; move it away",
  );
});

eachEngine(
  "acceptTogether() of a value that cannot be held fails its own sender only",
  async (open) => {
    using buffer = open();
    const accept = inGroups((groups) =>
      buffer.intake.acceptTogether(groups, { maxUsernames: 100 }, START)
    );
    const broken = guess();
    assert.ok(broken.kind === "attempts");
    const attempts = [{ ...broken.attempts[0]!, pid: Number.NaN }];
    const [good, bad, other] = await Promise.allSettled([
      accept([guess()]),
      accept([{ ...broken, attempts }]),
      accept([guess()]),
    ]);
    assert.deepEqual([good.status, bad.status, other.status], [
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    assert.ok(bad.status === "rejected" && bad.reason.name === "Unstorable");
    assert.match(
      bad.reason.message,
      /^the buffer cannot hold such a value \(.*\); please report it$/,
    );
    assert.equal((await buffer.views.status()).pendingAttempts, 2);
  },
);
