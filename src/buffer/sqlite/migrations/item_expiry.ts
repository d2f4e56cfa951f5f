/**
 * When files and URLs of sessions expired after silence.
 *
 * @module
 */

/**
 * Of each source, since when the first file (3) or URL (4) is silent that it gives to detection. A source
 * that left an event for a new one stays known as that event has it, until all that its sessions left there
 * has expired. Sources that may be forgotten have an index: many more are old, and are kept until they
 * expire.
 */
export const ITEM_EXPIRY = `
  ALTER TABLE source_session_item ADD COLUMN expired_at INTEGER;
  ALTER TABLE source_record ADD COLUMN items_silent_from INTEGER;
  UPDATE source_record SET items_silent_from = (SELECT min(i.last_seen) FROM source_session_item i
      WHERE i.source_ip = source_record.source_ip AND i.kind IN (3, 4))
    WHERE reports > 0 AND retracted_at IS NULL
      AND source_ip IN (SELECT source_ip FROM source_session_item);
  CREATE INDEX source_record_items ON source_record (items_silent_from)
    WHERE items_silent_from IS NOT NULL;
  CREATE TABLE left_event (
    event_uuid TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    silent_from INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (silent_from, event_uuid, source_ip)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX source_record_ended ON source_record (snapshot_at)
    WHERE reports = 0 OR retracted_at IS NOT NULL OR expired_at IS NOT NULL;
`;
