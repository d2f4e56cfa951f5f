import assert from "node:assert/strict";
import { storableJson } from "../../src/buffer/batch/storable.ts";
import { Connection } from "../../src/buffer/postgres/connection.ts";
import { Database } from "../../src/buffer/postgres/database.ts";
import { keyText } from "../../src/buffer/postgres/keys.ts";
import { PostgresBuffer } from "../../src/buffer/postgres/postgres_buffer.ts";
import { toBufferError } from "../../src/buffer/postgres/errors.ts";
import { type Server, serverName, serverOf } from "../../src/buffer/postgres/server.ts";
import { MIGRATIONS } from "../../src/buffer/postgres/schema.ts";
import { postgresUrl } from "../../src/config/key.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import {
  ask,
  freshSchema,
  needsPostgres,
  ownServer,
  restart,
  sharedServer,
  stop,
  urlOf,
} from "../support/postgres.ts";
import { attempted } from "../support/page_scene.ts";
import { accept, guess, openPostgres, START } from "./sqlite_rig.ts";

const accessOf = (server: Server) => ({
  ...{ server, password: undefined, caCertificate: undefined },
  ...{ connectMs: 5_000, statementMs: 30_000 },
});

const shared = (schema: string) => accessOf(serverOf(urlOf(sharedServer(), schema)));

const URLS: readonly (readonly [text: string, allowed: string | undefined])[] = [
  ["postgres://misp@db.example.org/misp", undefined],
  ["postgresql://misp@192.0.2.1:6432/misp?sslmode=verify-full&schema=ssh", undefined],
  ["https://misp@db.example.org/misp", "an address such as postgres://USER@HOST/DATABASE"],
  ["postgres://misp:secret@db.example.org/misp", "an address without a password"],
  ["postgres://db.example.org/misp", "an address with a user name"],
  ["postgres://misp@db.example.org/", "an address with one database"],
  ["postgres://misp@db.example.org/misp?sslmode=prefer", "sslmode=verify-full"],
  ["postgres://misp@db.example.org/misp?schema=a;b", "a schema of lower-case letters"],
  ["postgres://misp@db.example.org/misp?schema=select", undefined],
  ["postgres://misp@[2001:db8::1]:5433/misp", undefined],
  ["postgres://misp@db.example.org/misp?schema=pg_toast", "a schema of lower-case letters"],
  ["postgres://misp@db.example.org/misp?schema=information_schema", "a schema of lower-case"],
  ["postgres://misp@db.example.org/misp?schema=a&schema=b", "an address with the parameters"],
  ["postgres://misp@db.example.org/misp?sslmode=disable&sslmode=verify-full", "an address with"],
  ["postgres://misp@%2Frun%2Fpostgresql/misp", "an address with the name or address of a host"],
  ["postgres://misp@db.example.org/%zz", "an address whose user and database are texts"],
  ["postgres://100%@db.example.org/misp", "an address whose user and database are texts"],
  ["postgres://misp@db.example.org/a%00b", "an address whose user and database are texts"],
  ["postgres://misp@db.example.org/misp?options=-c", "an address with the parameters sslmode"],
];

for (const [text, allowed] of URLS) {
  Deno.test(`postgresUrl() ${allowed === undefined ? "takes" : "refuses"} ${text}`, () => {
    const found = postgresUrl(text);
    assert.equal(found?.slice(0, allowed?.length), allowed);
  });
}

Deno.test("serverOf() encrypts the way to another machine, and names no parameters", () => {
  const away = serverOf("postgres://misp@db.example.org/misp");
  assert.deepEqual([away.tls, away.port, away.schema], ["verify-full", 5432, "public"]);
  assert.equal(serverOf("postgres://misp@127.0.0.1/misp").tls, "disable");
  const six = serverOf("postgres://misp@[2001:db8::1]:6432/misp?sslmode=disable&schema=a");
  assert.equal(serverName(six), "postgres://misp@[2001:db8::1]:6432/misp");
});

Deno.test("keyText() keeps what fits an index, and tells long texts and odd ones apart", () => {
  assert.equal(keyText("root"), "root");
  assert.equal(keyText("ä".repeat(300)), "ä".repeat(300));
  const [one, other] = ["a".repeat(5000) + "1", "a".repeat(5000) + "2"].map(keyText);
  assert.notEqual(one, other);
  assert.ok(new TextEncoder().encode(one).length <= 600);
  assert.notEqual(keyText("a\0"), keyText("a\ufffd"));
  assert.notEqual(keyText("\ud800"), keyText("\ud801"));
});

Deno.test("storableJson() replaces what PostgreSQL does not read, and no text that only looks so", () => {
  const value = { "a\0": ["\ud83d", "\u{1f600}", "\\u0000", "\\\0", "\\\\ud800", "\u001f"] };
  assert.deepEqual(JSON.parse(storableJson(JSON.stringify(value))), {
    "a\ufffd": ["\ufffd", "\u{1f600}", "\\u0000", "\\\ufffd", "\\\\ud800", "\u001f"],
  });
});

Deno.test({
  name: "a table that another session has locked fails alerts and pages in time, and then no more",
  ...needsPostgres(),
  fn: async () => {
    const access = shared(freshSchema());
    using buffer = new PostgresBuffer({ ...access, lockMs: 200 });
    const alert = guess();
    await accept(buffer, [], START);
    const other = await Connection.open(access);
    await other.query("BEGIN");
    await other.query(`LOCK TABLE ${access.server.schema}.attack IN ACCESS EXCLUSIVE MODE`);
    const locked = { name: "BufferError", message: /: another process works on it; / };
    await assert.rejects(accept(buffer, [alert], START), locked);
    await assert.rejects(buffer.views.overview(START, "day"), locked);
    await other.query("ROLLBACK");
    other.close();
    assert.equal((await accept(buffer, [alert], START)).accepted, 1);
  },
});

Deno.test({
  name: "a schema may be called as a word of SQL",
  ...needsPostgres(),
  fn: async () => {
    using buffer = new PostgresBuffer(shared("select"));
    assert.equal((await accept(buffer, [guess()], START)).accepted, 1);
  },
});

Deno.test({
  name: "a server that wants a password gets none from a file of libpq, and says that it does",
  ...needsPostgres(),
  fn: async () => {
    using server = ownServer();
    await ask(server, "CREATE ROLE asked LOGIN PASSWORD 'right'");
    await stop(server, "fast");
    const rules = `${server.folder}/data/pg_hba.conf`;
    const asked = "host all asked 127.0.0.1/32 scram-sha-256\n";
    Deno.writeTextFileSync(rules, asked + Deno.readTextFileSync(rules));
    await restart(server);
    const access = accessOf({ ...serverOf(urlOf(server, "public")), user: "asked" });
    const name = `buffer ${serverName(access.server)}`;
    const reading = async (password: string | undefined) => {
      using buffer = new PostgresBuffer({ ...access, password });
      await buffer.views.status();
    };
    await assert.rejects(reading(undefined), {
      message: `${name}: it wants a password of "asked"; ` +
        "put it into a file that buffer.password_file names",
    });
    await assert.rejects(reading("wrong"), {
      message: `${name}: the password of "asked" is wrong; ` +
        "put the right one into the file that buffer.password_file names",
    });
  },
});

Deno.test({
  name: "a statement of a transaction whose connection was lost fails, and runs in no other one",
  ...needsPostgres(),
  fn: async () => {
    const access = shared(freshSchema());
    using db = new Database(access);
    let pid = 0;
    let after: unknown;
    const lost = db.write(async (sql) => {
      pid = Number((await sql("SELECT pg_backend_pid() AS pid")).rows[0]!.pid);
      await sql("INSERT INTO setting (name, value) VALUES ('half', 'x')");
      const other = await Connection.open(access);
      await other.query("SELECT pg_terminate_backend($1)", [pid]);
      other.close();
      try {
        await sql("INSERT INTO setting (name, value) VALUES ('other half', 'x')");
      } catch (error) {
        after = error;
        throw error;
      }
    });
    await assert.rejects(lost, { name: "BufferError" });
    assert.ok(after instanceof Error);
    const { rows } = await db.read((sql) => sql("SELECT name FROM setting"));
    assert.deepEqual(rows, []);
  },
});

Deno.test({
  name: "accept() of many writers at once waits for no circle of them, and counts each alert once",
  ...needsPostgres(),
  fn: async () => {
    const schema = freshSchema();
    const buffers = Array.from({ length: 4 }, () => openPostgres(schema));
    try {
      await buffers[0]!.views.status();
      const of = (from: number) =>
        Array.from({ length: 60 }, (_, at) => {
          const n = (from * 7 + at * 13) % 60;
          const one = guess("root", `192.0.2.${n}`, { pid: n + 1, id: `1787464800.${n}` });
          return one;
        });
      const outcomes = await Promise.all(
        buffers.flatMap((buffer, at) => [accept(buffer, of(at)), accept(buffer, of(at + 10))]),
      );
      const accepted = outcomes.reduce((sum, one) => sum + one.accepted, 0);
      assert.equal(accepted, 60);
      assert.equal((await buffers[0]!.views.status()).pendingAttempts, 60);
    } finally {
      for (const buffer of buffers) buffer[Symbol.dispose]();
    }
  },
});

Deno.test({
  name: "a buffer that a newer version made is left alone, in words that say what to do",
  ...needsPostgres(),
  fn: async () => {
    const access = shared(freshSchema());
    {
      using db = new Database(access);
      await db.write((sql) => sql("UPDATE schema_version SET version = version + 1"));
    }
    using buffer = new PostgresBuffer(access);
    await assert.rejects(buffer.views.status(), {
      message: `buffer ${serverName(access.server)}: it was written by a newer version (schema ` +
        `${
          MIGRATIONS.length + 1
        }, known here ${MIGRATIONS.length}); install that version here, too`,
    });
  },
});

Deno.test({
  name: "a database that cannot hold every text is refused before anything is made in it",
  ...needsPostgres(),
  fn: async () => {
    const name = freshSchema();
    const made = `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`;
    await ask(sharedServer(), made);
    const server = { ...serverOf(urlOf(sharedServer(), "public")), database: name };
    using buffer = new PostgresBuffer(accessOf(server));
    await assert.rejects(accept(buffer, [guess("\u{1f600}")], START), {
      message: `buffer ${serverName(server)}: its encoding is LATIN1, which cannot hold what ` +
        `attackers write; let buffer.url name another database, which \`CREATE DATABASE ` +
        `${name}_utf8 OWNER misp ENCODING 'UTF8' TEMPLATE template0\` makes`,
    });
  },
});

Deno.test({
  name: "a buffer stores and reads the same, whatever the role sets for its sessions",
  ...needsPostgres(),
  fn: async () => {
    const role = freshSchema();
    await ask(sharedServer(), `CREATE ROLE ${role} LOGIN SUPERUSER`);
    const settings = [
      ...["standard_conforming_strings = off", "array_nulls = off", "client_encoding = LATIN1"],
      ...["default_transaction_isolation = serializable", "default_transaction_read_only = on"],
      ...["DateStyle = German", "TimeZone = 'Pacific/Kiritimati'", "search_path = nowhere"],
    ];
    for (const one of settings) await ask(sharedServer(), `ALTER ROLE ${role} SET ${one}`);
    const server = { ...serverOf(urlOf(sharedServer(), freshSchema())), user: role };
    using buffer = new PostgresBuffer(accessOf(server));
    using db = new Database(accessOf(server));
    const names = ["a\\b", 'c"', "d'", "NULL", "\u{1f600}"];
    for (const [pid, username] of names.entries()) {
      const attempt = { source: "192.0.2.1", username, pid, technique: `\\u${pid}` };
      assert.equal((await accept(buffer, [attempted(attempt, START)], START)).accepted, 1);
    }
    const source = await buffer.views.source("192.0.2.1");
    assert.deepEqual(source?.usernames.map(({ text }) => text).sort(), names.toSorted());
    const isolation = "SHOW transaction_isolation";
    const { rows } = await db.write((sql) => sql(isolation));
    assert.deepEqual(rows, [{ transaction_isolation: "read committed" }]);
    await ask(sharedServer(), `ALTER ROLE ${role} NOLOGIN`);
  },
});

Deno.test({
  name: "a guarded lease is taken over seconds after its holder is gone, and of none that lives",
  ...needsPostgres(),
  fn: async () => {
    const schema = freshSchema();
    const dying = openPostgres(schema);
    using next = openPostgres(schema);
    const take = (owner: string, buffer = next) =>
      buffer.leases.take(PUBLISH_LEASE, owner, 60_000, Date.now(), true);
    assert.equal((await take("dying", dying))?.fence, 1);
    assert.equal(await take("next"), undefined);
    dying[Symbol.dispose]();
    const deadline = performance.now() + 30_000;
    let taken;
    while (taken === undefined && performance.now() < deadline) {
      taken = await take("next");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.equal(taken?.fence, 2);
    await next.leases.release(taken!);
  },
});

Deno.test({
  name: "a buffer says that its server is away, and goes on by itself when it is back",
  ...needsPostgres(),
  fn: async () => {
    using server = ownServer();
    const access = accessOf(serverOf(urlOf(server, "public")));
    using buffer = new PostgresBuffer(access);
    const alert = guess();
    assert.equal((await accept(buffer, [alert], START)).accepted, 1);
    await stop(server, "immediate");
    await assert.rejects(accept(buffer, [alert], START), {
      name: "BufferError",
      message: /: (the connection was lost|it cannot be reached: nothing listens there); /,
    });
    await restart(server);
    const deadline = performance.now() + 30_000;
    let duplicate: number | undefined;
    while (duplicate === undefined && performance.now() < deadline) {
      duplicate = await accept(buffer, [alert], START).then(
        (one) => one.duplicate,
        () => undefined,
      );
    }
    assert.equal(duplicate, 1);
  },
});

/** What a server or the client says, and the one line that becomes of it. */
const ERRORS: readonly (readonly [error: Error, line: string])[] = [
  [sqlState("28P01"), 'the password of "misp" is wrong; put the right one into the file that'],
  [sqlState("28000"), 'it does not let "misp" in; add a line for this machine to pg_hba.conf'],
  [sqlState("3D000"), 'it has no database "ssh"; `CREATE DATABASE ssh OWNER misp` makes it'],
  [sqlState("42501"), '"misp" has too few rights there; `ALTER DATABASE ssh OWNER TO misp` or'],
  [sqlState("25006"), "it is a standby that is read-only; let buffer.url name the primary"],
  [sqlState("53300"), "it has no connection left; raise max_connections there"],
  [sqlState("53100"), "its disk is full; free some space there"],
  [sqlState("57014"), 'it has ended a statement; raise statement_timeout of "misp" if that'],
  [sqlState("57P03"), "it is starting, stopping or ends connections; wait"],
  [sqlState("XX000"), "it refuses (XX000: no); its log says more"],
  [new Error("SASL: client password must be a string"), 'it wants a password of "misp"; put it'],
  [new Error("The server does not support SSL connections"), "it does not encrypt connections;"],
  [new Error("invalid peer certificate: UnknownIssuer"), "its certificate is not trusted (invalid"],
  [Object.assign(new Error("no"), { code: "ENOTFOUND" }), "it cannot be reached: its host name is"],
  [
    new Deno.errors.NotCapable("no"),
    "this binary may not connect there; compile it with --buffer-host",
  ],
  [
    new Error("Connection terminated unexpectedly"),
    "the connection was lost; see whether the server",
  ],
];

function sqlState(code: string): Error {
  return Object.assign(new Error("no"), { code, severity: "FATAL" });
}

for (const [error, line] of ERRORS) {
  Deno.test(`toBufferError() says of ${JSON.stringify(line.slice(0, 40))} what to do`, () => {
    const server = serverOf("postgres://misp@db.example.org/ssh");
    const { message } = toBufferError(server, error);
    const start = `buffer postgres://misp@db.example.org:5432/ssh: ${line}`;
    assert.equal(message.slice(0, start.length), start);
    assert.ok(message.split("; ").length >= 2 && !message.includes("\n"));
  });
}
