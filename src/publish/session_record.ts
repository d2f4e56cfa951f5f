/**
 * What a source's event knows of its sessions after one more attack. Pure.
 *
 * @module
 */
import {
  addFurther,
  addItems,
  addTotals,
  type AttackSessions,
  type FurtherItems,
  limitOf,
  NO_SESSIONS,
  type SeenItem,
  SESSION_KINDS,
  type SessionEvidence,
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
  { openedAt, overBefore }: SessionMoment,
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
  const merged = mergeItems([...items, ...attack.items], limits);
  const session: SessionEvidence = {
    totals: addTotals(compactedNow, totalsOfRows(live)),
    compacted: compactedNow,
    items: merged.items,
    further: addFurther(addFurther(further, attack.further), merged.further),
  };
  return { session, ended };
}

function mergeItems(all: readonly SeenItem[], limits: SessionLimits | undefined) {
  const items: SeenItem[] = [];
  let further: FurtherItems = {};
  for (const kind of SESSION_KINDS) {
    const known = new Map<string, SeenItem>();
    for (const item of all) {
      if (item.kind !== kind) continue;
      const before = known.get(item.value);
      known.set(item.value, before === undefined ? item : addItems(before, item));
    }
    const ranked = [...known.values()].sort((one, other) =>
      other.count - one.count || (one.value < other.value ? -1 : 1)
    );
    const most = limitOf(kind, limits);
    items.push(...ranked.slice(0, most));
    const rest = ranked.slice(most).reduce((sum, { count }) => sum + count, 0);
    further = addFurther(further, { [kind]: rest });
  }
  return { items, further };
}
