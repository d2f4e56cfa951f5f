/**
 * What attackers do in the sessions of a decoy.
 *
 * @module
 */

/**
 * Sessions until they are over, what was seen in them since the last snapshot, what was only counted,
 * and what the records of sources hold of it. Which sources have a client (0), a payload (3) or a key (5)
 * in common, an index says.
 */
export const SESSIONS = `
  CREATE TABLE attack_session (
    source_ip TEXT NOT NULL,
    sensor TEXT NOT NULL,
    session TEXT NOT NULL,
    connects INTEGER NOT NULL,
    logins INTEGER NOT NULL,
    longest_ms INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    PRIMARY KEY (source_ip, sensor, session)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE attack_session_item (
    source_ip TEXT NOT NULL,
    kind INTEGER NOT NULL,
    value TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    detail TEXT,
    PRIMARY KEY (source_ip, kind, value)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE attack_session_total (
    source_ip TEXT PRIMARY KEY,
    sessions INTEGER NOT NULL,
    logged_in INTEGER NOT NULL,
    longest_ms INTEGER NOT NULL,
    further TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE source_session_item (
    source_ip TEXT NOT NULL,
    kind INTEGER NOT NULL,
    value TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    detail TEXT,
    PRIMARY KEY (source_ip, kind, value)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX source_session_value ON source_session_item (kind, value) WHERE kind IN (0, 3, 5);
  `;
