/**
 * Alerts that are told apart by a number, so that what became of each can be counted.
 *
 * Started as a program it hands alerts over to a buffer, one after the other, and prints each number
 * once its commit is done.
 *
 * @module
 */
import type { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";

/** The alert of a number; each has a source of its own, which comes back in a later round. */
export function alertOf(number: number, round = 0) {
  return sshdAlert({
    id: `1787465647.${100_000 + number + 1000 * round}`,
    pid: 1000 + number,
    message: `Failed password for user-${number}-${round}-${"x".repeat(60)} ` +
      `from ${sourceOf(number)} port 51676 ssh2`,
  });
}

/** The source of a number's alert. */
export const sourceOf = (number: number) => `82.202.${number >> 8}.${number & 255}`;

/** Hands the alert of a number over. */
export function acceptNumber(buffer: SqliteBuffer, number: number, now: number, round = 0) {
  const decision = decideDefault(alertOf(number, round));
  return buffer.intake.accept([decision], { maxUsernames: 100 }, now + number);
}

if (import.meta.main) {
  const { SqliteBuffer } = await import("../../src/buffer/sqlite/sqlite_buffer.ts");
  const buffer = new SqliteBuffer(Deno.args[0]!, Date.now());
  for (let number = 1;; number++) {
    await acceptNumber(buffer, number, Date.now());
    Deno.stdout.writeSync(new TextEncoder().encode(`${number}\n`));
  }
}
