/**
 * How sure it is that a source attacks: a sum that a person can check. Pure. docs/lists.md has the table.
 *
 * @module
 */

/** What the sum is made of. */
export interface ConfidenceFacts {
  /** Honeypots that saw it. */
  readonly sensors: number;
  /** Days on which it was seen. */
  readonly days: number;
  readonly attempts: number;
  /** Whether a login succeeded on a honeypot. */
  readonly gotIn: boolean;
  /** Whether it left a file on a honeypot. */
  readonly leftPayload?: boolean;
  /** Warning lists that it is on. */
  readonly warninglists?: number;
}

/** A part of the sum. */
export interface ConfidencePart {
  /** What it is for. */
  readonly of: string;
  readonly points: number;
  readonly reason: string;
}

/** A confidence of 0 to 100, and what it is made of. */
export interface Confidence {
  readonly value: number;
  readonly parts: readonly ConfidencePart[];
}

/** Nobody has business at a honeypot. */
const AT_A_HONEYPOT = 40;

/** Adds the parts up. Parts without points are left out. */
export function confidenceOf(facts: ConfidenceFacts): Confidence {
  const { sensors, days, attempts, gotIn, leftPayload = false, warninglists = 0 } = facts;
  const all: readonly ConfidencePart[] = [
    part("attacked a honeypot", AT_A_HONEYPOT),
    part("sensors", upTo(20, 10 * (sensors - 1)), counted(sensors, "sensor")),
    part("days", upTo(20, 5 * (days - 1)), counted(days, "day")),
    part("attempts", ofAttempts(attempts), counted(attempts, "attempt")),
    part("got in", gotIn ? 5 : 0),
    part("left a file", leftPayload ? 5 : 0),
    part("warning lists", -upTo(60, 30 * warninglists), counted(warninglists, "warning list")),
  ];
  const parts = all.filter(({ points }) => points !== 0);
  const sum = parts.reduce((total, { points }) => total + points, 0);
  return { value: Math.min(100, Math.max(0, sum)), parts };
}

const part = (of: string, points: number, reason = of): ConfidencePart => ({ of, points, reason });

/**
 * The same for MISP, such as `confidence 65 of 100: attacked a honeypot 40, sensors +20, attempts +5`. It has no
 * counts: it stays as it is until the sum changes.
 */
export function confidenceNote({ value, parts }: Confidence): string {
  const texts = parts.map(({ of, points }, at) =>
    `${of} ${at > 0 && points > 0 ? "+" : ""}${points}`
  );
  return `confidence ${value} of 100: ${texts.join(", ")}`;
}

/** What {@linkcode confidenceNote} writes, and nothing that somebody has added to it. */
export const CONFIDENCE_NOTE =
  /^(?:on warning lists: [^;]*; )?confidence \d+ of 100: attacked a honeypot \d+(?:, (?:sensors|days|attempts|got in|left a file|warning lists) [+-]\d+)*$/;

/** One line, such as `65 of 100: attacked a honeypot 40, 3 sensors +20, 12 attempts +5`. */
export function confidenceText({ value, parts }: Confidence): string {
  const [first, ...rest] = parts.map(({ points, reason }) => ({ points, reason }));
  const texts = rest.map(({ points, reason }) => `${reason} ${points > 0 ? "+" : ""}${points}`);
  return `${value} of 100: ${[`${first?.reason} ${first?.points}`, ...texts].join(", ")}`;
}

function ofAttempts(attempts: number): number {
  return attempts >= 100 ? 10 : attempts >= 10 ? 5 : 0;
}

const upTo = (most: number, points: number) => Math.min(most, Math.max(0, points));

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
