/**
 * The days whose attempts are summed up, for rankings over a month.
 *
 * @module
 */

/** The sums are made by the next rounds of pruning; until then rankings read each day. */
export const SUMMED_DAYS = `
  CREATE TABLE activity_summed (
    kind text COLLATE "C" PRIMARY KEY,
    first_day bigint,
    last_day bigint
  );
`;
