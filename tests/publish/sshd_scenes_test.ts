/**
 * What a real sshd wrote, handed over in any order and twice, counts the guesses that were made.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { shuffled } from "../support/shuffled.ts";

const START = Date.UTC(2026, 10, 23, 1, 21);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const RULES = { ...PLAIN_SNAPSHOT_RULES, sinks: ["feed", "misp"] } as const;

interface Scene {
  readonly name: string;
  readonly attempts: number;
  readonly lines: readonly string[];
}

const SCENES = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/sshd/openssh-9.2.json", import.meta.url)),
) as readonly Scene[];

/** The rule of the default set that fires for a line; 5710 for those that none would alert on. */
function ruleOf(line: string): string {
  if (/PAM \d+ more authentication failures?;/.test(line)) return "2502";
  if (line.includes("maximum authentication attempts exceeded")) return "5758";
  if (line.includes("(sshd:auth): authentication failure;")) return "5503";
  if (/(?:invalid|illegal) user/i.test(line)) return "5710";
  if (line.includes("Failed password for ")) return "5760";
  if (line.includes("Failed ") || line.includes("error: PAM: ")) return "5716";
  return "5710";
}

/** Alerts of lines as the sensor's syslog daemon would have them, each with an id of its own. */
function alertsOf(lines: readonly string[], location: string, prefix: string) {
  return lines.map((line, index) => ({
    ...sshdAlert({ rule: ruleOf(line), id: `${prefix}.${index}`, location }),
    full_log: line.replace(" sshd[", " honeypot-fra1 sshd["),
  }));
}

const once = (scene: Scene) => alertsOf(scene.lines, "journald", "1");
const twice = (scene: Scene) => [
  ...once(scene),
  ...alertsOf(scene.lines, "/var/log/auth.log", "2"),
];

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

/** Hands alerts over, freezes as often as wanted, and gives what each report said. */
async function countsOf(
  alerts: readonly object[],
  snapshotAfterEach: boolean,
  stepMs = 1000,
): Promise<readonly number[]> {
  using buffer = new SqliteBuffer(":memory:", START);
  const counts: number[] = [];
  let now = START;
  const due = { periodMs: 0, maxHoldMs: 0, sinks: ["feed" as const] };
  const snapshot = () =>
    buffer.outbox.snapshotDue(due, 100, now, (attack, record) => {
      const snapshot = snapshotAttack(attack, record, RULES, { now });
      counts.push(snapshot.record.attempts);
      return snapshot;
    });
  for (const alert of alerts) {
    await buffer.intake.accept([decideDefault(alert)], { maxUsernames: 100 }, now);
    if (snapshotAfterEach) {
      const { pendingAttempts } = await buffer.views.status();
      const before = counts.at(-1) ?? 0;
      await snapshot();
      assert.equal((counts.at(-1) ?? 0) - before, pendingAttempts);
      await buffer.retention.prune({ seenMs: DAY, recordMs: DAY, connectionMs: 60 * MINUTE }, now);
    }
    now += stepMs;
  }
  await snapshot();
  return counts;
}

function assertNeverFalls(counts: readonly number[]): void {
  assert.deepEqual(counts, [...counts].sort((a, b) => a - b));
}

Deno.test("snapshotAttack() has the six scenes of a real sshd to count", () => {
  assert.deepEqual(SCENES.map(({ attempts }) => attempts), [3, 3, 2, 6, 6, 2]);
});

for (const scene of SCENES) {
  Deno.test(`snapshotAttack() counts the guesses of: ${scene.name}`, async () => {
    assert.equal((await countsOf(once(scene), false)).at(-1), scene.attempts);
  });

  Deno.test(`snapshotAttack() counts the same in any order of: ${scene.name}`, async () => {
    for (const seed of SEEDS) {
      const counts = await countsOf(shuffled(once(scene), seed), false);
      assert.equal(counts.at(-1), scene.attempts, `seed ${seed}`);
    }
  });

  Deno.test(`snapshotAttack() counts once what was collected twice of: ${scene.name}`, async () => {
    assert.equal((await countsOf(twice(scene), false)).at(-1), scene.attempts);
    for (const seed of SEEDS) {
      const counts = await countsOf(shuffled(twice(scene), seed), false);
      assert.equal(counts.at(-1), scene.attempts, `seed ${seed}`);
    }
  });

  for (const [how, handedOver] of [["", once], [", collected twice,", twice]] as const) {
    Deno.test(`snapshotAttack() never falls when snapshots are taken after each line${how} of: ${scene.name}`, async () => {
      const counts = await countsOf(handedOver(scene), true);
      assert.equal(counts.at(-1), scene.attempts);
      assertNeverFalls(counts);
      for (const seed of SEEDS) {
        const mixed = await countsOf(shuffled(handedOver(scene), seed), true);
        assert.equal(mixed.at(-1), scene.attempts, `seed ${seed}`);
        assertNeverFalls(mixed);
      }
    });
  }

  Deno.test(`snapshotAttack() adds no view to another when lines come hours apart of: ${scene.name}`, async () => {
    const counts = await countsOf(once(scene), true, 61 * MINUTE);
    assert.equal(counts.at(-1), scene.attempts);
    assertNeverFalls(counts);
  });
}

Deno.test("snapshotAttack() counts all scenes at once, mixed and collected twice", async () => {
  using buffer = new SqliteBuffer(":memory:", START);
  const alerts = SCENES.flatMap((scene, index) =>
    twice(scene).map((alert) => ({ ...alert, id: `${index}.${alert.id}` }))
  );
  const counts: Record<string, number> = {};
  for (const [index, alert] of shuffled(alerts, 7).entries()) {
    await buffer.intake.accept([decideDefault(alert)], { maxUsernames: 100 }, START + index);
    if (index % 10 === 0) await snapshot(START + index);
  }
  await snapshot(START + MINUTE);
  async function snapshot(now: number) {
    const due = { periodMs: 0, maxHoldMs: 0, sinks: [] };
    await buffer.outbox.snapshotDue(due, 100, now, (attack, record) => {
      const snapshot = snapshotAttack(attack, record, RULES, { now });
      counts[attack.sourceIp] = snapshot.record.attempts;
      return snapshot;
    });
  }
  assert.deepEqual(Object.entries(counts).sort(), [
    ["203.0.113.11", 3],
    ["203.0.113.12", 3],
    ["203.0.113.15", 2],
    ["203.0.113.21", 6],
    ["203.0.113.31", 6],
    ["203.0.113.42", 2],
  ]);
});
