/**
 * Keeps the buffer within `buffer.max_bytes`. It evicts detail and counts what it evicted; sources and
 * their counts are kept, whatever their number.
 *
 * @module
 */
import { count, type Statements } from "../sql.ts";
import { evictAlertIds } from "./alert_ids.ts";
import { mergeCommands } from "./session_eviction.ts";
import type { Evicted } from "../../views.ts";
import { DAY, HOUR } from "../../../clock.ts";

/** User names that an attack keeps. */
const NAMES_KEPT = 10;
const SOURCES_AT_ONCE = 100;

/** Where the walk over all sources stands, and when the last one ended: JSON. */
const WALK = "eviction walk";

interface Walk {
  /** The source that it came to last; empty before it begins. */
  readonly after: string;
  readonly endedAt: number;
}

/** What is used of the file; what was freed in it is filled again before it grows. Bytes. */
export function usedBytes(sql: Statements): number {
  const of = (name: string) => Number(sql(`PRAGMA ${name}`).get()?.[name]);
  return (of("page_count") - of("freelist_count")) * of("page_size");
}

/**
 * Evicts detail where the limit is reached: a step that takes milliseconds, with each batch.
 *
 * The ids of alerts that are a day old go first, since only who hands over the same again would miss
 * them; then all but the most tried user names and commands become a count, and passwords go; then younger ids.
 *
 * @param incoming how many alerts come with this batch
 */
export function evictDetail(
  sql: Statements,
  maxBytes: number,
  incoming: number,
  now: number,
): void {
  if (usedBytes(sql) <= maxBytes) return;
  const most = 1000 + 4 * incoming;
  const ids = evictAlertIds(sql, now - DAY, most);
  if (ids > 0) return countEvicted(sql, "alertIds", ids);
  if (mergeNames(sql, now)) return;
  countEvicted(sql, "alertIds", evictAlertIds(sql, now - HOUR, most));
}

const COUNTER: Readonly<Record<keyof Evicted, string>> = {
  alertIds: "evicted.alert_ids",
  usernames: "evicted.usernames",
  passwords: "evicted.passwords",
  commands: "evicted.commands",
};

/** What was evicted so far. */
export function evicted(sql: Statements): Evicted {
  const of = (what: keyof Evicted) =>
    Number(sql("SELECT value FROM counter WHERE name = ?").get(COUNTER[what])?.value ?? 0);
  return {
    alertIds: of("alertIds"),
    usernames: of("usernames"),
    passwords: of("passwords"),
    commands: of("commands"),
  };
}

function countEvicted(sql: Statements, what: keyof Evicted, by: number): void {
  if (by > 0) count(sql, COUNTER[what], by);
}

/** @returns false when all sources were visited within the hour */
function mergeNames(sql: Statements, now: number): boolean {
  const row = sql("SELECT value FROM setting WHERE name = ?").get(WALK);
  const walk = row === undefined
    ? { after: "", endedAt: 0 }
    : JSON.parse(String(row.value)) as Walk;
  if (walk.after === "" && Math.abs(now - walk.endedAt) < HOUR) return false;
  const sources = ["attack", "source_record"].flatMap((table) =>
    sql(`SELECT source_ip FROM ${table} WHERE source_ip > ? ORDER BY source_ip LIMIT ?`)
      .all(walk.after, SOURCES_AT_ONCE).map((one) => String(one.source_ip))
  );
  const next = [...new Set(sources)].sort().slice(0, SOURCES_AT_ONCE);
  for (const source of next) {
    mergeNamesOfAttack(sql, source);
    mergeNamesOfRecord(sql, source);
    countEvicted(sql, "commands", mergeCommands(sql, source));
  }
  const last = next.at(-1);
  const value: Walk = last === undefined
    ? { after: "", endedAt: now }
    : { after: last, endedAt: walk.endedAt };
  sql(
    `INSERT INTO setting (name, value) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value`,
  ).run(WALK, JSON.stringify(value));
  return last !== undefined;
}

function mergeNamesOfAttack(sql: Statements, source: string): void {
  const names = sql(
    `SELECT username, max(max(pam), max(max(sshd), max(pam_error)), max(connect)) AS attempts
     FROM attack_username WHERE source_ip = ? GROUP BY username
     ORDER BY attempts DESC, username LIMIT -1 OFFSET ?`,
  ).all(source, NAMES_KEPT);
  for (const { username, attempts } of names) {
    sql("DELETE FROM attack_username WHERE source_ip = ? AND username = ?").run(source, username!);
    sql("UPDATE attack SET further_usernames = further_usernames + ? WHERE source_ip = ?")
      .run(attempts!, source);
  }
  countEvicted(sql, "usernames", names.length);
  const gone = sql("DELETE FROM attack_password WHERE source_ip = ?").run(source).changes;
  countEvicted(sql, "passwords", Number(gone));
}

/** The detail of a record that is changed; the rest is copied. */
interface Names {
  readonly usernames: Readonly<Record<string, number>>;
  readonly passwords?: Readonly<Record<string, number>>;
  readonly furtherUsernames: number;
}

function mergeNamesOfRecord(sql: Statements, source: string): void {
  const row = sql("SELECT detail FROM source_record WHERE source_ip = ?").get(source);
  if (row === undefined) return;
  const detail = JSON.parse(String(row.detail)) as Names;
  const names = Object.entries(detail.usernames).sort(([, one], [, other]) => other - one);
  const rest = names.slice(NAMES_KEPT);
  const passwords = Object.keys(detail.passwords ?? {}).length;
  if (rest.length === 0 && passwords === 0) return;
  const smaller: Names = {
    ...detail,
    usernames: Object.fromEntries(names.slice(0, NAMES_KEPT)),
    passwords: {},
    furtherUsernames: rest.reduce((sum, [, attempts]) => sum + attempts, detail.furtherUsernames),
  };
  sql("UPDATE source_record SET detail = ? WHERE source_ip = ?").run(
    JSON.stringify(smaller),
    source,
  );
  countEvicted(sql, "usernames", rest.length);
  countEvicted(sql, "passwords", passwords);
}
