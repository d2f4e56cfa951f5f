/**
 * Whether two tables hold the same rows, in whatever order they are read. Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Row } from "./tables.ts";

const WORDS = 4;

/** How many rows there were, and the sum of what SHA-256 makes of each. */
export class Digest {
  rows = 0;
  readonly #sums = new Uint32Array(WORDS);

  /** Adds rows. */
  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const hash = createHash("sha256").update(JSON.stringify(row)).digest();
      for (let word = 0; word < WORDS; word++) {
        this.#sums[word]! += hash.readUInt32LE(4 * word);
      }
    }
    this.rows += rows.length;
  }

  /** Whether the other was made of the same rows. */
  equals(other: Digest): boolean {
    return this.rows === other.rows &&
      this.#sums.every((sum, word) => sum === other.#sums[word]);
  }
}
