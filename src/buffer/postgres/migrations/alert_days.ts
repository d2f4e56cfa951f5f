/**
 * The ids of alerts, by the day that their text begins with.
 *
 * @module
 */

/**
 * No row is moved: the table becomes the partition of all that has no partition of its own. Whoever prunes
 * makes those of days (outbox/alert_days.ts). The key stays as it was, so that an id is in the table once:
 * its text alone says to which partition it belongs.
 */
export const ALERT_DAYS = `
  ALTER TABLE seen_alert RENAME TO seen_alert_default;
  ALTER INDEX seen_alert_pkey RENAME TO seen_alert_default_pkey;
  CREATE TABLE seen_alert (
    manager bigint NOT NULL,
    alert_id text COLLATE "C" NOT NULL,
    seen_at bigint NOT NULL,
    PRIMARY KEY (manager, alert_id)
  ) PARTITION BY RANGE (alert_id);
  ALTER TABLE seen_alert ATTACH PARTITION seen_alert_default DEFAULT;
`;
