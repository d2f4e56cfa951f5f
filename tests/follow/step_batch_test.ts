import assert from "node:assert/strict";
import type { Attempt, Decision } from "../../src/model.ts";
import { StepBatch } from "../../src/follow/step_batch.ts";

const checkpointAt = (offset: number) => ({
  ...{ stream: "alerts", name: "", device: "1", inode: "2", offset, fingerprint: "" },
});

const stepTo = (offset: number, rotations = 0) => ({
  ...{ rotations, checkpoint: checkpointAt(offset) },
});

const IGNORED: Decision = { kind: "ignored", key: undefined, reason: "not_json" };

const decided = (lines: number, skipped = 0) => ({
  ...{ decisions: Array<Decision>(lines - skipped).fill(IGNORED), lines, skipped },
});

Deno.test("StepBatch.take() gives all steps as one, with the latest place", () => {
  const batch = new StepBatch();
  batch.add(stepTo(10, 1), decided(1), 0);
  batch.add(stepTo(20), decided(3, 2), 1);
  assert.deepEqual(batch.take(), {
    decisions: [IGNORED, IGNORED],
    followed: { checkpoint: checkpointAt(20), lines: 4, skipped: 2, rotations: 1 },
  });
  assert.equal(batch.take(), undefined);
  batch.add(stepTo(30), decided(1), 2);
  assert.equal(batch.take()?.followed.lines, 1);
});

Deno.test("StepBatch.take() gives a step without lines, too: it tells where the follower is", () => {
  const batch = new StepBatch();
  batch.add(stepTo(0), decided(0), 0);
  assert.equal(batch.take()?.followed.checkpoint.offset, 0);
});

Deno.test("StepBatch.take() gives decisions as they came, with all that is in them", () => {
  const attempt: Attempt = {
    ...{ sourceIp: "2001:db8:bad:cafe::17", at: 1, evidence: "sshd" as const, count: 2, pid: 26 },
    ...{
      username: "administrator of all",
      password: "correct horse battery",
      service: "ssh" as const,
    },
    ...{ sensor: { manager: "m", id: "001", name: "pot" }, location: "/var/log/auth.log" },
    ...{
      techniques: [{ id: "T1110.001", name: "Password Guessing" }],
      sourceLocation: { asn: 64496 },
    },
    isCompromise: true,
  };
  const key = { manager: "node-number-one", id: "1787465647.1234567" };
  const common = { kind: "attempts", key, spoofedSrcip: true } as const;
  const decisions: Decision[] = [
    { ...common, attempts: [attempt, { ...attempt, username: undefined, password: "" }] },
    { ...common, attempts: [attempt], text: '{"a line that is": "forwarded"}' },
    { kind: "ignored", key, reason: "other_rule" },
    IGNORED,
  ];
  const batch = new StepBatch();
  batch.add(stepTo(10), { decisions, lines: 4, skipped: 0 }, 0);
  assert.deepEqual(batch.take()?.decisions, decisions);
});

Deno.test("StepBatch.add() lets go of the lines that a decision was read from", () => {
  const batch = new StepBatch();
  const before = Deno.memoryUsage().heapUsed;
  for (let number = 0; number < 200; number++) {
    const block = `${number}`.padEnd(1024 * 1024, "0123456789abcdef");
    const id = block.slice(1000, 1020);
    const decisions = [{ kind: "ignored", key: { manager: "m", id }, reason: "not_ssh" } as const];
    batch.add(stepTo(number), { decisions, lines: 1, skipped: 0 }, 0);
  }
  // The blocks are 200 MiB; some may not have been collected yet.
  const grown = (Deno.memoryUsage().heapUsed - before) / 2 ** 20;
  assert.equal(batch.take()?.decisions.length, 200);
  assert.ok(grown < 120, `${grown.toFixed(0)} MiB more`);
});

Deno.test("StepBatch.isEnough() tells of a second", () => {
  const batch = new StepBatch();
  batch.add(stepTo(10), decided(1), 1_000);
  assert.deepEqual([batch.isEnough(1_999), batch.isEnough(2_000)], [false, true]);
  batch.take();
  batch.add(stepTo(20), decided(1), 2_000);
  assert.equal(batch.isEnough(2_999), false);
});

Deno.test("StepBatch.isEnough() tells of 15,000 decisions, however many lines there were", () => {
  const batch = new StepBatch();
  batch.add(stepTo(10), decided(1_000_000, 985_001), 0);
  assert.equal(batch.isEnough(0), false);
  batch.add(stepTo(20), decided(1), 0);
  assert.equal(batch.isEnough(0), true);
});

Deno.test("StepBatch.isEnough() tells of twelve million characters that are to be forwarded", () => {
  const batch = new StepBatch();
  const add = (text: string) => {
    const attempts = { kind: "attempts", key: { manager: "m", id: "1" }, attempts: [] } as const;
    const decisions = [{ ...attempts, spoofedSrcip: false, text }];
    batch.add(stepTo(10), { decisions, lines: 1, skipped: 0 }, 0);
  };
  const half = "x".repeat(6 * 1024 * 1024);
  add(half);
  assert.equal(batch.isEnough(0), false);
  add(half);
  assert.equal(batch.isEnough(0), true);
  batch.take();
  add(half);
  assert.equal(batch.isEnough(0), false);
});
