/**
 * Attacks that were read before: of very many open ones, few have changed since a page was last looked at.
 * Pure.
 *
 * @module
 */
import { type Bounds, countedOf, type OpenAttack } from "./open_attack.ts";
import type { Row } from "./row.ts";

/** Attacks as they were read before, by source. */
export type KnownAttacks = ReadonlyMap<string, {
  /** Changes with whatever the attack is made of, and with how it is counted. */
  readonly version: string;
  readonly attack: OpenAttack;
}>;

/** What of the open attacks is to be read. */
export interface ChangedAttacks {
  readonly changed: readonly Row[];
  /** Those of them that are counted whole, and those that are counted in part. */
  readonly whole: readonly Row[];
  readonly part: readonly Row[];
  /** All that are open, given those that were read. */
  readonly withKnown: (read: ReadonlyMap<string, OpenAttack>) => KnownAttacks;
}

/**
 * Finds the attacks that have changed.
 *
 * @param rows `source_ip`, `alerts` and `version` of all that are open
 */
export function changedSince(
  rows: readonly Row[],
  bounds: Bounds,
  known: KnownAttacks,
): ChangedAttacks {
  const { whole, part } = countedOf(rows, bounds.connections);
  const [counted, large] = [new Set(whole), new Set(part)];
  const versionOf = (row: Row) =>
    `${row.version} ${counted.has(row) ? "whole" : large.has(row) ? "part" : "none"}`;
  const isChanged = (row: Row) => known.get(String(row.source_ip))?.version !== versionOf(row);
  const changed = rows.filter(isChanged);
  return {
    changed,
    whole: changed.filter((row) => counted.has(row)),
    part: changed.filter((row) => large.has(row)),
    withKnown: (read) =>
      new Map(rows.map((row) => {
        const sourceIp = String(row.source_ip);
        const attack = read.get(sourceIp) ?? known.get(sourceIp)!.attack;
        return [sourceIp, { version: versionOf(row), attack }];
      })),
  };
}

/** The attacks themselves. */
export function attacksIn(known: KnownAttacks): ReadonlyMap<string, OpenAttack> {
  return new Map(known.entries().map(([sourceIp, { attack }]) => [sourceIp, attack]));
}
