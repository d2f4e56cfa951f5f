/**
 * One decided alert into the tables: single-statement upserts, so that writers never read, think and
 * write back.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";
import { rememberAlert } from "./alert_ids.ts";
import type { Attempt, Decision, IgnoreReason, Service } from "../types.ts";
import { settleBefore } from "./settling.ts";

/** Gives the prepared statement of a text. */
export type Statements = (text: string) => StatementSync;

/** Adds to a counter that `status` shows. */
export function count(sql: Statements, name: string, by: number): void {
  sql(
    `INSERT INTO counter (name, value) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET value = value + excluded.value`,
  ).run(name, by);
}

type Attempts = Extract<Decision, { kind: "attempts" }>;

/**
 * Merges an alert's attempts into the attacks of their sources.
 *
 * An alert that only tells of a session's end makes no attack of its own: it is told as ignored when
 * its source has none.
 */
export function acceptDecision(
  sql: Statements,
  decision: Attempts,
  maxUsernames: number,
  now: number,
): "accepted" | "duplicate" | IgnoreReason {
  const { key, attempts } = decision;
  if (!rememberAlert(sql, key, now)) return "duplicate";
  const guesses = attempts.filter((attempt) => attempt.guesses > 0 || attempt.isCompromise);
  if (guesses.length === 0) {
    const extended = attempts.map((attempt) => extend(sql, attempt, now)).some(Boolean);
    return extended ? "accepted" : "not_an_attempt";
  }
  const counted = new Set<string>();
  for (const attempt of guesses) {
    const isFirstOfSource = !counted.has(attempt.sourceIp);
    counted.add(attempt.sourceIp);
    merge(sql, attempt, isFirstOfSource ? 1 : 0, maxUsernames, now);
  }
  return "accepted";
}

function extend(sql: Statements, attempt: Attempt, now: number): boolean {
  const changed = sql(
    `UPDATE attack SET last_seen = max(last_seen, ?), touched_at = max(touched_at, ?)
     WHERE source_ip = ?`,
  ).run(attempt.at, now, attempt.sourceIp).changes;
  return Number(changed) > 0;
}

function merge(
  sql: Statements,
  attempt: Attempt,
  alerts: number,
  maxUsernames: number,
  now: number,
): void {
  const { sourceIp, at, sensor } = attempt;
  const sensorKey = storable(`${sensor.id}@${sensor.manager}`);
  const location = storable(attempt.location);
  const attack = sql(
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
       compromised_at, services, place)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
       last_seen = max(last_seen, excluded.last_seen),
       opened_at = min(opened_at, excluded.opened_at),
       touched_at = max(touched_at, excluded.touched_at), alerts = alerts + excluded.alerts,
       compromised_at = coalesce(compromised_at, excluded.compromised_at),
       services = services | excluded.services, place = coalesce(excluded.place, place)
     RETURNING alerts`,
  ).get(
    ...[sourceIp, at, at, now, now, alerts, storable(sensor.manager)],
    attempt.isCompromise ? at : null,
    SERVICE_BITS[attempt.service],
    attempt.place === undefined ? null : JSON.stringify(attempt.place),
  );
  // Nothing of this alert is a connection yet: what is found is of earlier ones.
  if (alerts === 1 && attack?.alerts === 1) settleBefore(sql, sourceIp, now);
  const counts = countsOf(attempt);
  sql(
    `INSERT INTO attack_connection (source_ip, sensor, pid, location, sshd, pam_error, pam, connect,
       touched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET sshd = sshd + excluded.sshd,
       pam_error = pam_error + excluded.pam_error, pam = pam + excluded.pam,
       connect = connect + excluded.connect, touched_at = max(touched_at, excluded.touched_at)`,
  ).run(sourceIp, sensorKey, attempt.pid, location, ...counts, now);
  sql(
    `INSERT INTO attack_sensor (source_ip, sensor, name, alerts, first_seen, last_seen)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET name = excluded.name, alerts = alerts + excluded.alerts,
       first_seen = min(first_seen, excluded.first_seen),
       last_seen = max(last_seen, excluded.last_seen)`,
  ).run(sourceIp, sensorKey, storable(sensor.name), alerts, at, at);
  for (const { id, name } of attempt.techniques) {
    sql(
      `INSERT INTO attack_technique (source_ip, technique, name) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET name = coalesce(name, excluded.name)`,
    ).run(sourceIp, id, name ?? null);
  }
  if (attempt.username !== undefined) {
    mergeUsername(sql, attempt, attempt.username, counts, maxUsernames);
  }
  if (attempt.password !== undefined) mergePassword(sql, attempt, attempt.password, maxUsernames);
}

/** As with user names; further ones are not even counted, since attempts are. */
function mergePassword(sql: Statements, attempt: Attempt, password: string, most: number): void {
  const text = storable(password);
  sql(
    `INSERT INTO attack_password (source_ip, password, guesses) SELECT ?, ?, ?
     WHERE (SELECT count(*) FROM attack_password WHERE source_ip = ?) < ?
       OR EXISTS (SELECT 1 FROM attack_password WHERE source_ip = ? AND password = ?)
     ON CONFLICT DO UPDATE SET guesses = guesses + excluded.guesses`,
  ).run(attempt.sourceIp, text, attempt.guesses, ...[
    attempt.sourceIp,
    most,
    attempt.sourceIp,
    text,
  ]);
}

/** One more name only while there is room; a known one always counts on. */
function mergeUsername(
  sql: Statements,
  attempt: Attempt,
  username: string,
  counts: Counts,
  maxUsernames: number,
): void {
  const { sourceIp } = attempt;
  const location = storable(attempt.location);
  const name = storable(username);
  const { changes } = sql(
    `INSERT INTO attack_username (source_ip, username, location, sshd, pam_error, pam, connect)
     SELECT ?, ?, ?, ?, ?, ?, ?
     WHERE (SELECT count(DISTINCT username) FROM attack_username WHERE source_ip = ?) < ?
       OR EXISTS (SELECT 1 FROM attack_username WHERE source_ip = ? AND username = ?)
     ON CONFLICT DO UPDATE SET sshd = sshd + excluded.sshd,
       pam_error = pam_error + excluded.pam_error, pam = pam + excluded.pam,
       connect = connect + excluded.connect`,
  ).run(sourceIp, name, location, ...counts, sourceIp, maxUsernames, sourceIp, name);
  if (Number(changes) > 0) return;
  sql("UPDATE attack SET further_usernames = further_usernames + ? WHERE source_ip = ?")
    .run(attempt.guesses, sourceIp);
}

/** How services are kept in one number. */
export const SERVICE_BITS: Readonly<Record<Service, number>> = { ssh: 1, telnet: 2 };

/** A text that is read back as it was written: node:sqlite ends a text that it reads at a NUL. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

type Counts = readonly [sshd: number, pamError: number, pam: number, connect: number];

function countsOf({ evidence, guesses }: Attempt): Counts {
  const of = (name: typeof evidence) => evidence === name ? guesses : 0;
  return [of("sshd"), of("pam-error"), of("pam"), of("connect")];
}
