/**
 * Alerts into the SQLite file: what an integration call does.
 *
 * @module
 */
import { faultPoint } from "../../../fault_point.ts";
import type { Decision, IgnoreReason } from "../../../model.ts";
import type { Accepted, Followed, FollowState, IntakeStore, Limits } from "../../intake.ts";
import type { Database } from "../database.ts";
import { count } from "../sql.ts";
import { hasSession } from "../../batch/add_up.ts";
import { acceptAll, type SessionWriting } from "./accept.ts";
import { moveCheckpoint, readCheckpoint } from "./checkpoint.ts";

/** Puts alerts into a SQLite file. */
export class SqliteIntake implements IntakeStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async accept(
    decisions: readonly Decision[],
    limits: Limits,
    now: number,
    followed?: Followed,
  ): Promise<Accepted> {
    // A power cut takes the checkpoint back with the alerts: they are read again.
    const isSynced = followed === undefined;
    return (await this.#store([decisions], limits, now, isSynced, followed))[0]!;
  }

  async acceptTogether(
    batches: readonly (readonly Decision[])[],
    limits: Limits,
    now: number,
  ): Promise<readonly Accepted[]> {
    const accepted = await this.#store(batches, limits, now, false);
    await this.#db.sync();
    return accepted;
  }

  followState(stream: string): Promise<FollowState | undefined> {
    return this.#db.read((sql) => readCheckpoint(sql, stream));
  }

  countIgnored(reason: IgnoreReason): Promise<void> {
    return this.#db.write((sql) => count(sql, `ignored.${reason}`, 1));
  }

  async #store(
    batches: readonly (readonly Decision[])[],
    limits: Limits,
    now: number,
    isSynced: boolean,
    followed?: Followed,
  ): Promise<readonly Accepted[]> {
    const { maxBytes } = limits;
    const mayBeFull = maxBytes !== undefined && this.#db.mayExceed(maxBytes);
    const sizeLimit = mayBeFull ? await import("./size_limit.ts") : undefined;
    const sessions = hasSession(batches) ? await sessionCode() : undefined;
    return await this.#db.store(
      (sql) => {
        const accepted = acceptAll(sql, batches, limits, now, sessions?.());
        if (followed !== undefined) moveCheckpoint(sql, followed, now);
        if (sizeLimit !== undefined && maxBytes !== undefined) {
          const incoming = batches.reduce((sum, { length }) => sum + length, 0);
          sizeLimit.evictDetail(sql, maxBytes, incoming, now);
        }
        faultPoint("in-tx-before-commit");
        return accepted;
      },
      now,
      isSynced,
    );
  }
}

/** An integration call nearly always needs none of it. */
async function sessionCode(): Promise<() => SessionWriting> {
  const [{ SessionBatch }, { writeSessionBatch }] = await Promise.all([
    ...[import("../../batch/session_batch.ts"), import("./write_sessions.ts")] as const,
  ]);
  return () => ({ batch: new SessionBatch(), write: writeSessionBatch });
}
