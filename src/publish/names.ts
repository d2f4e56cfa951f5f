/**
 * Names of the leases and settings by which processes know of one another.
 *
 * @module
 */

/** Lease that lets one background publisher work at a time. */
export const BACKGROUND_LEASE = "background";

/** Lease that lets one forwarder work at a time. */
export const FORWARD_LEASE = "forward";

/** The address of MISP when only integratord's `<hook_url>` names it; the key is never stored. */
export const INTEGRATORD_URL = "integratord's misp.url";

/** Salted digest of what the newest integration call was given; secrets are not in it. */
export const NEWEST_GIVEN = "newest given configuration";

/** The same of the background publisher that took the lease last. */
export const PUBLISHER_GIVEN = "background publisher's given configuration";

/** What sinks left out, and when it was logged: JSON of pairs. */
export const LOGGED_NOTES = "logged notes";

/** What our key may do in MISP, and when MISP was asked: JSON. */
export const MISP_CAPABILITIES = "misp capabilities";

/** Whose events this buffer's are: JSON, as in the file beside the buffer. */
export const INSTALLATION = "installation";

/** When it was last logged that the folder of the buffer is a copy, milliseconds UTC. */
export const COPY_LOGGED = "copy logged";

/** Events that a worker of MISP has yet to publish: JSON. */
export const PUBLICATION_QUEUE = "misp publication queue";
/** Since when logins are reported to the webhook, milliseconds UTC. */
export const NOTIFY_SINCE = "notify since";

/** Why the background publisher could not work. */
export const PUBLISHER_PROBLEM = "background publisher problem";

/** How much the size limit has evicted, as of the last line in the log: JSON of the four numbers. */
export const LOGGED_EVICTIONS = "logged evictions";

/** Lease that lets one process write the lists at a time. */
export const LISTS_LEASE = "lists";

/** What became of each list, and when they were looked at last: JSON. */
export const LIST_STATES = "lists";

/** Stream of the checkpoint of `follow`. */
export const ALERTS_STREAM = "alerts";

/** The same of `follow --format cowrie`. */
export const COWRIE_STREAM = "cowrie";

/** When `serve` last tried whether the buffer can be written. */
export const WRITE_PROBE = "write probe";
