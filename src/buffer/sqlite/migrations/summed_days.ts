/**
 * The days whose attempts are summed up, for rankings over a month.
 *
 * @module
 */

/** The sums are made by the next rounds of pruning; until then rankings read each day. */
export const SUMMED_DAYS = `
  CREATE TABLE activity_summed (
    kind TEXT PRIMARY KEY,
    first_day INTEGER,
    last_day INTEGER
  ) STRICT, WITHOUT ROWID;
`;
