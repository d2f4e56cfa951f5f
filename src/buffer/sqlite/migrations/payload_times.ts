/**
 * Which files are new.
 *
 * @module
 */

/** Files of records by when they came first, and when each of them did. */
export const PAYLOAD_TIMES = `
  CREATE INDEX source_session_payload ON source_session_item (first_seen, value) WHERE kind = 3;
  CREATE INDEX source_session_payload_first ON source_session_item (value, first_seen) WHERE kind = 3;
  `;
