/** What tests of sessions share: records of a Cowrie, and the scene of `fixtures/cowrie`. */
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { CowrieSessions } from "../../src/cowrie/sessions.ts";
import { decide, type IntakeRules } from "../../src/intake/decide.ts";
import { decideLines } from "../../src/intake/decide_lines.ts";
import type { SourceRecord } from "../../src/model.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { defaultRules } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";

export const NOW = Date.UTC(2026, 10, 29, 15);
export const SESSIONS = { keepsCommands: true, maxCommandBytes: 512 };

export const sessionRules = (changes: Partial<IntakeRules> = {}): IntakeRules => ({
  ...defaultRules(),
  takesTelnet: true,
  cowrieSessions: new CowrieSessions(),
  sessions: SESSIONS,
  ...changes,
});

let made = 0;

/** A record as Wazuh's decoder gives it: most values are texts. */
export function record(data: Record<string, unknown>) {
  return {
    timestamp: "2026-11-29T14:33:04.710+0000",
    rule: { level: 3, description: "Cowrie", id: "100500", groups: ["cowrie"] },
    agent: { id: "007", name: "honeypot-cowrie" },
    manager: { name: "wazuh-manager-01" },
    id: `1795962784.${++made}`,
    decoder: { name: "json" },
    data: { protocol: "ssh", src_ip: "198.51.100.30", session: "51b2397a18a1", ...data },
    location: "/var/log/cowrie/cowrie.json",
  };
}

/** What a record says of its session, or the reason why it is left out. */
export function read(data: Record<string, unknown>, rules: IntakeRules = sessionRules()) {
  const decision = decide(record(data), rules, NOW);
  return decision.kind === "ignored" ? decision.reason : decision.session;
}

/** The items of a record; a reason where it is left out. */
export function items(data: Record<string, unknown>, rules?: IntakeRules) {
  const session = read(data, rules);
  return typeof session === "object" ? session.items : session;
}

const lines = (name: string) =>
  Deno.readTextFileSync(new URL(`../../fixtures/cowrie/${name}`, import.meta.url))
    .split("\n").filter((line) => line !== "");

/** The scene as alerts of Wazuh, and as Cowrie's own lines. */
export const sceneLines = { wazuh: lines("alerts.json"), own: lines("cowrie.json") };

/** What a real Cowrie sent through a real manager. */
export const recordedLines = lines("recorded.json");

/** Stores lines in batches of seven, and takes a snapshot behind some of them and at the end. */
export async function recordsOf(
  given: readonly string[],
  snapshotsBehind: readonly number[] = [],
): Promise<ReadonlyMap<string, SourceRecord>> {
  using buffer = new SqliteBuffer(":memory:", NOW);
  const records = new Map<string, SourceRecord>();
  const rules = sessionRules();
  const snapshot = () =>
    buffer.outbox.snapshotDue(
      { periodMs: 0, maxHoldMs: 0, sinks: ["feed"] },
      1000,
      NOW,
      (attack, earlier) => {
        const snapshotRules = { ...PLAIN_SNAPSHOT_RULES, sinks: ["feed"] as const };
        const taken = snapshotAttack(attack, earlier, snapshotRules, { now: NOW });
        records.set(taken.record.sourceIp, taken.record);
        return taken;
      },
    );
  for (let at = 0; at < given.length; at += 7) {
    const text = `${given.slice(at, at + 7).join("\n")}\n`;
    const { decisions } = decideLines({ text, tooLong: 0 }, rules, -Infinity, NOW);
    await buffer.intake.accept(decisions, { maxUsernames: 100 }, NOW);
    if (snapshotsBehind.some((behind) => behind >= at && behind < at + 7)) await snapshot();
  }
  await snapshot();
  return records;
}

/** What is told of each source, in short: its totals, and each item with its count. */
export function told(records: ReadonlyMap<string, SourceRecord>) {
  return Object.fromEntries(
    [...records].sort(([one], [other]) => one < other ? -1 : 1).map(([source, { session }]) => [
      source,
      session && [
        Object.values(session.totals).join(" "),
        ...session.items.map(({ kind, value, count }) => `${kind} ${value} ${count}`),
      ],
    ]),
  );
}
