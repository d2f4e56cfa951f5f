import assert from "node:assert/strict";
import { Database } from "../../src/buffer/postgres/database.ts";
import { accessIn, freshSchema, needsPostgres } from "../support/postgres.ts";
import { KEEP, openPostgres, START } from "./sqlite_rig.ts";

const REPORTS = 2_500;
const SOURCES = 4_500;

Deno.test({
  name: "prune() deletes old reports and sources of a database some at a time, until all are gone",
  ...needsPostgres(),
  fn: async () => {
    const schema = freshSchema();
    using buffer = openPostgres(schema);
    await buffer.views.status();
    using db = new Database(accessIn(schema));
    await db.write((sql) =>
      sql.script(`
        INSERT INTO report (uuid, sink, source_ip, event_uuid, state, attempts, snapshot_at,
            next_try_at, ended_at)
          SELECT n, 'misp', n, n, 'delivered', 1, 1, 1, n FROM generate_series(1, ${REPORTS}) n;
        INSERT INTO source_record (source_ip, event_uuid, publisher, opened_on, first_seen,
            last_seen, alerts, pam, sshd, connect, attempts, reports, detail, snapshot_at)
          SELECT n, 'e' || n, '', '', 1, 1, 1, 0, 1, 0, 1, 1, '{}', n
          FROM generate_series(1, ${SOURCES}) n;
        INSERT INTO delivery SELECT event_uuid, 'misp', source_ip, 1, '' FROM source_record;
        INSERT INTO source_name SELECT 'user', 'root', source_ip FROM source_record;
        INSERT INTO counter VALUES ('known_sources', 0, ${SOURCES})`)
    );
    const left: (readonly [more: boolean, reports: number, sources: number])[] = [];
    for (let times = 0; times < 4; times++) {
      const more = await buffer.retention.prune(KEEP, START);
      const { rows } = await db.read((sql) =>
        sql(`SELECT (SELECT count(*) FROM report) AS reports,
          (SELECT count(*) FROM source_record) AS sources`)
      );
      left.push([more, Number(rows[0]!.reports), Number(rows[0]!.sources)]);
    }
    assert.deepEqual(left, [[true, 1500, 2500], [true, 500, 500], [false, 0, 0], [false, 0, 0]]);
    const { delivered, knownSources } = await buffer.views.status();
    assert.deepEqual([delivered, knownSources], [REPORTS, 0]);
    const { rows } = await db.read((sql) =>
      sql("SELECT source_ip FROM delivery UNION ALL SELECT source_ip FROM source_name")
    );
    assert.deepEqual(rows, []);
  },
});
