/**
 * How far files are read that grow.
 *
 * @module
 */
import { count, type Statements } from "../sql.ts";
import type { Followed, FollowState } from "../../intake.ts";

/** Moves a checkpoint, within the transaction that stores what was read. */
export function moveCheckpoint(sql: Statements, followed: Followed, now: number): void {
  const { checkpoint, lines, skipped, rotations } = followed;
  const { stream, name, device, inode, offset, fingerprint } = checkpoint;
  sql(
    `INSERT INTO checkpoint (stream, name, device, inode, offset, fingerprint, lines, rotations,
       moved_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET name = excluded.name, device = excluded.device,
       inode = excluded.inode, offset = excluded.offset, fingerprint = excluded.fingerprint,
       lines = lines + excluded.lines, rotations = rotations + excluded.rotations,
       moved_at = excluded.moved_at`,
  ).run(stream, name, device, inode, offset, fingerprint, lines, rotations, now);
  if (skipped > 0) count(sql, "ignored.other_rule", skipped);
}

/** Where a follower stands. */
export function readCheckpoint(sql: Statements, stream: string): FollowState | undefined {
  const row = sql("SELECT * FROM checkpoint WHERE stream = ?").get(stream);
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
