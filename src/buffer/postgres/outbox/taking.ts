/**
 * Snapshots of due attacks, within one transaction. What another process has locked is left to it.
 *
 * @module
 */
import type { DayEvent, DaySlotRequest, Snapshot } from "../../../model.ts";
import type { BuildSnapshot, DueRules } from "../../outbox.ts";
import { markCompromised } from "../intake/logins.ts";
import { all, type Sql } from "../sql.ts";
import { findDaySlot } from "./day_events.ts";
import { dueValues, IS_DUE } from "./due.ts";
import { readAttack, readRecord, writeSnapshot } from "./snapshot.ts";

/** Takes snapshots of those sources whose attacks are still due. @returns how many */
export async function takeSnapshots(
  sql: Sql,
  sources: readonly string[],
  rules: DueRules,
  build: BuildSnapshot,
  now: number,
): Promise<number> {
  const locked = await all(
    sql,
    `SELECT source_ip FROM attack WHERE source_ip = ANY($4) AND ${IS_DUE}
     FOR UPDATE SKIP LOCKED`,
    ...dueValues(rules, now),
    sources,
  );
  const isLocked = new Set(locked.map(({ source_ip }) => String(source_ip)));
  const taken = sources.filter((sourceIp) => isLocked.has(sourceIp));
  // A login and the failure before it may have been stored at the same moment: neither saw the other.
  if (taken.length > 0) await markCompromised(sql, taken, now);
  for (const sourceIp of taken) {
    const attack = await readAttack(sql, sourceIp);
    const record = await readRecord(sql, sourceIp);
    const snapshot = await built(sql, (findDaySlot) => build(attack, record, findDaySlot));
    await writeSnapshot(sql, snapshot, attack.alerts, now);
  }
  return taken.length;
}

/** Stops a build that needs to know a day slot. */
class NeedsDaySlot extends Error {
  readonly request: DaySlotRequest;

  constructor(request: DaySlotRequest) {
    super("a day slot is needed");
    this.request = request;
  }
}

/** A build asks at once, and the database answers later: then it is built again. */
export async function built(
  sql: Sql,
  build: (findDaySlot: (request: DaySlotRequest) => DayEvent) => Snapshot,
): Promise<Snapshot> {
  const slots: DayEvent[] = [];
  for (;;) {
    let next = 0;
    try {
      return build((request) => {
        const slot = slots[next++];
        if (slot === undefined) throw new NeedsDaySlot(request);
        return slot;
      });
    } catch (error) {
      if (!(error instanceof NeedsDaySlot)) throw error;
      slots.push(await findDaySlot(sql, error.request));
    }
  }
}
