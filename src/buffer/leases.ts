/**
 * What the buffer offers to processes that must not work at the same time.
 *
 * @module
 */

/** A lease that was taken. Its fence grows each time, so that a late holder is recognised. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
}

/** The part of the buffer that holds leases. Every method is one transaction. */
export interface LeaseStore {
  /**
   * Takes a lease that nobody holds, or that has run out.
   *
   * @param milliseconds how long it lasts unless it is renewed
   * @param now milliseconds UTC
   * @param endsWithProcess whether others may have it at once when this process is gone: for a holder
   *   that does not end before the lease is over
   * @returns undefined when another holds it
   */
  take(
    name: string,
    owner: string,
    milliseconds: number,
    now: number,
    endsWithProcess?: boolean,
  ): Promise<Lease | undefined>;
  /** @returns false when another holds it by now */
  renew(lease: Lease, milliseconds: number, now: number): Promise<boolean>;
  /** Ends a lease, if it is still ours. */
  release(lease: Lease): Promise<void>;
  /** Whether somebody holds it. */
  isHeld(name: string, now: number): Promise<boolean>;
}
