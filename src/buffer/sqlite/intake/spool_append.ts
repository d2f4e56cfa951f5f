/**
 * Alerts that are to be forwarded, on their way in. Each is put in exactly once: by the transaction that
 * stores its id.
 *
 * @module
 */
import { count, counted, type Statements } from "../sql.ts";

/** Counters of what is in the tables: to count them would be to read them. */
export const WAITING = "spool.waiting";
export const BYTES = "spool.bytes";

/** Backpressure: the spool is at its limit, and dropping what waits would lose alerts. */
export class SpoolFull extends Error {
  override name = "SpoolFull";

  constructor(maxBytes: number) {
    super(
      `alerts that wait to be forwarded fill buffer.max_bytes ${maxBytes}; \`status\` says why ` +
        "they wait",
    );
  }
}

/** Adds alerts, in the transaction that stores their ids. */
export class Spooling {
  readonly #sql: Statements;
  #added = 0;
  #bytes = 0;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  add(body: string, now: number): void {
    const row = this.#sql(
      `INSERT INTO spool (bytes, added_at, body) VALUES (octet_length(?), ?, ?)
       RETURNING bytes`,
    ).get(body, now, body);
    this.#added++;
    this.#bytes += Number(row!.bytes);
  }

  /**
   * Ends the batch. Below the limit a batch is accepted whole, however large it is: otherwise a large
   * one could never be accepted.
   *
   * @throws {SpoolFull}
   */
  end(maxBytes: number | undefined): void {
    if (this.#added === 0) return;
    if (maxBytes !== undefined && counted(this.#sql, BYTES) >= maxBytes) {
      throw new SpoolFull(maxBytes);
    }
    count(this.#sql, WAITING, this.#added);
    count(this.#sql, BYTES, this.#bytes);
  }
}
