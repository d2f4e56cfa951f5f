/**
 * What pages read of very much: the days whose attempts are summed up, for rankings over a month, and the
 * refused reports.
 *
 * @module
 */

/**
 * The sums are made by the next rounds of pruning; until then rankings read each day. The first index has
 * all that the page of refused reports reads of each, the second all that lists look at: the rows of
 * records are so long that each lies on a page of its own.
 */
export const SUMMED_DAYS = `
  CREATE TABLE activity_summed (
    kind TEXT PRIMARY KEY,
    first_day INTEGER,
    last_day INTEGER
  ) STRICT, WITHOUT ROWID;
  DROP INDEX report_refused;
  CREATE INDEX report_refused ON report (ended_at, uuid, sink, last_error)
    WHERE state = 'refused';
  CREATE INDEX source_record_brief ON source_record (source_ip, attempts, first_seen, last_seen,
    compromised_at, retracted_at, snapshot_at, pam, sshd, connect);
`;
