/**
 * Decided alerts on their way into the tables.
 *
 * @module
 */
import type { AlertKey, Attempt, Decision, IgnoreReason } from "../../../model.ts";
import { AlertIds } from "./alert_ids.ts";
import { Batch } from "./batch.ts";
import type { Accepted, Limits } from "../../intake.ts";
import { count, type Statements } from "../sql.ts";
import { Logins } from "./logins.ts";
import { Minutes } from "./minutes.ts";
import type { SessionBatch } from "./session_batch.ts";
import { Spooling } from "./spool_append.ts";

type Attempts = Extract<Decision, { kind: "attempts" }>;

/**
 * Stores batches, in the transaction that is open. They are added up together, so that many small ones
 * cost as little as a large one.
 *
 * @param sessions takes what alerts say of sessions; undefined: they say nothing
 * @returns what became of each
 */
export function acceptAll(
  sql: Statements,
  batches: readonly (readonly Decision[])[],
  { maxUsernames, maxBytes, sessions: sessionLimits }: Limits,
  now: number,
  sessions?: SessionBatch,
): readonly Accepted[] {
  const ignored = new Map<IgnoreReason, number>();
  let accepted = 0;
  let duplicate = 0;
  let spoofed = 0;
  const batch = new Batch();
  const logins = new Logins();
  const spooling = new Spooling(sql);
  const ids = new AlertIds(sql);
  const areNew = ids.addAll(keysOf(batches), now);
  const minutes = new Minutes();
  const outcomes = batches.map((decisions): Accepted => {
    const own = { accepted: 0, duplicate: 0, ignored: new Map<IgnoreReason, number>() };
    for (const decision of decisions) {
      let outcome: "accepted" | "duplicate" | IgnoreReason;
      if (decision.kind === "ignored") outcome = decision.reason;
      else if (!areNew && !ids.add(decision.key, now)) outcome = "duplicate";
      else outcome = acceptNew(sql, { batch, logins, spooling, sessions }, decision, now);
      if (outcome === "duplicate") own.duplicate++;
      else if (outcome === "accepted") {
        own.accepted++;
        if (decision.kind !== "attempts") continue;
        if (decision.spoofedSrcip) spoofed++;
        const at = decision.attempts[0]?.at ?? decision.session?.at;
        if (at !== undefined) minutes.add(at, decision.attempts);
      } else own.ignored.set(outcome, (own.ignored.get(outcome) ?? 0) + 1);
    }
    accepted += own.accepted;
    duplicate += own.duplicate;
    for (const [reason, n] of own.ignored) ignored.set(reason, (ignored.get(reason) ?? 0) + n);
    return own;
  });
  batch.write(sql, maxUsernames, now);
  sessions?.write(sql, sessionLimits, now);
  logins.write(sql, batch.addresses, now);
  spooling.end(maxBytes);
  if (accepted > 0) {
    count(sql, "accepted", accepted);
    sql(`INSERT INTO counter (name, value) VALUES ('last_accepted_at', ?)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`).run(now);
    minutes.write(sql, now);
  }
  if (duplicate > 0) count(sql, "duplicate", duplicate);
  if (spoofed > 0) count(sql, "spoofed_srcip", spoofed);
  for (const [reason, times] of ignored) count(sql, `ignored.${reason}`, times);
  return outcomes;
}

function keysOf(batches: readonly (readonly Decision[])[]): readonly AlertKey[] {
  const keys: AlertKey[] = [];
  for (const decisions of batches) {
    for (const decision of decisions) if (decision.kind === "attempts") keys.push(decision.key);
  }
  return keys;
}

/** Where the parts of an alert go. */
interface Parts {
  readonly batch: Batch;
  readonly logins: Logins;
  readonly spooling: Spooling;
  readonly sessions: SessionBatch | undefined;
}

/**
 * Adds the attempts of a new alert to the totals, or the alert itself to the spool.
 *
 * An alert of a session's end opens no attack of its own: it counts as ignored when its source has no
 * open attack.
 */
function acceptNew(
  sql: Statements,
  { batch, logins, spooling, sessions }: Parts,
  { attempts, session, text }: Attempts,
  now: number,
): "accepted" | IgnoreReason {
  if (text !== undefined) {
    // Whether the end of a session belongs to an attack is known there only.
    spooling.add(text, now);
    return "accepted";
  }
  let accepted: Attempt[] | undefined;
  let isLogin = false;
  for (const attempt of attempts) {
    if (attempt.isLogin) {
      logins.add(attempt);
      isLogin = true;
    }
    if (attempt.count === 0 && !attempt.isCompromise) continue;
    const isFirstOfSource = accepted?.every((one) => one.sourceIp !== attempt.sourceIp) ?? true;
    batch.add(attempt, isFirstOfSource ? 1 : 0);
    (accepted ??= []).push(attempt);
  }
  if (session !== undefined) {
    batch.addSight(session, accepted === undefined ? 1 : 0);
    sessions?.add(session);
    return "accepted";
  }
  if (accepted !== undefined || isLogin) return "accepted";
  const extended = attempts.map((attempt) => batch.extend(attempt) || extend(sql, attempt, now));
  return extended.some(Boolean) ? "accepted" : "not_an_attempt";
}

function extend(sql: Statements, attempt: Attempt, now: number): boolean {
  const changed = sql(
    `UPDATE attack SET last_seen = max(last_seen, ?), touched_at = max(touched_at, ?)
     WHERE source_ip = ?`,
  ).run(attempt.at, now, attempt.sourceIp).changes;
  return Number(changed) > 0;
}
