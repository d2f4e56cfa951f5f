/**
 * Batches of decisions, added up in memory: what became of each decision, and what is to be written. What
 * only the tables know is asked for. Each engine writes what comes of it.
 *
 * @module
 */
import type { AlertKey, Attempt, Decision, IgnoreReason } from "../../model.ts";
import type { Accepted } from "../intake.ts";
import { Batch } from "./batch.ts";
import { Minutes } from "./minutes.ts";
import type { SessionBatch } from "./session_batch.ts";

type Attempts = Extract<Decision, { kind: "attempts" }>;

/** What the tables know. */
export interface Tables {
  /** Whether an alert was accepted before; each is asked for once, in its order. */
  readonly isDuplicate: (key: AlertKey) => boolean;
  /** Moves the last sight of a source that has an open attack. @returns whether it has */
  readonly extend: (attempt: Attempt) => boolean;
  /** Takes an alert that is to be forwarded, as one line of JSON. */
  readonly spool: (text: string) => void;
}

/** What batches came to. */
export interface AddedUp {
  /** Of each batch. */
  readonly outcomes: readonly Accepted[];
  readonly batch: Batch;
  readonly logins: readonly Attempt[];
  readonly minutes: Minutes;
  /** Alerts that were accepted in all of them. */
  readonly accepted: number;
  /** Counters and what is added to each. */
  readonly counters: ReadonlyMap<string, number>;
}

/**
 * Adds up batches, so that many small ones cost as little as a large one.
 *
 * @param sessions takes what alerts say of sessions; undefined: they say nothing
 */
export function addUp(
  batches: readonly (readonly Decision[])[],
  tables: Tables,
  sessions: SessionBatch | undefined,
): AddedUp {
  const counters = new Map<string, number>();
  const add = (name: string, by: number) => {
    if (by > 0) counters.set(name, (counters.get(name) ?? 0) + by);
  };
  const parts: Parts = { batch: new Batch(), logins: [], sessions };
  const minutes = new Minutes();
  let spoofed = 0;
  const outcomes = batches.map((decisions): Accepted => {
    const own = { accepted: 0, duplicate: 0, ignored: new Map<IgnoreReason, number>() };
    for (const decision of decisions) {
      let outcome: "accepted" | "duplicate" | IgnoreReason;
      if (decision.kind === "ignored") outcome = decision.reason;
      else if (tables.isDuplicate(decision.key)) outcome = "duplicate";
      else outcome = addNew(parts, tables, decision);
      if (outcome === "duplicate") own.duplicate++;
      else if (outcome === "accepted") {
        own.accepted++;
        if (decision.kind !== "attempts") continue;
        if (decision.spoofedSrcip) spoofed++;
        const at = decision.attempts[0]?.at ?? decision.session?.at;
        if (at !== undefined) minutes.add(at, decision.attempts);
      } else own.ignored.set(outcome, (own.ignored.get(outcome) ?? 0) + 1);
    }
    add("accepted", own.accepted);
    add("duplicate", own.duplicate);
    for (const [reason, times] of own.ignored) add(`ignored.${reason}`, times);
    return own;
  });
  add("spoofed_srcip", spoofed);
  const { batch, logins } = parts;
  return { outcomes, batch, logins, minutes, accepted: counters.get("accepted") ?? 0, counters };
}

/** The keys of alerts that may be new, in their order. */
export function keysOf(batches: readonly (readonly Decision[])[]): readonly AlertKey[] {
  const keys: AlertKey[] = [];
  for (const decisions of batches) {
    for (const decision of decisions) if (decision.kind === "attempts") keys.push(decision.key);
  }
  return keys;
}

/** Whether any alert is of a session: most batches have none. */
export function hasSession(batches: readonly (readonly Decision[])[]): boolean {
  return batches.some((decisions) =>
    decisions.some((decision) => decision.kind === "attempts" && decision.session !== undefined)
  );
}

/** Where the parts of an alert go. */
interface Parts {
  readonly batch: Batch;
  readonly logins: Attempt[];
  readonly sessions: SessionBatch | undefined;
}

/**
 * Adds the attempts of a new alert to the totals, or the alert itself to the spool.
 *
 * An alert of a session's end opens no attack of its own: it counts as ignored when its source has no
 * open attack.
 */
function addNew(
  { batch, logins, sessions }: Parts,
  tables: Tables,
  { attempts, session, text }: Attempts,
): "accepted" | IgnoreReason {
  if (text !== undefined) {
    // Whether the end of a session belongs to an attack is known there only.
    tables.spool(text);
    return "accepted";
  }
  let accepted: Attempt[] | undefined;
  let isLogin = false;
  for (const attempt of attempts) {
    if (attempt.isLogin) {
      logins.push(attempt);
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
  const extended = attempts.map((attempt) => batch.extend(attempt) || tables.extend(attempt));
  return extended.some(Boolean) ? "accepted" : "not_an_attempt";
}
