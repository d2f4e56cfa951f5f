/**
 * What pages read of very much: the days whose attempts are summed up, for rankings over a month, and the
 * refused reports.
 *
 * @module
 */

/**
 * The sums are made by the next rounds of pruning; until then rankings read each day. The index has all
 * that the page of refused reports reads of each.
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
`;
