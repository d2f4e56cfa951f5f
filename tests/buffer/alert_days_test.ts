import assert from "node:assert/strict";
import type { Buffer } from "../../src/buffer/buffer.ts";
import { Database } from "../../src/buffer/postgres/database.ts";
import { MIGRATIONS } from "../../src/buffer/postgres/schema.ts";
import { accessIn, freshSchema, needsPostgres } from "../support/postgres.ts";
import { accept, DAY, guess, IP, KEEP, openPostgres, START } from "./sqlite_rig.ts";

const TODAY = Math.floor(START / DAY);

/** An alert that was written on a day, counted from today. */
const alertOf = (day: number, number: number) =>
  guess("root", IP, { id: `${(TODAY + day) * DAY / 1000 + number}.${number}`, pid: 1 + number });

const databaseOf = (schema: string) => new Database(accessIn(schema));

/** Ids in each partition: by the day, counted from today, or `default`. */
async function idsIn(db: Database): Promise<Record<string, number>> {
  const { rows } = await db.read((sql) =>
    sql(
      `SELECT c.relname AS name, (SELECT count(*) FROM seen_alert s WHERE s.tableoid = c.oid) AS ids
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'seen_alert'::regclass`,
    )
  );
  return Object.fromEntries(
    rows.map(({ name, ids }) => {
      const day = /_day_(\d+)$/.exec(String(name))?.[1];
      return [day === undefined ? "default" : `day ${Number(day) - TODAY}`, Number(ids)];
    }),
  );
}

const prune = (buffer: Buffer, now: number) => buffer.retention.prune(KEEP, now);

function postgresTest(name: string, fn: (schema: string) => Promise<void>): void {
  Deno.test({ name, ...needsPostgres(), fn: () => fn(freshSchema()) });
}

postgresTest(
  "prune() makes the partitions of days ahead, and ids go by the day they name",
  async (schema) => {
    using buffer = openPostgres(schema);
    using db = databaseOf(schema);
    await prune(buffer, START);
    const undated = guess("root", IP, { id: "Qf3z-9gBxYw1" });
    const alerts = [
      alertOf(0, 1),
      alertOf(0, 2),
      alertOf(1, 1),
      alertOf(-1, 1),
      alertOf(9, 1),
      undated,
    ];
    assert.equal((await accept(buffer, alerts)).accepted, 6);
    assert.deepEqual(await idsIn(db), {
      ...{ "default": 3, "day 0": 2, "day 1": 1, "day 2": 0, "day 3": 0 },
    });
    assert.equal((await accept(buffer, alerts)).duplicate, 6);
  },
);

postgresTest("prune() drops the partition of a day whose ids are all too old", async (schema) => {
  using buffer = openPostgres(schema);
  using db = databaseOf(schema);
  await prune(buffer, START);
  const alert = alertOf(0, 1);
  const accepted = START + 1;
  await accept(buffer, [alert], accepted);
  // The day is over, and its last id was accepted before.
  const last = (TODAY + 1) * DAY + KEEP.seenMs;
  await prune(buffer, last - 1);
  assert.equal((await accept(buffer, [alert], last - 1)).duplicate, 1);
  await prune(buffer, last);
  assert.deepEqual(await idsIn(db), {
    ...{ "default": 0, "day 1": 0, "day 2": 0, "day 3": 0 },
    ...{ "day 7": 0, "day 8": 0, "day 9": 0, "day 10": 0, "day 11": 0 },
  });
  assert.equal((await accept(buffer, [alert], last)).accepted, 1);
  assert.equal((await accept(buffer, [alert], last)).duplicate, 1);
});

postgresTest(
  "prune() keeps the partition of a day while an alert of it was accepted lately",
  async (schema) => {
    using buffer = openPostgres(schema);
    using db = databaseOf(schema);
    await prune(buffer, START);
    const early = alertOf(0, 1);
    // By its text it is of the same day, but it is not a time.
    const late = guess("root", IP, { id: `${TODAY * DAY / 1000}-Qf3z` });
    await accept(buffer, [early], START);
    await accept(buffer, [late], START + 6 * DAY);
    await prune(buffer, START + 9 * DAY);
    assert.equal((await accept(buffer, [early, late], START + 9 * DAY)).duplicate, 2);
    await prune(buffer, START + 13 * DAY);
    assert.equal((await idsIn(db))["day 0"], 1 + 1);
    await prune(buffer, START + 13 * DAY + 1);
    assert.equal((await idsIn(db))["day 0"], undefined);
  },
);

postgresTest(
  "an alert whose day has no partition is accepted once, and forgotten in time",
  async (schema) => {
    using buffer = openPostgres(schema);
    using db = databaseOf(schema);
    const alert = alertOf(0, 1);
    await accept(buffer, [alert], START);
    // Two partitions must not have ids of one day.
    await prune(buffer, START);
    assert.deepEqual(await idsIn(db), { "default": 1, "day 1": 0, "day 2": 0, "day 3": 0 });
    assert.equal((await accept(buffer, [alert], START)).duplicate, 1);
    await prune(buffer, START + 9 * DAY);
    assert.equal((await idsIn(db)).default, 0);
  },
);

postgresTest(
  "a transaction that takes long, such as a backup, stops neither intake nor prune()",
  async (schema) => {
    using buffer = openPostgres(schema);
    using db = databaseOf(schema);
    await buffer.views.status();
    await db.read(async (sql) => {
      await sql("SELECT count(*) FROM seen_alert");
      await prune(buffer, START);
      assert.equal((await accept(buffer, [alertOf(0, 1)])).accepted, 1);
    });
    assert.deepEqual(await idsIn(db), { "default": 1 });
    await prune(buffer, START);
    assert.deepEqual(await idsIn(db), { "default": 1, "day 1": 0, "day 2": 0, "day 3": 0 });
  },
);

postgresTest(
  "replicas that store and prune at once count each alert once, day after day",
  async (schema) => {
    const buffers = Array.from({ length: 3 }, () => openPostgres(schema));
    using db = databaseOf(schema);
    const DAYS = 6;
    const NUMBERS = 40;
    try {
      await buffers[0]!.views.status();
      let accepted = 0;
      for (let day = 0; day < DAYS; day++) {
        const now = START + day * DAY;
        const alerts = [day - 1, day, day + 1].flatMap((of) =>
          Array.from({ length: NUMBERS }, (_, number) => alertOf(of, number))
        );
        const work = buffers.flatMap((buffer) => [
          accept(buffer, alerts, now),
          prune(buffer, now).then(() => undefined),
          accept(buffer, alerts.toReversed(), now),
        ]);
        for (const one of await Promise.all(work)) accepted += one?.accepted ?? 0;
      }
      assert.equal(accepted, (DAYS + 2) * NUMBERS);
      const { rows } = await db.read((sql) =>
        sql("SELECT count(*) AS n, count(DISTINCT alert_id) AS ids FROM seen_alert")
      );
      assert.deepEqual(rows, [{ n: (DAYS + 2) * NUMBERS, ids: (DAYS + 2) * NUMBERS }]);
    } finally {
      for (const buffer of buffers) buffer[Symbol.dispose]();
    }
  },
);

for (let version = 1; version < MIGRATIONS.length; version++) {
  postgresTest(
    `a database of version ${version} is brought forward with the ids that it knows`,
    async (schema) => {
      const alerts = [alertOf(0, 1), alertOf(-3, 1), guess("root", IP, { id: "Qf3z-9gBxYw1" })];
      {
        // What this version stores goes into the tables of the older one.
        using made = openPostgres(schema);
        await made.views.status();
        using db = databaseOf(schema);
        await db.write(async (sql) => {
          await sql.script(`DROP SCHEMA ${schema} CASCADE; CREATE SCHEMA ${schema};
          CREATE TABLE schema_version (version bigint NOT NULL)`);
          for (const migration of MIGRATIONS.slice(0, version)) await sql.script(migration);
          await sql("INSERT INTO schema_version VALUES ($1)", version);
          await sql("INSERT INTO manager (name) VALUES ('wazuh-manager-01')");
          for (const { key } of alerts as readonly { key: { id: string } }[]) {
            await sql("INSERT INTO seen_alert VALUES (1, $1, $2)", key.id, START);
          }
        });
      }
      using buffer = openPostgres(schema);
      using db = databaseOf(schema);
      assert.equal((await accept(buffer, alerts)).duplicate, 3);
      await prune(buffer, START);
      assert.equal((await accept(buffer, [...alerts, alertOf(1, 1)])).accepted, 1);
      assert.deepEqual(await idsIn(db), { "default": 3, "day 1": 1, "day 2": 0, "day 3": 0 });
      await prune(buffer, START + 9 * DAY);
      assert.equal((await idsIn(db)).default, 0);
      assert.equal((await accept(buffer, alerts, START + 9 * DAY)).accepted, 3);
      const { rows } = await db.read((sql) => sql("SELECT version FROM schema_version"));
      assert.deepEqual(rows, [{ version: MIGRATIONS.length }]);
    },
  );
}

postgresTest("prune() waits for no buffer in another schema of the database", async (schema) => {
  const other = freshSchema();
  using buffer = openPostgres(schema);
  using beside = openPostgres(other);
  await accept(buffer, [alertOf(-9, 1)]);
  await accept(beside, [alertOf(-9, 1)]);
  using db = databaseOf(schema);
  const held = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const holder = db.write(async (sql) => {
    await sql(
      "SELECT pg_advisory_xact_lock(hashtext('custom-misp prune'), hashtext(current_schema()))",
    );
    held.resolve();
    await over.promise;
  });
  await held.promise;
  const later = START + 8 * DAY;
  await prune(buffer, later);
  await prune(beside, later);
  over.resolve();
  await holder;
  using dbBeside = databaseOf(other);
  assert.equal((await idsIn(db)).default, 1);
  assert.equal((await idsIn(dbBeside)).default, 0);
});
