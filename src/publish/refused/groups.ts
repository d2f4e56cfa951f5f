/**
 * Refused reports by their reason: read in parts, and changed in batches that hold no lock for long.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import type { Changed, ReportRow } from "../../buffer/reports.ts";
import type { RefusedCursor, RefusedRow } from "../../buffer/views.ts";
import { MINUTE } from "../../clock.ts";
import { PUBLISH_LEASE } from "../publisher.ts";
import { type ReasonGroup, ReasonGroups } from "./reasons.ts";

/** The reports that are grouped on a page: the latest. */
export const GROUPED = 10_000;
/** Reports of one transaction. */
const BATCH = 250;
/** The reports of one read. */
const READ = 1000;
/** The reports that one change looks at. */
export const MOST_CHANGED = 200_000;

type Views = Pick<Buffer, "views">;

/** What is done with the reports of a reason. */
export type Change = "retry" | "drop";

/** Refused reports by reason. */
export interface Grouped {
  readonly groups: readonly ReasonGroup[];
  /** Of all refused reports. */
  readonly count: number;
  /** Whether there are more than were grouped. */
  readonly isMore: boolean;
}

/** Lets other requests be answered between two parts of long work. */
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/**
 * Groups the latest refused reports.
 *
 * @param most how many of them, at least
 */
export async function groupRefused({ views }: Views, most = GROUPED): Promise<Grouped> {
  const groups = new ReasonGroups();
  let after: RefusedCursor | undefined;
  for (let read = 0;; read += READ) {
    const { rows, next, count } = await views.refused({ most: READ, after });
    groups.add(rows);
    after = next;
    if (after === undefined || read + READ >= most) {
      return { groups: groups.all(), count: count.value, isMore: after !== undefined };
    }
    await pause();
  }
}

/** A page of the reports of a reason. */
export interface GroupPage {
  readonly rows: readonly ReportRow[];
  readonly next: RefusedCursor | undefined;
}

/**
 * Reads a page of the reports of a reason. It looks at so many reports at most, so that a page may have fewer
 * rows than asked for although more follow.
 */
export async function readGroup(
  { views, reports }: Pick<Buffer, "views" | "reports">,
  key: string,
  most: number,
  after?: RefusedCursor,
): Promise<GroupPage> {
  const reasons = new ReasonGroups();
  const found: RefusedRow[] = [];
  let from = after;
  for (let read = 0; read < GROUPED; read += READ) {
    const part = await views.refused({ most: READ, after: from });
    const of = part.rows.filter((row) => reasons.reason(row).key === key);
    found.push(...of.slice(0, most - found.length));
    from = part.next;
    if (found.length === most) {
      const { at, uuid, sink } = found.at(-1)!;
      const isMore = from !== undefined || of.at(-1)!.uuid !== uuid;
      from = isMore ? { at, uuid, sink } : undefined;
      break;
    }
    if (from === undefined) break;
    await pause();
  }
  return { rows: await reports.find({ kind: "keys", keys: found }), next: from };
}

/** What became of the reports of a reason. */
export interface GroupChanged {
  /** One of each report that was looked at and has the reason. */
  readonly changes: readonly Changed[];
  /** `busy`: a publisher is at work, or took over; `more`: there may be more; `done`: all. */
  readonly end: "busy" | "more" | "done";
}

/**
 * Changes all reports of a reason, batch by batch, under one lease of the publishers.
 *
 * @param until only what was refused at this time or before: what somebody saw, milliseconds UTC
 * @param now milliseconds UTC
 */
export async function changeGroup(
  { views, reports, leases }: Pick<Buffer, "views" | "reports" | "leases">,
  { key, change, until }: {
    readonly key: string;
    readonly change: Change;
    readonly until: number;
  },
  owner: string,
  now: () => number,
): Promise<GroupChanged> {
  const lease = await leases.take(PUBLISH_LEASE, owner, MINUTE, now(), true);
  if (lease === undefined) return { changes: [], end: "busy" };
  const reasons = new ReasonGroups();
  const changes: Changed[] = [];
  let after: RefusedCursor | undefined;
  try {
    for (let read = 0; read < MOST_CHANGED; read += BATCH) {
      const { rows, next } = await views.refused({ most: BATCH, until, after });
      const meant = rows.filter((row) => reasons.reason(row).key === key);
      if (meant.length > 0) {
        const results = await reports[change](meant, lease, now());
        if (results === undefined) return { changes, end: "busy" };
        changes.push(...results);
      }
      if (next === undefined) return { changes, end: "done" };
      after = next;
      if (!await leases.renew(lease, MINUTE, now())) return { changes, end: "busy" };
      await pause();
    }
    return { changes, end: "more" };
  } finally {
    await leases.release(lease);
  }
}
