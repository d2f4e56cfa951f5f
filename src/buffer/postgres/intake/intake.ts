/**
 * Alerts into PostgreSQL.
 *
 * @module
 */
import type { Decision, IgnoreReason } from "../../../model.ts";
import { faultPoint } from "../../../fault_point.ts";
import type { Accepted, Followed, FollowState, IntakeStore, Limits } from "../../intake.ts";
import type { Database } from "../database.ts";
import { count, one, type Sql } from "../sql.ts";
import { isNamed } from "../../sqlite/errors.ts";
import { isLocked } from "../errors.ts";
import { acceptAll } from "./accept.ts";
import { type Batches, InTurn } from "./in_turn.ts";

/** Puts alerts into PostgreSQL. */
export class PostgresIntake implements IntakeStore {
  readonly #db: Database;
  /** Of managers, as they are committed. */
  #numbers: ReadonlyMap<string, number> = new Map();
  readonly #inTurn = new InTurn(
    (given) => this.#store(given),
    (error) => isNamed(error, "BufferError"),
    isLocked,
  );

  constructor(db: Database) {
    this.#db = db;
  }

  async accept(
    decisions: readonly Decision[],
    limits: Limits,
    now: number,
    followed?: Followed,
  ): Promise<Accepted> {
    const given = { batches: [decisions], limits, now };
    const outcomes = followed === undefined
      ? await this.#inTurn.add(given)
      : await this.#store(given, followed);
    return outcomes[0]!;
  }

  acceptTogether(
    batches: readonly (readonly Decision[])[],
    limits: Limits,
    now: number,
  ): Promise<readonly Accepted[]> {
    return this.#inTurn.add({ batches, limits, now });
  }

  followState(stream: string): Promise<FollowState | undefined> {
    return this.#db.read((sql) => readCheckpoint(sql, stream));
  }

  countIgnored(reason: IgnoreReason): Promise<void> {
    return this.#db.write((sql) => count(sql, new Map([[`ignored.${reason}`, 1]])));
  }

  async #store(
    { batches, limits, now }: Batches,
    followed?: Followed,
  ): Promise<readonly Accepted[]> {
    const { outcomes, numbers } = await this.#db.write(async (sql) => {
      const stored = await acceptAll(sql, batches, limits, this.#numbers, now);
      if (followed !== undefined) moveCheckpoint(sql, followed, now);
      faultPoint("in-tx-before-commit");
      return stored;
    }, true);
    this.#numbers = numbers;
    return outcomes;
  }
}

/** Moves a checkpoint, within the transaction that stores what was read. */
function moveCheckpoint(sql: Sql, followed: Followed, now: number): void {
  const { checkpoint, lines, skipped, rotations } = followed;
  const { stream, name, device, inode, offset, fingerprint } = checkpoint;
  sql.later(
    `INSERT INTO checkpoint AS c (stream, name, device, inode, "offset", fingerprint, lines,
       rotations, moved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (stream) DO UPDATE SET name = excluded.name, device = excluded.device,
       inode = excluded.inode, "offset" = excluded."offset", fingerprint = excluded.fingerprint,
       lines = c.lines + excluded.lines, rotations = c.rotations + excluded.rotations,
       moved_at = excluded.moved_at`,
    ...[stream, name, device, inode, offset, fingerprint, lines, rotations, now],
  );
  if (skipped > 0) count(sql, new Map([["ignored.other_rule", skipped]]));
}

async function readCheckpoint(sql: Sql, stream: string): Promise<FollowState | undefined> {
  const row = await one(sql, "SELECT * FROM checkpoint WHERE stream = $1", stream);
  if (row === undefined) return undefined;
  return {
    stream,
    name: String(row.name),
    device: String(row.device),
    inode: String(row.inode),
    offset: Number(row.offset),
    fingerprint: String(row.fingerprint),
    lines: Number(row.lines),
    rotations: Number(row.rotations),
    movedAt: Number(row.moved_at),
  };
}
