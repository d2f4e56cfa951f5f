import assert from "node:assert/strict";
import type { CopyEnd, CopySide } from "../../src/buffer/copy/copy.ts";
import { type Row, type Table, TABLES } from "../../src/buffer/copy/tables.ts";
import { Database } from "../../src/buffer/postgres/database.ts";
import { MIGRATIONS as POSTGRES } from "../../src/buffer/postgres/schema.ts";
import { SqliteEnd } from "../../src/buffer/sqlite/copy_end.ts";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { INSTALLATION } from "../../src/publish/names.ts";
import { storeInstallation } from "../../src/publish/installation.ts";
import { writeInstallation } from "../../src/publish/installation_file.ts";
import { accessIn, freshSchema, needsPostgres } from "../support/postgres.ts";
import { tempFolder } from "../support/temp.ts";
import { contentOf, copied, endOf, fill, SPOOLS, withFile } from "./copy_rig.ts";
import { accept, DAY, guess, IP, openPostgres, START } from "./sqlite_rig.ts";

const databaseOf = (schema: string) => new Database(accessIn(schema));

function postgresTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ...needsPostgres(), fn });
}

Deno.test("buffer copy knows every table and column of a file", () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  new SqliteBuffer(path, START)[Symbol.dispose]();
  const found = withFile(
    path,
    (db) =>
      db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(({ name }) =>
        [
          String(name),
          db.prepare(`PRAGMA table_info(${name})`).all().map((column) => String(column.name))
            .sort(),
        ] as const
      ),
  );
  const { lease, ...tables } = Object.fromEntries(found);
  assert.ok(lease);
  assert.deepEqual(
    tables,
    Object.fromEntries(
      TABLES.map(({ name, columns }) => [name, columns.map((column) => column.name).sort()]),
    ),
  );
});

postgresTest("buffer copy knows every table and column of a database", async () => {
  const schema = freshSchema();
  using db = databaseOf(schema);
  const { rows } = await db.read((sql) =>
    sql(
      `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1
         AND table_name NOT LIKE 'seen\\_alert\\_%' AND is_generated = 'NEVER'`,
      schema,
    )
  );
  const own = new Set(["shard", "value_key"]);
  const found = Map.groupBy(rows, ({ table_name }) => String(table_name));
  const { lease, schema_version, last_time, ...tables } = Object.fromEntries(
    [...found].map(([name, columns]) => [
      name,
      columns.map(({ column_name }) => String(column_name)).filter((one) => !own.has(one)).sort(),
    ]),
  );
  assert.ok(lease && schema_version && last_time);
  const here = TABLES.filter(({ name }) => !SPOOLS.includes(name));
  assert.deepEqual(
    tables,
    Object.fromEntries(
      here.map(({ name, columns }) => [name, columns.map((column) => column.name).sort()]),
    ),
  );
});

postgresTest("a buffer that is copied there and back is the same, row for row", async () => {
  using folder = tempFolder();
  const [path, back] = [folder.file("buffer.db"), folder.file("back.db")];
  await fill(path);
  const before = contentOf(path);
  const database = endOf(freshSchema());
  const there = await copied(new SqliteEnd(path), database);
  const again = await copied(database, new SqliteEnd(back));
  assert.deepEqual(contentOf(path), before);
  assert.deepEqual(contentOf(back), before);
  const counts = Object.entries(before).map(([name, rows]) => [name, rows.length] as const);
  const expected = Object.fromEntries(counts.filter(([, count]) => count > 0));
  assert.deepEqual([there.rows, again.rows], [expected, expected]);
  assert.deepEqual([there.wasThere, again.wasThere], [false, false]);
});

postgresTest("no table is in memory as a whole, whichever way it is copied", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  new SqliteBuffer(path, START)[Symbol.dispose]();
  withFile(path, (db) =>
    db.exec(
      `WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 4500)
       INSERT INTO seen_alert SELECT 1, i, i FROM n;
       INSERT INTO report_body SELECT alert_id, 'misp', '{}' FROM seen_alert WHERE manager = 1
         AND seen_at <= 120`,
    ));
  const parts: number[] = [];
  const watched = (end: CopyEnd): CopyEnd => ({
    ...{ name: end.name, hintIfFull: end.hintIfFull },
    alone: (work) =>
      end.alone((side) =>
        work(
          new Proxy(side, {
            get: (target, key: keyof CopySide) =>
              key !== "write" ? target[key].bind(target) : (table: Table, rows: readonly Row[]) => {
                parts.push(rows.length);
                return target.write(table, rows);
              },
          }),
        )
      ),
  });
  const [file, database] = [new SqliteEnd(path), endOf(freshSchema())];
  const back = new SqliteEnd(folder.file("back.db"));
  const small = (rows: readonly number[]) => rows.filter((count) => count > 1);
  await copied(file, watched(database));
  assert.deepEqual(small(parts.splice(0)), [2000, 2000, 500, 50, 50, 20]);
  await copied(database, watched(back));
  assert.deepEqual(small(parts), [2000, 2000, 500, 50, 50, 20]);
});

postgresTest("a copy that is there already is compared, and nothing is written", async () => {
  using folder = tempFolder();
  const [path, back] = [folder.file("buffer.db"), folder.file("back.db")];
  await fill(path);
  const [file, database] = [new SqliteEnd(path), endOf(freshSchema())];
  const first = await copied(file, database);
  assert.deepEqual(await copied(file, database), { ...first, wasThere: true });
  await copied(database, new SqliteEnd(back));
  assert.deepEqual(await copied(database, new SqliteEnd(back)), { ...first, wasThere: true });
});

postgresTest(
  "what a serve without an alert has written is replaced, and nothing else",
  async () => {
    using folder = tempFolder();
    const path = folder.file("buffer.db");
    await fill(path);
    const schema = freshSchema();
    {
      using buffer = openPostgres(schema);
      await buffer.settings.put("write probe", "now");
    }
    const { rows } = await copied(new SqliteEnd(path), endOf(schema));
    assert.equal(rows.setting, contentOf(path).setting!.length);
  },
);

postgresTest("a target that holds something else is refused, and keeps it", async () => {
  using folder = tempFolder();
  const [path, full] = [folder.file("buffer.db"), folder.file("full.db")];
  await fill(path);
  const schema = freshSchema();
  {
    using buffer = openPostgres(schema);
    await accept(buffer, [guess()]);
    using other = new SqliteBuffer(full, START);
    await accept(other, [guess("root", "192.0.2.250")]);
  }
  const [file, database] = [new SqliteEnd(path), endOf(schema)];
  await assert.rejects(copied(file, database), {
    name: "BufferError",
    message: `buffer ${database.name}: it is not empty: its table manager has rows, and they are ` +
      `not those of ${path}; let \`?schema=NAME\` of buffer.url name another schema, and it is made`,
  });
  const before = contentOf(full);
  await assert.rejects(copied(database, new SqliteEnd(full)), {
    message:
      `buffer ${full}: it is not empty: its table manager has rows, and they are not those ` +
      `of ${database.name}; let buffer.path name a file that is not there yet`,
  });
  assert.deepEqual(contentOf(full), before);
  using buffer = openPostgres(schema);
  assert.equal((await buffer.views.status()).accepted, 1);
});

postgresTest("neither side is touched while another process has it open", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await fill(path);
  const schema = freshSchema();
  const [file, database] = [new SqliteEnd(path), endOf(schema)];
  {
    using _idle = new SqliteBuffer(path, START);
    await assert.rejects(copied(file, database), {
      message: `buffer ${path}: another process uses it; \`fuser ${path}\` shows which; stop it, ` +
        "then try again",
    });
  }
  {
    using idle = openPostgres(schema);
    await idle.views.status();
    await assert.rejects(copied(file, database), {
      message: `buffer ${database.name}: other processes of this program have 1 connections to ` +
        "it; stop every `serve`, `follow` and what else uses it, then try again",
    });
    assert.equal((await idle.views.status()).accepted, 0);
  }
  assert.equal((await copied(file, database)).wasThere, false);
});

postgresTest("a lease whose holder may still run is a reason to wait", async () => {
  using folder = tempFolder();
  const schema = freshSchema();
  {
    using buffer = openPostgres(schema);
    assert.ok(await buffer.leases.take("publish", "me", 60_000, Date.now()));
  }
  const [database, file] = [endOf(schema), new SqliteEnd(folder.file("buffer.db"))];
  await assert.rejects(copied(database, file), {
    message: `buffer ${database.name}: a process that may still run holds the lease "publish"; ` +
      "stop it, or wait for a minute, then try again",
  });
  using db = databaseOf(schema);
  await db.write((sql) => sql("UPDATE lease SET expires_at = 0"));
  db[Symbol.dispose]();
  assert.deepEqual((await copied(database, file)).rows, {});
});

postgresTest("alerts that wait to be forwarded are not left behind", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await fill(path);
  withFile(path, (db) => db.exec("INSERT INTO spool VALUES (1, 2, 3, '{}')"));
  const database = endOf(freshSchema());
  await assert.rejects(copied(new SqliteEnd(path), database), {
    message: `buffer ${database.name}: it takes no alerts that wait to be forwarded; ` +
      "`flush --now` with forward.url forwards those of the file first",
  });
  withFile(path, (db) => db.exec("DELETE FROM spool"));
  assert.equal((await copied(new SqliteEnd(path), database)).wasThere, false);
});

postgresTest("sides of a newer version, or away, are said in one line", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const schema = freshSchema();
  const [file, database] = [new SqliteEnd(path), endOf(schema)];
  await copied(file, database);
  {
    using db = databaseOf(schema);
    await db.write((sql) => sql("UPDATE schema_version SET version = version + 1"));
  }
  await assert.rejects(copied(file, database), {
    message: `buffer ${database.name}: it was written by a newer version (schema ` +
      `${POSTGRES.length + 1}, known here ${POSTGRES.length}); install that version here, too`,
  });
  withFile(path, (db) => db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`));
  await assert.rejects(copied(file, database), {
    message:
      `buffer ${path}: it was written by a newer version (schema ${MIGRATIONS.length + 1}, ` +
      `known here ${MIGRATIONS.length}); install that version again, or move the file away`,
  });
  const away = endOf("public", "postgres://misp@127.0.0.1:1/postgres?sslmode=disable");
  await assert.rejects(copied(away, new SqliteEnd(folder.file("new.db"))), {
    message: "buffer postgres://misp@127.0.0.1:1/postgres: it cannot be reached: nothing listens " +
      "there; start it, or correct buffer.url",
  });
});

postgresTest("a row that is not read back as it was written undoes the copy", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await fill(path);
  const schema = freshSchema();
  {
    using db = databaseOf(schema);
    await db.write((sql) =>
      sql.script(`CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN new.attempts = new.attempts + 1; RETURN new; END $$;
           CREATE TRIGGER spoiled BEFORE INSERT ON attack_password FOR EACH ROW
             EXECUTE FUNCTION spoil()`)
    );
  }
  const database = endOf(schema);
  await assert.rejects(copied(new SqliteEnd(path), database), {
    message: `buffer ${database.name}: what was read back of the table attack_password is not ` +
      `what was written into it; look at the disk and the log of ${database.name}, then try again`,
  });
  using db = databaseOf(schema);
  const { rows } = await db.read((sql) =>
    sql("SELECT * FROM manager UNION ALL SELECT 1, name FROM setting")
  );
  assert.deepEqual(rows, []);
});

postgresTest("texts that an index cannot hold are copied as intake stores them", async () => {
  using folder = tempFolder();
  const [path, back] = [folder.file("buffer.db"), folder.file("back.db")];
  const alerts = ["\0", "1", "\0\0"].map((end) =>
    guess("root", IP, { id: `${START / 1000}.${"☃".repeat(230)}${end}` })
  );
  {
    using buffer = new SqliteBuffer(path, START);
    assert.equal((await accept(buffer, alerts)).accepted, 3);
  }
  const schema = freshSchema();
  await copied(new SqliteEnd(path), endOf(schema));
  {
    using buffer = openPostgres(schema);
    assert.equal((await accept(buffer, alerts)).duplicate, 3);
  }
  assert.equal((await copied(endOf(schema), new SqliteEnd(back))).rows.seen_alert, 3);
});

postgresTest("a database goes on where the file stopped: numbers, counts and ids", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const known = guess("root", IP, { id: `${START / 1000}.1` });
  {
    using buffer = new SqliteBuffer(path, START);
    await accept(buffer, [known]);
  }
  const schema = freshSchema();
  await copied(new SqliteEnd(path), endOf(schema));
  using buffer = openPostgres(schema);
  const other = { ...known, key: { manager: "another-manager", id: `${START / 1000}.1` } };
  const { accepted, duplicate } = await accept(buffer, [known, other as typeof known], START);
  assert.deepEqual([accepted, duplicate], [1, 1]);
  const status = await buffer.views.status();
  assert.deepEqual([status.accepted, status.duplicate, status.pendingAttempts], [2, 1, 2]);
  await buffer.retention.prune(
    { seenMs: 7 * DAY, recordMs: 30 * DAY, connectionMs: DAY },
    START + 8 * DAY,
  );
  assert.equal((await accept(buffer, [known], START + 8 * DAY)).accepted, 1);
});

Deno.test("storeInstallation() puts into the buffer what only the file beside it knows", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using buffer = new SqliteBuffer(path, START);
  await storeInstallation(buffer.settings, path);
  assert.equal(await buffer.settings.get(INSTALLATION), undefined);
  const id = "5b0f4c4e-2f5d-4f0a-9a64-0a7c1f4f9d11";
  writeInstallation(folder.file("installation.json"), { id, organisation: undefined });
  await storeInstallation(buffer.settings, path);
  const stored = `{"id":"${id}","organisation":null}`;
  assert.equal(await buffer.settings.get(INSTALLATION), stored);
  Deno.removeSync(folder.file("installation.json"));
  await storeInstallation(buffer.settings, path);
  assert.equal(await buffer.settings.get(INSTALLATION), stored);
});
