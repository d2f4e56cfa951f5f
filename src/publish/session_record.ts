/**
 * What a source's event knows of its sessions after one more attack. Pure.
 *
 * @module
 */
import {
  addFurther,
  addTotals,
  type AttackSessions,
  extendItem,
  type FurtherItems,
  limitOf,
  NO_SESSIONS,
  type SeenItem,
  SESSION_KINDS,
  type SessionEvidence,
  type SessionKind,
  type SessionLimits,
  type SessionRow,
  totalsOfRows,
} from "../session_evidence.ts";

/** Which sessions are over, and which an earlier event has counted already. Milliseconds UTC. */
export interface SessionMoment {
  /** A session whose last alert came earlier belongs to an earlier event; 0: there is none. */
  readonly openedAt: number;
  /** A session whose last alert came earlier is over. */
  readonly overBefore: number;
  /** How many reports of the source there were in this event. */
  readonly reports: number;
}

/**
 * Merges the sessions of an attack into those of its source.
 *
 * @param limits undefined: those of a default configuration
 * @returns the sessions that need no row any more, too
 */
export function mergeSessions(
  base: SessionEvidence | undefined,
  attack: AttackSessions | undefined,
  limits: SessionLimits | undefined,
  { openedAt, overBefore, reports }: SessionMoment,
): { readonly session: SessionEvidence | undefined; readonly ended: readonly SessionRow[] } {
  if (attack === undefined) return { session: base, ended: [] };
  const { compacted = NO_SESSIONS, items = [], further = {} } = base ?? {};
  const own = attack.rows.filter(({ touchedAt }) => touchedAt >= openedAt);
  const over = own.filter(({ touchedAt }) => touchedAt < overBefore);
  const live = own.filter(({ touchedAt }) => touchedAt >= overBefore);
  const ended = attack.rows.filter((row) => !live.includes(row));
  const isNothing = own.length === 0 && attack.items.length === 0 && base === undefined &&
    attack.counted.sessions === 0 && Object.keys(attack.further).length === 0;
  if (isNothing) return { session: undefined, ended };
  const compactedNow = addTotals(compacted, addTotals(attack.counted, totalsOfRows(over)));
  const merged = mergeItems(items, attack.items, limits, reports === 0 ? undefined : reports);
  const session: SessionEvidence = {
    totals: addTotals(compactedNow, totalsOfRows(live)),
    compacted: compactedNow,
    items: merged.items,
    further: addFurther(addFurther(further, attack.further), merged.further),
  };
  return { session, ended };
}

/**
 * Kinds of which a report makes parts of an event. What it made stays in the record, so that all of it can
 * expire and be withdrawn; of other items the most frequent ones are kept.
 */
const PARTS: ReadonlySet<SessionKind> = new Set(["hassh", "payload", "url", "key"]);

function mergeItems(
  published: readonly SeenItem[],
  added: readonly SeenItem[],
  limits: SessionLimits | undefined,
  since: number | undefined,
) {
  const items: SeenItem[] = [];
  let further: FurtherItems = {};
  for (const kind of SESSION_KINDS) {
    const isOfKind = (item: SeenItem) => item.kind === kind;
    const earlier = new Map(published.filter(isOfKind).map((item) => [item.value, item]));
    const known = new Map(earlier);
    for (const item of added.filter(isOfKind)) {
      const before = known.get(item.value);
      const isNewPart = before === undefined && since !== undefined && PARTS.has(kind);
      const found = isNewPart ? { ...item, since } : item;
      known.set(item.value, before === undefined ? found : extendItem(before, item, since));
    }
    const byFrequency = (one: SeenItem, other: SeenItem) =>
      other.count - one.count || (one.value < other.value ? -1 : 1);
    const stays = ({ value }: SeenItem) => Number(PARTS.has(kind) && earlier.has(value));
    const ranked = [...known.values()].sort((one, other) =>
      stays(other) - stays(one) ||
      (PARTS.has(kind) ? one.firstSeen - other.firstSeen : 0) || byFrequency(one, other)
    );
    const most = Math.max(limitOf(kind, limits), PARTS.has(kind) ? earlier.size : 0);
    items.push(...ranked.slice(0, most).sort(byFrequency));
    const rest = ranked.slice(most).reduce((sum, { count }) => sum + count, 0);
    further = addFurther(further, { [kind]: rest });
  }
  return { items, further };
}
