/**
 * What happened in which hour, and which sources have a user name, a sensor, a country, a network or a
 * technique: what rankings and searches read.
 *
 * @module
 */

/**
 * An attack knows the hours in which each sensor saw it. Rows of attacks that were open before go into
 * the hour of their newest alert.
 */
export const ACTIVITY = `
  CREATE TABLE attack_sensor_hour (
    source_ip TEXT NOT NULL,
    sensor TEXT NOT NULL,
    hour INTEGER NOT NULL,
    name TEXT NOT NULL,
    alerts INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (source_ip, sensor, hour)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO attack_sensor_hour (source_ip, sensor, hour, name, alerts, first_seen, last_seen)
    SELECT source_ip, sensor, last_seen / 3600000, name, alerts, first_seen, last_seen
    FROM attack_sensor;
  DROP TABLE attack_sensor;
  ALTER TABLE attack_sensor_hour RENAME TO attack_sensor;

  CREATE TABLE activity (
    kind TEXT NOT NULL,
    span INTEGER NOT NULL,
    name TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (kind, span, name, bucket)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX activity_most ON activity (kind, span, bucket, attempts);

  CREATE TABLE source_name (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    PRIMARY KEY (kind, name, source_ip)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX source_name_source ON source_name (source_ip);

  CREATE INDEX source_record_attempts ON source_record (attempts, source_ip);
  CREATE INDEX source_record_last_seen ON source_record (last_seen, source_ip);
  CREATE INDEX source_record_first_seen ON source_record (first_seen, source_ip);
  CREATE INDEX source_record_compromised ON source_record (compromised_at, source_ip)
    WHERE compromised_at IS NOT NULL;
  CREATE INDEX attack_compromised ON attack (compromised_at) WHERE compromised_at IS NOT NULL;
  CREATE INDEX source_record_retracted ON source_record (retracted_at)
    WHERE retracted_at IS NOT NULL;
`;
