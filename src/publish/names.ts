/**
 * Names under which processes leave word for one another in the buffer.
 *
 * @module
 */

/** Lease of the one publisher that stays behind integration calls. */
export const BACKGROUND_LEASE = "background";

/** Lease that lets one forwarder work at a time. */
export const FORWARD_LEASE = "forward";

/** The address of MISP when only integratord's `<hook_url>` names it; the key is never kept. */
export const INTEGRATORD_URL = "integratord's misp.url";

/** What sinks left out, and when it was told: JSON of pairs. */
export const LOGGED_NOTES = "logged notes";

/** What our key may do in MISP, and when it was asked: JSON. */
export const MISP_CAPABILITIES = "misp capabilities";

/** Why the publisher that stays could not work. */
export const PUBLISHER_PROBLEM = "background publisher problem";

/** What was given up for room, as the log told it last: JSON of the three numbers. */
export const LOGGED_EVICTIONS = "logged evictions";

/** What `follow` follows. */
export const ALERTS_STREAM = "alerts";

/** When `serve` last tried whether the buffer can be written. */
export const WRITE_PROBE = "write probe";
