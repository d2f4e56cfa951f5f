import assert from "node:assert/strict";
import { Connection } from "../../src/buffer/postgres/connection.ts";
import { Database } from "../../src/buffer/postgres/database.ts";
import { serverOf } from "../../src/buffer/postgres/server.ts";
import type { Sql } from "../../src/buffer/postgres/sql.ts";
import { encode } from "../../src/buffer/postgres/values.ts";
import { freshSchema, needsPostgres, sharedServer, urlOf } from "../support/postgres.ts";

const accessOf = (schema: string) => ({
  ...{ server: serverOf(urlOf(sharedServer(), schema)), password: undefined },
  ...{ caCertificate: undefined, connectMs: 30_000, statementMs: 30_000 },
});

const statement = (text: string, ...values: readonly (string | number)[]) => ({
  ...{ text, values, isPrepared: true },
});

Deno.test("encode() writes parameters as PostgreSQL reads them", () => {
  assert.equal(encode(null), null);
  assert.equal(encode(true), "true");
  assert.equal(encode(7), "7");
  assert.equal(encode('a"\\b{,}'), 'a"\\b{,}');
  assert.equal(encode("a\0b\ud800"), "a\ufffdb\ufffd");
  assert.equal(encode([]), "{}");
  assert.equal(encode([1, null, -2]), "{1,NULL,-2}");
  assert.equal(
    encode(['a"b', "c\\d", "NULL", "", "e,{f}", "\0"]),
    '{"a\\"b","c\\\\d","NULL","","e,{f}","\ufffd"}',
  );
});

Deno.test({
  name: "run() gives back what each statement came to, and texts of arrays as they were given",
  ...needsPostgres(),
  fn: async () => {
    const connection = await Connection.open(accessOf("public"));
    const texts = ['a"b', "c\\d", "NULL", "", "e,{f} 'g'", "ä\n"];
    const results = await connection.run([
      { text: "SELECT * FROM unnest($1::text[]) AS t", values: [texts], isPrepared: true },
      { text: "SELECT 1::bigint AS one, NULL AS none, true AS yes", values: [], isPrepared: false },
      { text: "CREATE TEMPORARY TABLE sample (n bigint)", values: [], isPrepared: false },
      { text: "INSERT INTO sample SELECT generate_series(1, $1)", values: [3], isPrepared: true },
    ]);
    connection.close();
    assert.deepEqual(results[0]!.rows.map(({ t }) => t), texts);
    assert.deepEqual(results[1]!.rows, [{ one: 1, none: null, yes: true }]);
    assert.deepEqual(results[2], { rows: [], changes: 0 });
    assert.deepEqual(results[3], { rows: [], changes: 3 });
  },
});

Deno.test({
  name: "run() runs none of the statements behind one that fails, and goes on with the next trip",
  ...needsPostgres(),
  fn: async () => {
    const connection = await Connection.open(accessOf("public"));
    await connection.query("CREATE TEMPORARY TABLE sample (n bigint PRIMARY KEY)");
    const insert = (n: number) => statement("INSERT INTO sample VALUES ($1)", n);
    const [begin, commit] = [statement("BEGIN"), statement("COMMIT")];
    await assert.rejects(
      connection.run([begin, insert(1), statement("SELECT $1::bigint / 0", 1), insert(2), commit]),
      { code: "22012" },
    );
    await connection.query("ROLLBACK");
    // The plans of the first two were kept, and of the others not.
    await connection.run([begin, insert(3), insert(4), commit]);
    const { rows } = await connection.query("SELECT n FROM sample ORDER BY n");
    connection.close();
    assert.deepEqual(rows, [{ n: 3 }, { n: 4 }]);
  },
});

Deno.test({
  name: "run() runs nothing outside a transaction that could not begin",
  ...needsPostgres(),
  fn: async () => {
    const connection = await Connection.open(accessOf("public"));
    await connection.query("CREATE TEMPORARY TABLE sample (n bigint)");
    await assert.rejects(
      connection.run([
        statement("BEGIN ISOLATION LEVEL SNAPSHOT"),
        statement("INSERT INTO sample VALUES ($1)", 1),
      ]),
      { code: "42601" },
    );
    const { rows } = await connection.query("SELECT n FROM sample");
    connection.close();
    assert.deepEqual(rows, []);
  },
});

Deno.test({
  name: "write() stores nothing where a statement fails that was to be sent later",
  ...needsPostgres(),
  fn: async () => {
    using db = new Database(accessOf(freshSchema()));
    const insert = "INSERT INTO setting (name, value) VALUES ($1, $2)";
    const failed = db.write((sql) => {
      sql.later(insert, "one", "1");
      sql.later(insert, "one", "2");
      sql.later(insert, "other", "3");
    }, true);
    await assert.rejects(failed, { name: "BufferError" });
    const read = () => db.read(async (sql) => (await sql("SELECT name FROM setting")).rows);
    assert.deepEqual(await read(), []);
    const found = await db.write(async (sql) => {
      sql.later(insert, "one", "1");
      return (await sql("SELECT name FROM setting")).rows;
    }, true);
    assert.deepEqual([found, await read()], [[{ name: "one" }], [{ name: "one" }]]);
  },
});

Deno.test({
  name: "view() sends statements that are called together in one trip",
  ...needsPostgres(),
  fn: async () => {
    using db = new Database(accessOf(freshSchema()));
    await db.read((sql) => sql("SELECT 1"));
    const trips: number[] = [];
    const { run } = Connection.prototype;
    Connection.prototype.run = function (statements) {
      trips.push(statements.length);
      return run.call(this, statements);
    };
    try {
      const sum = await db.view(async (sql) => {
        const one = async (n: number) => Number((await sql(`SELECT ${n}::bigint AS n`)).rows[0]!.n);
        const twice = async (n: number) => await one(await one(n) * 2);
        const numbers = await Promise.all([1, 2, 3].map(twice));
        return numbers.reduce((all, n) => all + n, 0);
      });
      assert.equal(sum, 12);
    } finally {
      Connection.prototype.run = run;
    }
    // With BEGIN and the settings, then by itself with COMMIT.
    assert.deepEqual(trips, [5, 3, 1]);
  },
});

Deno.test({
  name: "write() sends nothing more of a transaction that has failed, whoever still works in it",
  ...needsPostgres(),
  fn: async () => {
    using db = new Database(accessOf(freshSchema()));
    await db.write((sql) => sql("CREATE TABLE sample (n bigint)"));
    const failures: readonly ((sql: Sql) => Promise<unknown>)[] = [
      (sql) => sql("SELECT 1 / $1::bigint", 0),
      (sql) => sql("SELECT 1").then(() => Promise.reject(new Error("not of the database"))),
    ];
    for (const fail of failures) {
      const gate = Promise.withResolvers<void>();
      let late: Promise<unknown> | undefined;
      const failing = db.write((sql) => {
        late = gate.promise.then(() => sql("INSERT INTO sample VALUES (1)"));
        return Promise.all([late, fail(sql)]);
      });
      await assert.rejects(failing, /division by zero|not of the database/);
      gate.resolve();
      await assert.rejects(late!, /division by zero|the transaction is over/);
    }
    const { rows } = await db.read((sql) => sql("SELECT n FROM sample"));
    assert.deepEqual(rows, []);
  },
});
