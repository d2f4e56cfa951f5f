/**
 * Decided alerts on their way into the tables.
 *
 * @module
 */
import type { Attempt, Decision } from "../../../model.ts";
import { addUp, hasSession, keysOf } from "../../batch/add_up.ts";
import type { MinuteCounts } from "../../batch/minutes.ts";
import { SessionBatch } from "../../batch/session_batch.ts";
import type { Accepted, Limits } from "../../intake.ts";
import { columnsOf } from "../columns.ts";
import { all, COUNT, SHARD, type Sql } from "../sql.ts";
import { numbersOf, storeIds } from "./alert_ids.ts";
import { readBefore } from "./before.ts";
import { writeLogins } from "./logins.ts";
import { writeBatch } from "./write_batch.ts";
import { writeSessionBatch } from "./write_sessions.ts";

/** What batches came to, and the numbers of managers that hold from the commit on. */
export interface Stored {
  readonly outcomes: readonly Accepted[];
  readonly numbers: ReadonlyMap<string, number>;
}

/** Stores batches, in the transaction that is open. @param managers numbers that are committed */
export async function acceptAll(
  sql: Sql,
  batches: readonly (readonly Decision[])[],
  { maxUsernames, sessions: sessionLimits }: Limits,
  managers: ReadonlyMap<string, number>,
  now: number,
): Promise<Stored> {
  const keys = keysOf(batches);
  const numbers = await numbersOf(sql, keys, managers);
  const { sources, hasEnds } = sourcesOf(batches);
  // In one trip.
  const [isDuplicate, before] = await Promise.all([
    storeIds(sql, keys, numbers, now),
    readBefore(sql, sources, now),
  ]);
  const open = hasEnds ? await openAttacks(sql, sources) : new Set<string>();
  const extended = new Map<string, number>();
  const sessions = hasSession(batches) ? new SessionBatch() : undefined;
  const added = addUp(batches, {
    isDuplicate,
    extend: ({ sourceIp, at }) => {
      if (!open.has(sourceIp)) return false;
      extended.set(sourceIp, Math.max(extended.get(sourceIp) ?? at, at));
      return true;
    },
    spool: () => {
      throw new Error("alerts are forwarded from the buffer of this machine only");
    },
  }, sessions);
  const { outcomes, batch, logins, minutes, accepted, counters } = added;
  extend(sql, extended, now);
  await writeBatch(sql, batch, before, maxUsernames, now);
  if (sessions !== undefined) await writeSessionBatch(sql, sessions, sessionLimits, now);
  if (before.hasLogins || logins.length > 0) await writeLogins(sql, logins, batch.addresses, now);
  // What all writers change comes last, so that they wait for one another as short as can be.
  countAlerts(sql, minutes.rows(now), accepted > 0 ? [now] : [], counters);
  return { outcomes, numbers };
}

/** The sources of batches, and whether any alert is the end of a session, which proves nothing. */
function sourcesOf(batches: readonly (readonly Decision[])[]) {
  const sources = new Set<string>();
  let hasEnds = false;
  for (const decisions of batches) {
    for (const decision of decisions) {
      if (decision.kind !== "attempts") continue;
      const { attempts, session } = decision;
      for (const { sourceIp } of attempts) sources.add(sourceIp);
      if (session !== undefined) sources.add(session.sourceIp);
      hasEnds ||= session === undefined && attempts.every(provesNothing);
    }
  }
  return { sources: [...sources], hasEnds };
}

/** Which of the sources have an open attack. These are locked: in one order, as everywhere. */
async function openAttacks(sql: Sql, sources: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await all(
    sql,
    "SELECT source_ip FROM attack WHERE source_ip = ANY($1) ORDER BY source_ip FOR UPDATE",
    sources,
  );
  return new Set(rows.map(({ source_ip }) => String(source_ip)));
}

const provesNothing = ({ count, isCompromise, isLogin }: Attempt) =>
  count === 0 && !isCompromise && !isLogin;

function extend(sql: Sql, extended: ReadonlyMap<string, number>, now: number): void {
  if (extended.size === 0) return;
  sql.later(
    `UPDATE attack SET last_seen = greatest(last_seen, n.at), touched_at = greatest(touched_at, $3)
     FROM unnest($1::text[], $2::bigint[]) AS n (source_ip, at)
     WHERE attack.source_ip = n.source_ip`,
    [...extended.keys()],
    [...extended.values()],
    now,
  );
}

const MINUTE_SUMS = ["alerts", "sshd", "pam_error", "pam", "connect"].map((name) =>
  `${name} = m.${name} + excluded.${name}`
).join(", ");

/** As counters, a minute is the sum of some rows. One statement for all of them. */
function countAlerts(
  sql: Sql,
  minutes: readonly MinuteCounts[],
  acceptedAt: readonly number[],
  counters: ReadonlyMap<string, number>,
): void {
  sql.later(
    `WITH minutes AS (
       INSERT INTO minute AS m (minute, shard, alerts, sshd, pam_error, pam, connect)
       SELECT minute, ${SHARD}, alerts, sshd, pam_error, pam, connect
       FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
         $6::bigint[]) AS n (minute, alerts, sshd, pam_error, pam, connect)
       ON CONFLICT (minute, shard) DO UPDATE SET ${MINUTE_SUMS}),
     latest AS (
       INSERT INTO last_time AS t (name, shard, at)
       SELECT 'last_accepted_at', ${SHARD}, at FROM unnest($7::bigint[]) AS n (at)
       ON CONFLICT (name, shard) DO UPDATE SET at = greatest(t.at, excluded.at))
     ${COUNT("$8", "$9")}`,
    ...columnsOf(minutes, 6),
    acceptedAt,
    [...counters.keys()],
    [...counters.values()],
  );
}
