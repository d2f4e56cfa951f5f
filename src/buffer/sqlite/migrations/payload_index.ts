/**
 * One index in the place of two.
 *
 * @module
 */

/** When a file came first, the index says that finds who has it: each held the hash once more. */
export const PAYLOAD_INDEX = `
  DROP INDEX source_session_value;
  DROP INDEX source_session_payload_first;
  CREATE INDEX source_session_value ON source_session_item (kind, value, first_seen)
    WHERE kind IN (0, 3, 5);
`;
