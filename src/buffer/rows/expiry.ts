/**
 * When addresses, files and URLs expire, and the rows of events that sources have left. Pure.
 *
 * @module
 */
import { DAY } from "../../clock.ts";
import type { SourceRecord } from "../../model.ts";
import { offeredItems, silentFrom, withExpiredItems } from "../../session_evidence.ts";
import { storedJson } from "../sqlite/errors.ts";

/**
 * A source that was reported just now does not expire yet: a file of long ago is replayed, or the clock of
 * a sensor is far behind, and the attacker is there.
 */
export const REST_MS = DAY;

/** A record whose silent files and URLs have expired, and how many did. */
export interface Ended {
  readonly record: SourceRecord;
  readonly ended: number;
}

/**
 * Since when the first file or URL is silent that a source gives to detection, milliseconds UTC; null: it
 * gives none. What was not reported, or is withdrawn, is not for detection anyway.
 */
export function itemsSilentFrom({ session, reports, retractedAt }: SourceRecord): number | null {
  return reports === 0 || retractedAt !== undefined ? null : silentFrom(session) ?? null;
}

/**
 * Ends what is silent of a source.
 *
 * @param silentMs after how long a silence
 * @param snapshotAt when the source was last reported: that counts where the clock of a sensor is ahead
 */
export function endItems(
  record: SourceRecord,
  silentMs: number,
  now: number,
  snapshotAt: number,
): Ended {
  const { session } = record;
  if (session === undefined) return { record, ended: 0 };
  const endsAhead = snapshotAt <= now - Math.max(silentMs, REST_MS);
  const isSilent = (lastSeen: number) =>
    lastSeen <= now - silentMs || endsAhead && lastSeen > now + DAY;
  const next = { ...record, session: withExpiredItems(session, isSilent, now) };
  return {
    record: next,
    ended: offeredItems(session).length - offeredItems(next.session).length,
  };
}

/** The column of a record that was stored as JSON. */
export function storedRecord(text: unknown): SourceRecord {
  return storedJson(String(text)) as SourceRecord;
}

/** What fills in the conditions: silent since then unless reported since then; ahead of then, likewise. */
export function silences(silentMs: number, now: number) {
  return [
    [now - silentMs, now - REST_MS],
    [now + DAY, now - Math.max(silentMs, REST_MS)],
  ] as const;
}
