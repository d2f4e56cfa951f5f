/**
 * The tables as the first version with PostgreSQL made them. They have the names of those of SQLite.
 *
 * Addresses are texts in the order of their bytes: lists go on behind an address as text, networks are
 * looked up as ranges of texts, and what closes the event of a day stands in their place. Times are
 * milliseconds UTC, as everywhere in the program.
 *
 * @module
 */

/** What many writers change at once leaves space on its pages, so that no index is written. */
const HOT = "WITH (fillfactor = 50)";

/** The first migration. */
export const FIRST = `
  CREATE TABLE manager (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
  );

  CREATE TABLE seen_alert (
    manager bigint NOT NULL,
    alert_id text COLLATE "C" NOT NULL,
    seen_at bigint NOT NULL,
    PRIMARY KEY (manager, alert_id)
  );
  CREATE INDEX seen_alert_undated ON seen_alert (seen_at)
    WHERE alert_id !~ '^[12][0-9]{9}\\.[0-9]';

  CREATE TABLE attack (
    source_ip text COLLATE "C" PRIMARY KEY,
    first_seen bigint NOT NULL,
    last_seen bigint NOT NULL,
    opened_at bigint NOT NULL,
    touched_at bigint NOT NULL,
    alerts bigint NOT NULL,
    manager text NOT NULL,
    compromised_at bigint,
    services bigint NOT NULL,
    source_location text,
    further_usernames bigint NOT NULL DEFAULT 0,
    techniques text
  );
  CREATE INDEX attack_opened ON attack (opened_at);
  CREATE INDEX attack_touched ON attack (touched_at);
  CREATE INDEX attack_compromised ON attack (compromised_at) WHERE compromised_at IS NOT NULL;

  CREATE TABLE attack_connection (
    source_ip text COLLATE "C" NOT NULL,
    sensor text COLLATE "C" NOT NULL,
    pid bigint NOT NULL,
    location text COLLATE "C" NOT NULL,
    sshd bigint NOT NULL,
    pam_error bigint NOT NULL,
    pam bigint NOT NULL,
    connect bigint NOT NULL,
    refused bigint NOT NULL,
    touched_at bigint NOT NULL,
    PRIMARY KEY (source_ip, sensor, pid, location)
  );

  CREATE TABLE attack_username (
    source_ip text COLLATE "C" NOT NULL,
    username text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    sshd bigint NOT NULL,
    pam_error bigint NOT NULL,
    pam bigint NOT NULL,
    connect bigint NOT NULL,
    PRIMARY KEY (source_ip, username, location)
  );

  CREATE TABLE attack_password (
    source_ip text COLLATE "C" NOT NULL,
    password text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL,
    PRIMARY KEY (source_ip, password)
  );

  CREATE TABLE attack_sensor (
    source_ip text COLLATE "C" NOT NULL,
    sensor text COLLATE "C" NOT NULL,
    hour bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    alerts bigint NOT NULL,
    first_seen bigint NOT NULL,
    last_seen bigint NOT NULL,
    PRIMARY KEY (source_ip, sensor, hour)
  );

  CREATE TABLE login (
    source_ip text COLLATE "C" NOT NULL,
    sensor text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    name text NOT NULL,
    manager text NOT NULL,
    username text,
    PRIMARY KEY (source_ip, sensor, at)
  );

  CREATE TABLE attack_session (
    source_ip text COLLATE "C" NOT NULL,
    sensor text COLLATE "C" NOT NULL,
    session text COLLATE "C" NOT NULL,
    connects bigint NOT NULL,
    logins bigint NOT NULL,
    longest_ms bigint NOT NULL,
    touched_at bigint NOT NULL,
    PRIMARY KEY (source_ip, sensor, session)
  );

  CREATE TABLE attack_session_item (
    source_ip text COLLATE "C" NOT NULL,
    kind bigint NOT NULL,
    value_key text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    first_seen bigint NOT NULL,
    last_seen bigint NOT NULL,
    detail text,
    PRIMARY KEY (source_ip, kind, value_key)
  );

  CREATE TABLE attack_session_total (
    source_ip text COLLATE "C" PRIMARY KEY,
    sessions bigint NOT NULL,
    logged_in bigint NOT NULL,
    longest_ms bigint NOT NULL,
    further text NOT NULL
  );

  CREATE TABLE source_session_item (
    source_ip text COLLATE "C" NOT NULL,
    kind bigint NOT NULL,
    value_key text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    first_seen bigint NOT NULL,
    last_seen bigint NOT NULL,
    detail text,
    PRIMARY KEY (source_ip, kind, value_key)
  );
  CREATE INDEX source_session_value ON source_session_item (kind, value_key)
    WHERE kind IN (0, 3, 5);

  CREATE INDEX source_session_payload ON source_session_item (first_seen, value_key)
    WHERE kind = 3;
  CREATE INDEX source_session_payload_first ON source_session_item (value_key, first_seen)
    WHERE kind = 3;

  CREATE TABLE notification (
    source_ip text COLLATE "C" NOT NULL,
    login_at bigint NOT NULL,
    sensor text,
    username text,
    state text NOT NULL DEFAULT 'waiting',
    tries bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    PRIMARY KEY (source_ip, login_at)
  );
  CREATE INDEX notification_open ON notification (state, tries, login_at)
    WHERE state IN ('waiting', 'claimed');

  CREATE TABLE minute (
    minute bigint NOT NULL,
    shard bigint NOT NULL,
    alerts bigint NOT NULL,
    sshd bigint NOT NULL,
    pam_error bigint NOT NULL,
    pam bigint NOT NULL,
    connect bigint NOT NULL,
    PRIMARY KEY (minute, shard)
  ) ${HOT};

  CREATE TABLE sensor (
    sensor text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    alerts bigint NOT NULL,
    last_seen bigint NOT NULL
  );

  CREATE TABLE activity (
    kind text COLLATE "C" NOT NULL,
    span bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    bucket bigint NOT NULL,
    attempts bigint NOT NULL,
    PRIMARY KEY (kind, span, name, bucket)
  );
  CREATE INDEX activity_most ON activity (kind, span, bucket, attempts);

  CREATE TABLE source_name (
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    source_ip text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, name, source_ip)
  );
  CREATE INDEX source_name_source ON source_name (source_ip);

  CREATE TABLE source_record (
    source_ip text COLLATE "C" PRIMARY KEY,
    event_uuid text COLLATE "C" NOT NULL,
    publisher text NOT NULL,
    opened_on text NOT NULL,
    first_seen bigint NOT NULL,
    last_seen bigint NOT NULL,
    alerts bigint NOT NULL,
    pam bigint NOT NULL,
    sshd bigint NOT NULL,
    connect bigint NOT NULL,
    attempts bigint NOT NULL,
    compromised_at bigint,
    retracted_at bigint,
    reports bigint NOT NULL,
    detail text NOT NULL,
    snapshot_at bigint NOT NULL,
    expired_at bigint
  );
  CREATE INDEX source_record_age ON source_record (snapshot_at);
  CREATE INDEX source_record_event ON source_record (event_uuid);
  CREATE INDEX source_record_attempts ON source_record (attempts, source_ip);
  CREATE INDEX source_record_last_seen ON source_record (last_seen, source_ip);
  CREATE INDEX source_record_first_seen ON source_record (first_seen, source_ip);
  CREATE INDEX source_record_compromised ON source_record (compromised_at, source_ip)
    WHERE compromised_at IS NOT NULL;
  CREATE INDEX source_record_retracted ON source_record (retracted_at)
    WHERE retracted_at IS NOT NULL;
  CREATE INDEX source_record_offered ON source_record (last_seen, snapshot_at)
    WHERE reports > 0 AND retracted_at IS NULL AND expired_at IS NULL;

  CREATE TABLE day_event (
    event_uuid text COLLATE "C" PRIMARY KEY,
    publisher text NOT NULL,
    day text NOT NULL,
    part bigint NOT NULL,
    attributes bigint NOT NULL,
    ends_at bigint NOT NULL,
    is_closed boolean NOT NULL DEFAULT false
  );
  CREATE INDEX day_event_open ON day_event (ends_at) WHERE NOT is_closed;

  CREATE TABLE report (
    uuid text COLLATE "C" NOT NULL,
    sink text COLLATE "C" NOT NULL,
    source_ip text COLLATE "C" NOT NULL,
    event_uuid text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'refused')),
    attempts bigint NOT NULL,
    snapshot_at bigint NOT NULL,
    tries bigint NOT NULL DEFAULT 0,
    next_try_at bigint NOT NULL,
    last_error text,
    ended_at bigint,
    dated_at bigint GENERATED ALWAYS AS (greatest(snapshot_at, coalesce(ended_at, 0))) STORED,
    PRIMARY KEY (uuid, sink)
  );
  CREATE INDEX report_waiting ON report (sink, next_try_at) WHERE state = 'pending';
  CREATE INDEX report_dated ON report (sink, dated_at) WHERE state = 'pending';
  CREATE INDEX report_oldest ON report (snapshot_at) WHERE state = 'pending';
  CREATE INDEX report_refused ON report (ended_at) WHERE state = 'refused';
  CREATE INDEX report_age ON report (ended_at) WHERE state = 'delivered';
  CREATE INDEX report_failed ON report (ended_at) WHERE last_error IS NOT NULL;
  CREATE INDEX report_event ON report (event_uuid, sink);
  CREATE INDEX report_source ON report (source_ip);

  CREATE TABLE report_body (
    uuid text COLLATE "C" NOT NULL,
    sink text COLLATE "C" NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (uuid, sink)
  );

  CREATE TABLE report_count (
    sink text COLLATE "C" NOT NULL,
    state text NOT NULL,
    reports bigint NOT NULL,
    PRIMARY KEY (sink, state)
  ) ${HOT};
  CREATE FUNCTION count_report() RETURNS trigger LANGUAGE plpgsql AS $body$
  BEGIN
    IF TG_OP = 'UPDATE' THEN
      IF new.state = old.state THEN RETURN NULL; END IF;
    END IF;
    IF TG_OP <> 'INSERT' THEN
      UPDATE report_count SET reports = reports - 1 WHERE sink = old.sink AND state = old.state;
      IF TG_OP = 'DELETE' OR new.state = 'delivered' THEN
        DELETE FROM report_body WHERE uuid = old.uuid AND sink = old.sink;
      END IF;
    END IF;
    IF TG_OP <> 'DELETE' THEN
      INSERT INTO report_count AS c (sink, state, reports) VALUES (new.sink, new.state, 1)
        ON CONFLICT (sink, state) DO UPDATE SET reports = c.reports + 1;
    END IF;
    RETURN NULL;
  END $body$;
  CREATE TRIGGER report_counted AFTER INSERT OR DELETE OR UPDATE OF state ON report
    FOR EACH ROW EXECUTE FUNCTION count_report();

  CREATE TABLE delivery (
    event_uuid text COLLATE "C" NOT NULL,
    sink text COLLATE "C" NOT NULL,
    source_ip text COLLATE "C" NOT NULL,
    delivered_at bigint NOT NULL,
    last_published text NOT NULL,
    PRIMARY KEY (event_uuid, sink, source_ip)
  );

  CREATE TABLE sighting (
    event_uuid text COLLATE "C" NOT NULL,
    sink text COLLATE "C" NOT NULL,
    source_ip text COLLATE "C" NOT NULL,
    uuid text COLLATE "C" NOT NULL,
    attribute_uuid text NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    seen_at bigint NOT NULL,
    PRIMARY KEY (event_uuid, sink, source_ip, uuid)
  );

  CREATE TABLE sink_pause (
    sink text COLLATE "C" PRIMARY KEY,
    failures bigint NOT NULL,
    until bigint NOT NULL,
    reason text NOT NULL,
    since bigint NOT NULL,
    set_at bigint NOT NULL
  );

  CREATE TABLE setting (
    name text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
  );

  CREATE TABLE counter (
    name text COLLATE "C" NOT NULL,
    shard bigint NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (name, shard)
  ) ${HOT};

  CREATE TABLE last_time (
    name text COLLATE "C" NOT NULL,
    shard bigint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (name, shard)
  ) ${HOT};

  CREATE TABLE lease (
    name text COLLATE "C" PRIMARY KEY,
    owner text NOT NULL,
    fence bigint NOT NULL,
    expires_at bigint NOT NULL,
    seen_at bigint
  );

  CREATE TABLE checkpoint (
    stream text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    device text NOT NULL,
    inode text NOT NULL,
    "offset" bigint NOT NULL,
    fingerprint text NOT NULL,
    lines bigint NOT NULL,
    rotations bigint NOT NULL,
    moved_at bigint NOT NULL
  );
`;
