/**
 * Which logins that succeeded were reported to the webhook.
 *
 * @module
 */

/** Their states: waiting, claimed (being sent), sent, unknown, expired. */
export const NOTIFICATIONS = `
  CREATE TABLE notification (
    source_ip TEXT NOT NULL,
    login_at INTEGER NOT NULL,
    sensor TEXT,
    username TEXT,
    state TEXT NOT NULL DEFAULT 'waiting',
    tries INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (source_ip, login_at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX notification_open ON notification (state, tries, login_at)
    WHERE state IN ('waiting', 'claimed');
`;
