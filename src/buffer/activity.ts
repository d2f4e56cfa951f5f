/**
 * In which hour the attempts of an attack were made, and with what: what rankings add up. Pure.
 *
 * Evidence is counted by connection, and alerts by hour. The attempts of an attack are therefore spread
 * over its hours as its alerts are, so that they add up to the attack's own count.
 *
 * @module
 */
import type { ActivityKind, ActivityRow, Location, SensorHour, Technique } from "../model.ts";

/** What an attack adds to what is known of its source. */
export interface Added {
  readonly sourceIp: string;
  /** By how much the attack raises the attempts of its source. */
  readonly attempts: number;
  readonly hours: readonly SensorHour[];
  /** Attempts that the connections of each sensor prove. */
  readonly sensorAttempts: ReadonlyMap<string, number>;
  readonly usernames: readonly (readonly [name: string, attempts: number])[];
  readonly techniques: readonly Technique[];
  readonly location: Location | undefined;
}

/** The name of an autonomous system in rankings and searches; undefined: it is not known. */
export const networkName = (location: Location | undefined): string | undefined =>
  location?.asn === undefined ? undefined : `AS${location.asn}`;

/** Spreads what an attack adds over its hours. Rows of the same kind, name and hour come once. */
export function activityOf(added: Added): readonly ActivityRow[] {
  const rows: ActivityRow[] = [];
  const push = (
    kind: ActivityKind,
    name: string | undefined,
    hours: ReadonlyMap<number, number>,
  ) => {
    if (name === undefined) return;
    for (const [hour, attempts] of hours) {
      if (attempts > 0) rows.push({ kind, name, hour, attempts });
    }
  };
  const cells = share(added.attempts, added.hours.map((cell) => weightOf(cell, added)));
  const hours = new Map<number, number>();
  const sensors = new Map<string, Map<number, number>>();
  added.hours.forEach(({ sensor, hour }, index) => {
    addTo(hours, hour, cells[index]!);
    const ofSensor = sensors.get(sensor) ?? new Map<number, number>();
    sensors.set(sensor, ofSensor);
    addTo(ofSensor, hour, cells[index]!);
  });
  push("all", "", hours);
  push("source", added.sourceIp, hours);
  for (const [sensor, ofSensor] of sensors) push("sensor", sensor, ofSensor);
  for (const { id } of added.techniques) push("technique", id, hours);
  push("country", added.location?.countryCode, hours);
  push("network", networkName(added.location), hours);
  const [order, weights] = [[...hours.keys()], [...hours.values()]];
  for (const [name, attempts] of added.usernames) {
    const parts = share(attempts, weights);
    push("username", name, new Map(order.map((hour, index) => [hour, parts[index]!])));
  }
  return rows;
}

/** The attempts of a sensor, as far as its alerts came in that hour. */
function weightOf({ sensor, alerts }: SensorHour, { hours, sensorAttempts }: Added): number {
  const attempts = sensorAttempts.get(sensor) ?? 0;
  if (attempts === 0) return alerts;
  const all = hours.filter((cell) => cell.sensor === sensor);
  if (all.length === 1) return attempts;
  const total = all.reduce((sum, cell) => sum + cell.alerts, 0);
  return total === 0 ? attempts : attempts * alerts / total;
}

/**
 * Whole parts of a whole number, as the weights are, which add up to it: what rounding leaves goes to the
 * largest remainders, the first of them where they are equal.
 */
export function share(whole: number, weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.length === 1 || sum === 0) return weights.map((_, index) => index === 0 ? whole : 0);
  const exact = weights.map((weight) => whole * weight / sum);
  const parts = exact.map(Math.floor);
  const left = whole - parts.reduce((total, part) => total + part, 0);
  const order = exact.map((_, index) => index)
    .sort((a, b) => (exact[b]! - parts[b]!) - (exact[a]! - parts[a]!) || a - b);
  for (const index of order.slice(0, left)) parts[index]!++;
  return parts;
}

function addTo<Key>(sums: Map<Key, number>, key: Key, by: number): void {
  sums.set(key, (sums.get(key) ?? 0) + by);
}
