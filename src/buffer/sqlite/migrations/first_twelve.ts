/**
 * The tables as the first twelve migrations made them.
 *
 * @module
 */

/** The oldest migration first. A file that was made by one of them still exists somewhere. */
export const FIRST_TWELVE: readonly string[] = [
  `
  CREATE TABLE seen_alert (
    manager TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (manager, alert_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX seen_alert_age ON seen_alert (seen_at);

  CREATE TABLE attack (
    source_ip TEXT PRIMARY KEY,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    manager TEXT NOT NULL,
    compromised_at INTEGER,
    services INTEGER NOT NULL,
    place TEXT,
    further_usernames INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX attack_opened ON attack (opened_at);
  CREATE INDEX attack_touched ON attack (touched_at);

  CREATE TABLE attack_connection (
    source_ip TEXT NOT NULL,
    sensor TEXT NOT NULL,
    pid INTEGER NOT NULL,
    location TEXT NOT NULL,
    sshd INTEGER NOT NULL,
    pam_error INTEGER NOT NULL,
    pam INTEGER NOT NULL,
    connect INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    PRIMARY KEY (source_ip, sensor, pid, location)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE attack_username (
    source_ip TEXT NOT NULL,
    username TEXT NOT NULL,
    location TEXT NOT NULL,
    sshd INTEGER NOT NULL,
    pam_error INTEGER NOT NULL,
    pam INTEGER NOT NULL,
    connect INTEGER NOT NULL,
    PRIMARY KEY (source_ip, username, location)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE attack_sensor (
    source_ip TEXT NOT NULL,
    sensor TEXT NOT NULL,
    name TEXT NOT NULL,
    alerts INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (source_ip, sensor)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE attack_technique (
    source_ip TEXT NOT NULL,
    technique TEXT NOT NULL,
    name TEXT,
    PRIMARY KEY (source_ip, technique)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE report (
    uuid TEXT NOT NULL,
    sink TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    event_uuid TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'refused')),
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    frozen_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,
    last_error TEXT,
    ended_at INTEGER,
    PRIMARY KEY (uuid, sink)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX report_waiting ON report (next_try_at) WHERE state = 'pending';
  CREATE INDEX report_event ON report (event_uuid, sink);
  CREATE INDEX report_age ON report (ended_at) WHERE state = 'delivered';

  CREATE TABLE home_event (
    source_ip TEXT PRIMARY KEY,
    event_uuid TEXT NOT NULL,
    publisher TEXT NOT NULL,
    opened_on TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    pam INTEGER NOT NULL,
    guesses INTEGER NOT NULL,
    connect INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    compromised_at INTEGER,
    reports INTEGER NOT NULL,
    detail TEXT NOT NULL,
    frozen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX home_event_age ON home_event (frozen_at);

  CREATE TABLE home_sink (
    event_uuid TEXT NOT NULL,
    sink TEXT NOT NULL,
    delivered_at INTEGER NOT NULL,
    PRIMARY KEY (event_uuid, sink)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sink_pause (
    sink TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    until INTEGER NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE remembered (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE sighting (
    event_uuid TEXT NOT NULL,
    sink TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    uuid TEXT NOT NULL,
    attribute_uuid TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (event_uuid, sink, source_ip, uuid)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE home_event ADD COLUMN retracted_at INTEGER;

  CREATE TABLE day_event (
    event_uuid TEXT PRIMARY KEY,
    publisher TEXT NOT NULL,
    day TEXT NOT NULL,
    part INTEGER NOT NULL,
    attributes INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    is_closed INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX day_event_open ON day_event (ends_at) WHERE is_closed = 0;

  CREATE TABLE attack_password (
    source_ip TEXT NOT NULL,
    password TEXT NOT NULL,
    guesses INTEGER NOT NULL,
    PRIMARY KEY (source_ip, password)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE delivered_home (
    event_uuid TEXT NOT NULL,
    sink TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    delivered_at INTEGER NOT NULL,
    told TEXT NOT NULL,
    PRIMARY KEY (event_uuid, sink, source_ip)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO delivered_home (event_uuid, sink, source_ip, delivered_at, told)
    SELECT s.event_uuid, s.sink, h.source_ip, s.delivered_at, ''
    FROM home_sink s JOIN home_event h ON h.event_uuid = s.event_uuid;
  DROP TABLE home_sink;
  `,
  `
  CREATE TABLE manager (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  INSERT INTO manager (name) SELECT DISTINCT manager FROM seen_alert;

  DROP INDEX seen_alert_age;
  ALTER TABLE seen_alert RENAME TO seen_alert_by_name;
  CREATE TABLE seen_alert (
    manager INTEGER NOT NULL,
    alert_id TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (manager, alert_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO seen_alert (manager, alert_id, seen_at)
    SELECT m.number, s.alert_id, s.seen_at FROM seen_alert_by_name s
    JOIN manager m ON m.name = s.manager;
  DROP TABLE seen_alert_by_name;
  CREATE INDEX seen_alert_undated ON seen_alert (seen_at)
    WHERE alert_id NOT GLOB '[12]?????????.[0-9]*';
  `,
  `
  CREATE TABLE checkpoint (
    stream TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    device TEXT NOT NULL,
    inode TEXT NOT NULL,
    offset INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    lines INTEGER NOT NULL,
    rotations INTEGER NOT NULL,
    moved_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE minute (
    minute INTEGER PRIMARY KEY,
    alerts INTEGER NOT NULL,
    sshd INTEGER NOT NULL,
    pam_error INTEGER NOT NULL,
    pam INTEGER NOT NULL,
    connect INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE sensor (
    sensor TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    alerts INTEGER NOT NULL,
    last_seen INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO sensor (sensor, name, alerts, last_seen)
    SELECT value ->> 'sensor', max(value ->> 'name'), sum(value ->> 'alerts'),
      max(value ->> 'lastSeen')
    FROM (SELECT detail FROM home_event ORDER BY frozen_at DESC LIMIT 10000),
      json_each(detail, '$.sensors')
    GROUP BY 1;

  CREATE INDEX report_source ON report (source_ip);
  CREATE INDEX report_refused ON report (ended_at) WHERE state = 'refused';
  CREATE INDEX report_oldest ON report (frozen_at) WHERE state = 'pending';

  INSERT OR REPLACE INTO counter (name, value) SELECT 'known_sources', count(*) FROM home_event;
  INSERT OR REPLACE INTO counter (name, value)
    SELECT 'last_delivered.' || sink, max(delivered_at) FROM delivered_home GROUP BY sink;
  `,
  // Sizes stand before the texts: whatever stands behind a long one costs pages to get at.
  `
  CREATE TABLE spool (
    number INTEGER PRIMARY KEY,
    bytes INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE spool_refused (
    number INTEGER PRIMARY KEY,
    bytes INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    refused_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE attack ADD COLUMN techniques TEXT;
  UPDATE attack SET techniques = (SELECT json_group_array(json_object('id', technique, 'name', name))
    FROM attack_technique t WHERE t.source_ip = attack.source_ip)
  WHERE source_ip IN (SELECT source_ip FROM attack_technique);
  DROP TABLE attack_technique;
  `,
  // One word for one thing: the tables have the names of docs/architecture.md.
  `
  ALTER TABLE home_event RENAME TO source_record;
  ALTER TABLE source_record RENAME COLUMN guesses TO sshd;
  ALTER TABLE source_record RENAME COLUMN frozen_at TO snapshot_at;
  DROP INDEX home_event_age;
  CREATE INDEX source_record_age ON source_record (snapshot_at);
  UPDATE source_record SET detail = json_remove(
      json_set(detail, '$.sourceLocation', json_extract(detail, '$.place')), '$.place')
    WHERE json_extract(detail, '$.place') IS NOT NULL;

  ALTER TABLE delivered_home RENAME TO delivery;
  ALTER TABLE delivery RENAME COLUMN told TO last_published;
  ALTER TABLE report RENAME COLUMN frozen_at TO snapshot_at;
  ALTER TABLE attack RENAME COLUMN place TO source_location;
  ALTER TABLE attack_password RENAME COLUMN guesses TO attempts;
  ALTER TABLE remembered RENAME TO setting;

  UPDATE counter SET name = replace(name, 'given_up.', 'evicted.') WHERE name LIKE 'given_up.%';
  UPDATE counter SET name = 'forward.accepted' WHERE name = 'forward.taken';
  UPDATE setting SET name = 'logged notes' WHERE name = 'notes told';
  UPDATE setting SET name = 'logged evictions' WHERE name = 'given up, told';
  UPDATE setting SET name = 'background publisher problem' WHERE name = 'publisher''s problem';
  UPDATE setting SET name = 'eviction walk' WHERE name = 'walk for room';
  DELETE FROM setting WHERE name = 'misp contact';
  DELETE FROM lease WHERE name = 'stay';
  `,
  // A body is larger than all else that is known of a report: questions about reports must not read it.
  // Counts and deletions hang on triggers, so that no statement can forget them.
  `
  CREATE TABLE report_body (
    uuid TEXT NOT NULL,
    sink TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (uuid, sink)
  ) STRICT;
  INSERT INTO report_body (uuid, sink, body) SELECT uuid, sink, body FROM report WHERE body <> '';

  CREATE TABLE report_head (
    uuid TEXT NOT NULL,
    sink TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    event_uuid TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'refused')),
    attempts INTEGER NOT NULL,
    snapshot_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,
    last_error TEXT,
    ended_at INTEGER,
    dated_at INTEGER GENERATED ALWAYS AS (max(snapshot_at, coalesce(ended_at, 0))) VIRTUAL,
    PRIMARY KEY (uuid, sink)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO report_head (uuid, sink, source_ip, event_uuid, state, attempts, snapshot_at, tries,
      next_try_at, last_error, ended_at)
    SELECT uuid, sink, source_ip, event_uuid, state, attempts, snapshot_at, tries, next_try_at,
      last_error, ended_at FROM report;
  DROP TABLE report;
  ALTER TABLE report_head RENAME TO report;
  CREATE INDEX report_waiting ON report (sink, next_try_at) WHERE state = 'pending';
  CREATE INDEX report_dated ON report (sink, dated_at) WHERE state = 'pending';
  CREATE INDEX report_oldest ON report (snapshot_at) WHERE state = 'pending';
  CREATE INDEX report_refused ON report (ended_at) WHERE state = 'refused';
  CREATE INDEX report_age ON report (ended_at) WHERE state = 'delivered';
  CREATE INDEX report_failed ON report (ended_at) WHERE last_error IS NOT NULL;
  CREATE INDEX report_event ON report (event_uuid, sink);
  CREATE INDEX report_source ON report (source_ip);

  CREATE TABLE report_count (
    sink TEXT NOT NULL,
    state TEXT NOT NULL,
    reports INTEGER NOT NULL,
    PRIMARY KEY (sink, state)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO report_count (sink, state, reports)
    SELECT sink, state, count(*) FROM report GROUP BY sink, state;
  CREATE TRIGGER report_added AFTER INSERT ON report BEGIN
    INSERT INTO report_count (sink, state, reports) VALUES (new.sink, new.state, 1)
      ON CONFLICT DO UPDATE SET reports = reports + 1;
  END;
  CREATE TRIGGER report_deleted AFTER DELETE ON report BEGIN
    UPDATE report_count SET reports = reports - 1 WHERE sink = old.sink AND state = old.state;
    DELETE FROM report_body WHERE uuid = old.uuid AND sink = old.sink;
  END;
  CREATE TRIGGER report_changed AFTER UPDATE OF state ON report WHEN new.state <> old.state BEGIN
    UPDATE report_count SET reports = reports - 1 WHERE sink = old.sink AND state = old.state;
    INSERT INTO report_count (sink, state, reports) VALUES (new.sink, new.state, 1)
      ON CONFLICT DO UPDATE SET reports = reports + 1;
    DELETE FROM report_body WHERE new.state = 'delivered' AND uuid = new.uuid AND sink = new.sink;
  END;
  `,
  // Accepted logins wait for the failures that make them a compromise: those may come late.
  `
  CREATE TABLE login (
    source_ip TEXT NOT NULL,
    sensor TEXT NOT NULL,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,
    manager TEXT NOT NULL,
    username TEXT,
    PRIMARY KEY (source_ip, sensor, at)
  ) STRICT, WITHOUT ROWID;
  `,
  // Password and keyboard-interactive are added now: what was counted together stands in one column.
  `
  UPDATE attack_connection SET sshd = max(sshd, pam_error), pam_error = 0 WHERE pam_error > 0;
  ALTER TABLE attack_connection ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
  `,
  // Only a request that was sent after the last failure ends a pause.
  // A lease that its holder guards by a lock of the kernel ends with the holder.
  `
  ALTER TABLE sink_pause ADD COLUMN set_at INTEGER NOT NULL DEFAULT 0;
  UPDATE sink_pause SET set_at = since;
  ALTER TABLE lease ADD COLUMN is_guarded INTEGER NOT NULL DEFAULT 0;
  `,
];
