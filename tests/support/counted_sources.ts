/**
 * Decisions in a buffer, and what the reports say of each source.
 *
 * @module
 */
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import type { Decision } from "../../src/model.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { PLAIN_SNAPSHOT_RULES } from "./snapshots.ts";

const DUE = { periodMs: 0, maxHoldMs: 0, sinks: [] } as const;

/** What is known of the sources after the latest snapshot. */
export class CountedSources implements Disposable {
  readonly #buffer: SqliteBuffer;
  readonly #now: number;
  /** Attempts of each source. */
  readonly attempts = new Map<string, number>();
  /** Sources whose login succeeded after failures. */
  readonly compromised = new Set<string>();
  readonly usernames = new Set<string>();
  readonly ignored: Record<string, number> = {};

  /** @param now milliseconds UTC, for all that happens */
  constructor(now: number) {
    this.#now = now;
    this.#buffer = new SqliteBuffer(":memory:", now);
  }

  [Symbol.dispose](): void {
    this.#buffer[Symbol.dispose]();
  }

  /** Stores decisions in one transaction. */
  async accept(decisions: readonly Decision[]): Promise<void> {
    const outcome = await this.#buffer.intake.accept(decisions, { maxUsernames: 100 }, this.#now);
    for (const [reason, count] of outcome.ignored) {
      this.ignored[reason] = (this.ignored[reason] ?? 0) + count;
    }
  }

  /** Makes reports of all that came since the last time. */
  async snapshot(): Promise<void> {
    await this.#buffer.outbox.snapshotDue(DUE, 1000, this.#now, (attack, record) => {
      const rules = { ...PLAIN_SNAPSHOT_RULES, sinks: [] };
      const snapshot = snapshotAttack(attack, record, rules, { now: this.#now });
      const { attempts, compromisedAt, usernames } = snapshot.record;
      this.attempts.set(attack.sourceIp, attempts);
      if (compromisedAt !== undefined) this.compromised.add(attack.sourceIp);
      for (const name of Object.keys(usernames)) this.usernames.add(name);
      return snapshot;
    });
  }

  /** Sources that guessed, with their attempts. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.attempts].filter(([, count]) => count > 0).sort(([a], [b]) => a < b ? -1 : 1),
    );
  }
}
