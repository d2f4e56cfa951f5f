/**
 * Where a process may die with the most at stake. Builds for tests put a module in this one's place
 * that kills the process there (tests/faults/fault_point.ts); in every other build a point is nothing,
 * and the bundler leaves it out.
 *
 * @module
 */

/** The points, in the order of the way of the data. */
export type FaultPoint =
  | "after-read-before-tx"
  | "in-tx-before-commit"
  | "after-commit-before-ack"
  | "spill-part-before-rename"
  | "spill-stored-before-remove"
  | "mid-migration"
  | "after-lease-before-http"
  | "http-sent-before-response"
  | "after-add-before-publish"
  | "after-publish-before-sightings"
  | "response-before-mark"
  | "feed-temp-before-rename"
  | "feed-event-before-manifest"
  | "in-copy"
  | "copied-before-commit";

/** Nothing. */
export function faultPoint(_name: FaultPoint): void {}
