/**
 * What a buffer holds, table by table, in the form that both engines read and write. Pure.
 *
 * Leases are missing: whoever copies makes sure that nobody holds one.
 *
 * @module
 */
import { storable, storableJson } from "../batch/storable.ts";
import { keyText } from "../postgres/keys.ts";

/** What a cell may hold. A truth is 0 or 1. */
export type Cell = string | number | null;

/** Cells in the order of the columns. */
export type Row = readonly Cell[];

/** A column. */
export interface Column {
  readonly name: string;
  readonly isNumber: boolean;
  /** Whether it is a text of others that stands in an index of PostgreSQL, which takes no long one. */
  readonly isKey: boolean;
  /** Whether PostgreSQL reads it as JSON, which has no NUL there. */
  readonly isJson: boolean;
}

/** A table. */
export interface Table {
  readonly name: TableName;
  readonly columns: readonly Column[];
  /** Whether a row may have a text of any length. */
  readonly isWide: boolean;
}

/** What stands behind a name says what a column is; without it, it is any text. */
const MARKS = { isNumber: "#", isKey: "!", isJson: "~" } as const;

const COLUMNS = {
  // First: alerts that are forwarded wait in a file only.
  spool: "number# bytes# added_at# body",
  spool_refused: "number# bytes# added_at# refused_at# reason body",
  manager: "number# name!",
  seen_alert: "manager# alert_id! seen_at#",
  attack:
    "source_ip first_seen# last_seen# opened_at# touched_at# alerts# manager compromised_at# " +
    "services# source_location further_usernames# techniques~",
  attack_connection: "source_ip sensor! pid# location! sshd# pam_error# pam# connect# refused# " +
    "touched_at#",
  attack_username: "source_ip username! location! sshd# pam_error# pam# connect#",
  attack_password: "source_ip password! attempts#",
  attack_sensor: "source_ip sensor! hour# name alerts# first_seen# last_seen#",
  attack_session: "source_ip sensor! session! connects# logins# longest_ms# touched_at#",
  attack_session_item: "source_ip kind# value count# first_seen# last_seen# detail",
  attack_session_total: "source_ip sessions# logged_in# longest_ms# further",
  login: "source_ip sensor! at# name manager username",
  notification: "source_ip login_at# sensor username state tries# created_at#",
  minute: "minute# alerts# sshd# pam_error# pam# connect#",
  sensor: "sensor! name alerts# last_seen#",
  activity: "kind span# name! bucket# attempts#",
  activity_summed: "kind first_day# last_day#",
  source_name: "kind name! source_ip",
  source_record:
    "source_ip event_uuid publisher opened_on first_seen# last_seen# alerts# pam# sshd# " +
    "connect# attempts# compromised_at# retracted_at# reports# detail~ snapshot_at# expired_at# " +
    "items_silent_from#",
  source_session_item: "source_ip kind# value count# first_seen# last_seen# detail expired_at#",
  left_event: "silent_from# event_uuid source_ip record",
  day_event: "event_uuid publisher day part# attributes# ends_at# is_closed#",
  report:
    "uuid sink source_ip event_uuid state attempts# snapshot_at# tries# next_try_at# last_error " +
    "ended_at#",
  report_body: "uuid sink body",
  // Behind `report`, whose triggers count.
  report_count: "sink state reports#",
  delivery: "event_uuid sink source_ip delivered_at# last_published",
  sighting: "event_uuid sink source_ip uuid attribute_uuid source kind seen_at#",
  sink_pause: "sink failures# until# reason since# set_at#",
  counter: "name value#",
  checkpoint: "stream name device inode offset# fingerprint lines# rotations# moved_at#",
  setting: "name value",
} as const;

/** The name of a table that is copied. */
export type TableName = keyof typeof COLUMNS;

const WIDE_NAMES: readonly TableName[] = [
  ...["spool", "spool_refused", "attack", "attack_session_item", "source_record"] as const,
  ...["source_session_item", "left_event", "report", "report_body", "delivery", "setting"] as const,
];
const WIDE: ReadonlySet<string> = new Set(WIDE_NAMES);

/** The tables, in the order in which they are copied. */
export const TABLES: readonly Table[] = Object.entries(COLUMNS).map(([name, columns]) => ({
  name: name as TableName,
  columns: columns.split(" ").map((text) => ({
    name: text.replace(/[#!~]$/, ""),
    isNumber: text.endsWith(MARKS.isNumber),
    isKey: text.endsWith(MARKS.isKey),
    isJson: text.endsWith(MARKS.isJson),
  })),
  isWide: WIDE.has(name),
}));

/** Rows that are read and written together: at most so many are in memory. */
export const rowsAtOnce = ({ isWide }: Table) => isWide ? 50 : 2_000;

/** The names of a table's columns, as SQL: one of them is a word of SQL. */
export const namesOf = ({ columns }: Table) => columns.map(({ name }) => `"${name}"`).join(", ");

/** Rows as either engine stores them: a text that one of them cannot hold becomes one that both can. */
export function commonRows({ columns }: Table, rows: readonly Row[]): readonly Row[] {
  return rows.map((row) =>
    row.map((cell, at) => {
      if (typeof cell !== "string") return cell;
      const { isKey, isJson } = columns[at]!;
      if (isKey) return keyText(cell);
      return isJson ? storableJson(cell) : storable(cell);
    })
  );
}
