/**
 * When addresses expired after silence.
 *
 * @module
 */

/**
 * The index finds the sources that may expire, the longest silent first: those that were reported, and
 * neither withdrawn nor expired. It is made anew from rows of the 30 days that records were kept.
 */
export const EXPIRY = `
  ALTER TABLE source_record ADD COLUMN expired_at INTEGER;
  CREATE INDEX source_record_offered ON source_record (last_seen, snapshot_at)
    WHERE reports > 0 AND retracted_at IS NULL AND expired_at IS NULL;
  CREATE INDEX source_record_expired ON source_record (expired_at) WHERE expired_at IS NOT NULL;
`;
