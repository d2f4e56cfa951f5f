/**
 * Keeps a buffer locked for random times, again and again, until it is killed. Started as a program
 * with the file, the longest time in milliseconds and a seed; it prints how long each lock was held.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { seededRandom } from "../support/random.ts";

/** The writers get in between for so long at most, milliseconds. */
const FREE_MS = 1000;

if (import.meta.main) {
  const [file = "", longest = "0", seed = "1"] = Deno.args;
  const random = seededRandom(Number(seed));
  const db = new DatabaseSync(file);
  db.exec("PRAGMA busy_timeout = 60000");
  const wait = (milliseconds: number) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));
  for (;;) {
    const held = random(Number(longest));
    db.exec("BEGIN IMMEDIATE");
    await wait(held);
    db.exec("COMMIT");
    Deno.stdout.writeSync(new TextEncoder().encode(`${held}\n`));
    await wait(random(FREE_MS));
  }
}
