/**
 * The tables that a batch goes into, and what becomes of rows that are there already.
 *
 * @module
 */
import type { Statements } from "../sql.ts";
import type { Upsert } from "../upsert.ts";
import type { UsernameCounts } from "../../batch/batch.ts";

/** Without the time of opening: a column that is set has its index written, changed or not. */
export const ATTACKS: Upsert = {
  into:
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
    compromised_at, services, source_location, techniques)`,
  columns: 11,
  onConflict: `ON CONFLICT DO UPDATE SET first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen), alerts = alerts + excluded.alerts,
    compromised_at = coalesce(compromised_at, excluded.compromised_at),
    services = services | excluded.services, source_location = coalesce(excluded.source_location, source_location),
    techniques = coalesce(excluded.techniques, techniques),
    touched_at = max(touched_at, excluded.touched_at)`,
};

export const CONNECTIONS: Upsert = {
  into: `INSERT INTO attack_connection (source_ip, sensor, pid, location, sshd, pam_error, pam,
    connect, refused, touched_at)`,
  columns: 10,
  onConflict: `ON CONFLICT DO UPDATE SET sshd = sshd + excluded.sshd,
    pam_error = pam_error + excluded.pam_error, pam = pam + excluded.pam,
    connect = connect + excluded.connect, refused = refused + excluded.refused,
    touched_at = max(touched_at, excluded.touched_at)`,
};

export const SENSORS: Upsert = {
  into: `INSERT INTO attack_sensor (source_ip, sensor, hour, name, alerts, first_seen, last_seen)`,
  columns: 7,
  onConflict: `ON CONFLICT DO UPDATE SET name = excluded.name, alerts = alerts + excluded.alerts,
    first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen)`,
};

/** Of attacks whose names are all below the limit: nothing has to be counted. */
export const USERNAMES: Upsert = {
  into:
    `INSERT INTO attack_username (source_ip, username, location, sshd, pam_error, pam, connect)`,
  columns: 7,
  onConflict: `ON CONFLICT DO UPDATE SET sshd = sshd + excluded.sshd,
    pam_error = pam_error + excluded.pam_error, pam = pam + excluded.pam,
    connect = connect + excluded.connect`,
};

/** One more name only below the limit; a known name always counts on. */
export function writeUsername(
  sql: Statements,
  sourceIp: string,
  { username, location, counts, attempts }: UsernameCounts,
  most: number,
): void {
  const { changes } = sql(
    `INSERT INTO attack_username (source_ip, username, location, sshd, pam_error, pam, connect)
     SELECT ?, ?, ?, ?, ?, ?, ?
     WHERE (SELECT count(DISTINCT username) FROM attack_username WHERE source_ip = ?) < ?
       OR EXISTS (SELECT 1 FROM attack_username WHERE source_ip = ? AND username = ?)
     ON CONFLICT DO UPDATE SET sshd = sshd + excluded.sshd,
       pam_error = pam_error + excluded.pam_error, pam = pam + excluded.pam,
       connect = connect + excluded.connect`,
  ).run(sourceIp, username, location, ...counts, sourceIp, most, sourceIp, username);
  if (Number(changes) > 0) return;
  sql("UPDATE attack SET further_usernames = further_usernames + ? WHERE source_ip = ?")
    .run(attempts, sourceIp);
}

/** As with user names; further passwords are not counted, since attempts are. */
export function writePassword(
  sql: Statements,
  sourceIp: string,
  password: string,
  attempts: number,
  most: number,
): void {
  sql(
    `INSERT INTO attack_password (source_ip, password, attempts) SELECT ?, ?, ?
     WHERE (SELECT count(*) FROM attack_password WHERE source_ip = ?) < ?
       OR EXISTS (SELECT 1 FROM attack_password WHERE source_ip = ? AND password = ?)
     ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts`,
  ).run(sourceIp, password, attempts, sourceIp, most, sourceIp, password);
}
