/**
 * The sources that lists are made of.
 *
 * @module
 */

/** What all lists of one walk ask for. */
export interface ListedQuery {
  /** Sources that were seen since, milliseconds UTC. */
  readonly since: number;
  readonly minAttempts: number;
}

/** A source that was published. Times are milliseconds UTC. */
export interface ListedRow {
  readonly sourceIp: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly attempts: number;
  /** Honeypots that saw it; at least 1. */
  readonly sensors: number;
  /** Days on which it was seen, as far as the buffer knows; at least 1. */
  readonly days: number;
  /** Whether it left a file in a decoy. */
  readonly leftPayload: boolean;
  readonly compromisedAt: number | undefined;
  readonly retractedAt: number | undefined;
  /** When the address expired after silence; undefined: it is offered. */
  readonly expiredAt: number | undefined;
}
