/**
 * How long the buffer keeps what it knows.
 *
 * @module
 */

/** How long things are kept, milliseconds. */
export interface Keep {
  readonly seenMs: number;
  readonly recordMs: number;
  /** Silence after which a connection is over. */
  readonly connectionMs: number;
  /** Whether addresses expire: then the record of a source is kept until its address has expired. */
  readonly expires?: boolean;
  /** Whether files and URLs of sessions do: then it is kept until all of them have expired, too. */
  readonly itemsExpire?: boolean;
}

/** The part of the buffer that deletes what is old. */
export interface Retention {
  /**
   * Deletes alert ids, delivered reports and source records that are older than their keep.
   *
   * @param now milliseconds UTC
   * @returns whether there is more to delete than one transaction should
   */
  prune(keep: Keep, now: number): Promise<boolean>;
}
