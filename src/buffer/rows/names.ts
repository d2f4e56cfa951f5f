/**
 * Names of counters that several parts of the buffer use.
 *
 * @module
 */

/** When an alert was accepted last, milliseconds UTC. */
export const LAST_ACCEPTED = "last_accepted_at";

/** When a sink accepted something last, milliseconds UTC, before the sink's name. */
export const LAST_DELIVERED = "last_delivered.";

/** How many source records there are: counting a million rows takes too long for a page. */
export const KNOWN_SOURCES = "known_sources";

/** Until when a sink rests, milliseconds UTC, before its name. */
export const RESTS_UNTIL = "rests_until.";

/** How many addresses expired. */
export const EXPIRED = "expired";

/** How many files and URLs of sessions expired. */
export const EXPIRED_ITEMS = "expired_items";

/** How many reports were dropped. */
export const DROPPED = "reports_dropped";
