/**
 * From an attack to its reports. Pure: any retry sends the bytes that were frozen.
 *
 * @module
 */
import type { Attack, Frozen, Home, SinkName } from "../buffer/buffer.ts";
import { buildEvent, type EventRules } from "../misp/event.ts";
import { uuidV5 } from "../misp/uuid.ts";
import { type HomeRules, updateHome } from "./home.ts";

/** What freezing is configured by. */
export interface FreezeRules extends HomeRules, EventRules {
  readonly sinks: readonly SinkName[];
  /** A source with fewer attempts so far is remembered, but not published. */
  readonly minAttempts: number;
}

/**
 * Freezes an attack.
 *
 * @param now milliseconds UTC
 */
export function freezeAttack(
  attack: Attack,
  earlier: Home | undefined,
  rules: FreezeRules,
  now: number,
): Frozen {
  const { home, settled } = updateHome(attack, earlier, rules, now);
  if (home.attempts < rules.minAttempts) return { home, settled, reports: [] };
  const body = JSON.stringify(buildEvent(home, rules));
  const uuid = uuidV5(home.eventUuid, `report/${home.reports}`);
  const reports = rules.sinks.map((sink) => ({
    uuid,
    sink,
    sourceIp: home.sourceIp,
    eventUuid: home.eventUuid,
    body,
    attempts: home.attempts,
    frozenAt: now,
  }));
  return { home, settled, reports };
}
