/**
 * How the alerts of one kind of honeypot are read. A path names a field as the alert shows it:
 * `data.src_host`.
 *
 * @module
 */

/** The format of one kind of honeypot: a row of the table, or an item of `honeypot.formats`. */
export interface DecoyFormat {
  /** What people call it. */
  readonly name: string;
  /** Paths with the values of which each must be there. `*` is any value. */
  readonly when: Readonly<Record<string, readonly string[]>>;
  /** The path of what happened; the next four lists are its values. */
  readonly event: string;
  /** A guess that was refused. */
  readonly failed: readonly string[];
  /** A guess that led into the decoy: nothing real is compromised. */
  readonly success: readonly string[];
  /** A public key that was offered. */
  readonly key: readonly string[];
  /** A connection to a honeypot that sees no guesses. */
  readonly connect: readonly string[];
  /** The path of the address, with or without a port. */
  readonly source: string;
  /** The path of a list with an object for each guess: user, password and time are paths in it. */
  readonly attempts?: string;
  readonly user?: string;
  readonly password?: string;
  /** The path of what names the connection. */
  readonly session?: string;
  /** The path of the record's own time; without it the alert's counts. */
  readonly time?: string;
  /** `ssh`, which is the default, `telnet`, or the path of one of them. */
  readonly protocol?: string;
}
