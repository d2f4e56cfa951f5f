import assert from "node:assert/strict";
import { fixturePaths } from "../support/fixtures.ts";
import { createProgram, feedWritten, integratordArgs, KINDS, type Program } from "./program.ts";

const PRIVATE = { WM_GUARD_PUBLISH_PRIVATE: "true" };

/** What the fixtures prove: address and number of guesses. Nobody is 8.8.8.8. */
const ATTACKERS = {
  "192.241.237.101": 7,
  "2001:db8:bad:cafe::17": 1,
  "212.64.151.233": 3,
  "218.92.0.112": 1,
  "82.202.219.155": 6,
};

async function takeAll(program: Program): Promise<void> {
  for (const path of fixturePaths()) {
    const file = `${program.alerts}/custom-x-${path.split("/").pop()}.alert`;
    await Deno.copyFile(path, file);
    const { code, stdout, stderr } = await program.run(integratordArgs(file), PRIVATE);
    assert.deepEqual({ file, code, stdout, stderr }, { file, code: 0, stdout: "", stderr: "" });
  }
}

interface FeedEvent {
  readonly uuid: string;
  readonly info: string;
  readonly Object: readonly {
    readonly Attribute: readonly { object_relation: string; value: string }[];
  }[];
}

function readFeed(program: Program): readonly FeedEvent[] {
  const manifest = JSON.parse(Deno.readTextFileSync(`${program.feed}/manifest.json`)) as object;
  return Object.keys(manifest).map((uuid) =>
    (JSON.parse(Deno.readTextFileSync(`${program.feed}/${uuid}.json`)) as { Event: FeedEvent })
      .Event
  );
}

function attackersOf(events: readonly FeedEvent[]) {
  return Object.fromEntries(
    events.map((event) => {
      const value = (relation: string) =>
        event.Object[0]!.Attribute.find((a) => a.object_relation === relation)!.value;
      return [value("ip-src"), Number(value("total"))];
    }).sort(),
  );
}

async function statusOf(program: Program) {
  const { stdout } = await program.run(["status", "--json"]);
  return JSON.parse(stdout) as {
    pending: { attacks: number; attempts: number };
    reports: { waiting: number; delivered: number; refused: number; dropped: number };
    alerts: {
      accepted: number;
      duplicate: number;
      spoofed_srcip: number;
      ignored: Record<string, number>;
    };
  };
}

for (const kind of KINDS) {
  Deno.test(`${kind}: the fixtures give a feed with the right addresses and counts`, async (t) => {
    await using program = await createProgram(kind);
    await t.step("every alert is taken, or ignored for its reason", async () => {
      await takeAll(program);
      const status = await statusOf(program);
      assert.deepEqual(status.alerts, {
        accepted: 18,
        duplicate: 0,
        spoofed_srcip: 1,
        ignored: { host_name: 1, not_honeypot: 1 },
      });
      assert.deepEqual([status.pending.attacks, status.pending.attempts], [5, 18]);
    });
    let uuids: readonly string[] = [];
    await t.step("flush --now writes one event for each attacker", async () => {
      const { code, stdout } = await program.run(["flush", "--now"], PRIVATE);
      assert.deepEqual([code, stdout.trim()], [0, "delivered 5, waiting 0, refused 0"]);
      const events = readFeed(program);
      assert.deepEqual(attackersOf(events), ATTACKERS);
      assert.equal(
        events.map((event) => event.info).sort()[0],
        "SSH Brute Force Attack from 192.241.237.101 (7 attempts)",
      );
      assert.doesNotMatch(JSON.stringify(events), /8\.8\.8\.8/);
      uuids = events.map((event) => event.uuid).sort();
    });
    await t.step("a second run of everything adds nothing", async () => {
      await takeAll(program);
      const { stdout } = await program.run(["flush", "--now"], PRIVATE);
      assert.equal(stdout.trim(), "delivered 0, waiting 0, refused 0");
      const events = readFeed(program);
      assert.deepEqual(events.map((event) => event.uuid).sort(), uuids);
      assert.deepEqual(attackersOf(events), ATTACKERS);
      const status = await statusOf(program);
      assert.deepEqual([status.alerts.accepted, status.alerts.duplicate], [18, 18]);
      assert.deepEqual(status.reports, { waiting: 0, delivered: 5, refused: 0, dropped: 0 });
    });
  });

  Deno.test(`${kind}: the last burst is published when no further alert comes`, async () => {
    await using program = await createProgram(kind);
    const file = `${program.alerts}/a.alert`;
    await Deno.copyFile(fixturePaths()[0]!, file);
    const { code } = await program.run(integratordArgs(file), {
      ...PRIVATE,
      WM_BUFFER_PERIOD_MINUTES: "0.01",
    });
    assert.equal(code, 0);
    assert.equal(await feedWritten(program, 60_000), true);
    assert.deepEqual(attackersOf(readFeed(program)), { "82.202.219.155": 1 });
  });
}
