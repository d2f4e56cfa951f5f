/**
 * What an administrator changes on a server while the program uses it: it says so, and goes on.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PostgresBuffer } from "../../src/buffer/postgres/postgres_buffer.ts";
import { serverName } from "../../src/buffer/postgres/server.ts";
import { openPostgres } from "../../src/cli/wiring/buffer/database_buffer.ts";
import { loadConfig } from "../../src/config/load.ts";
import {
  accessIn,
  accessTo,
  ask,
  freshSchema,
  needsPostgres,
  ownServer,
  promote,
  restart,
  sharedServer,
  standbyOf,
  stop,
  urlOf,
} from "../support/postgres.ts";
import { tempFolder } from "../support/temp.ts";
import { accept, guess, START } from "./sqlite_rig.ts";

const accepted = async (buffer: PostgresBuffer) =>
  (await accept(buffer, [guess()], START)).accepted;

Deno.test({
  name: "a buffer on a standby says that it is one, and stores once it is promoted",
  ...needsPostgres(),
  fn: async () => {
    using primary = ownServer();
    using standby = await standbyOf(primary);
    const access = accessTo(urlOf(standby, "public"));
    using buffer = new PostgresBuffer(access);
    const line = {
      message: `buffer ${serverName(access.server)}: it is a standby that is read-only; ` +
        "let buffer.url name the primary, or promote this server",
    };
    await assert.rejects(accepted(buffer), line);
    // Its tables are there now, and it still cannot write.
    using onPrimary = new PostgresBuffer(accessTo(urlOf(primary, "public")));
    assert.equal(await accepted(onPrimary), 1);
    await assert.rejects(accepted(buffer), line);
    await promote(standby);
    assert.equal(await accepted(buffer), 1);
  },
});

Deno.test({
  name: "a buffer whose schema is dropped says so once, and makes a new one",
  ...needsPostgres(),
  fn: async () => {
    const schema = freshSchema();
    const access = accessIn(schema);
    using buffer = new PostgresBuffer(access);
    // Several connections, which all know the schema.
    await Promise.all([1, 2, 3].map(() => accepted(buffer)));
    await ask(sharedServer(), `DROP SCHEMA "${schema}" CASCADE`);
    await assert.rejects(accepted(buffer), {
      message:
        `buffer ${serverName(access.server)}: the tables in its schema ${schema} are gone; ` +
        "restore a backup; without one, new ones are made at the next use",
    });
    assert.equal(await accepted(buffer), 1);
    assert.equal((await buffer.views.status()).accepted, 1);
  },
});

Deno.test({
  name: "a password that is changed in its file is used by the next connection",
  ...needsPostgres(),
  fn: async () => {
    using server = ownServer();
    await ask(server, "CREATE ROLE asked LOGIN SUPERUSER PASSWORD 'first'");
    await stop(server, "fast");
    const rules = `${server.folder}/data/pg_hba.conf`;
    const asked = "host all asked 127.0.0.1/32 scram-sha-256\n";
    Deno.writeTextFileSync(rules, asked + Deno.readTextFileSync(rules));
    await restart(server);
    using folder = tempFolder();
    const file = `${folder.path}/password`;
    const environment: Readonly<Record<string, string>> = {
      WM_BUFFER_URL: urlOf(server, "public").replace("misp@", "asked@"),
      WM_BUFFER_PASSWORD_FILE: file,
    };
    Deno.writeTextFileSync(file, "first\n");
    const { config } = loadConfig({
      root: folder.path,
      environment: (name) => environment[name],
      readTextFile: Deno.readTextFileSync,
    });
    using buffer = await openPostgres(config);
    assert.equal(await accepted(buffer), 1);
    await ask(server, "ALTER ROLE asked PASSWORD 'second'");
    await ask(
      server,
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'asked'",
    );
    Deno.writeTextFileSync(file, "second\n");
    const next = () => accepted(buffer);
    // The first one may still be given the connection that was ended.
    assert.equal(await next().catch(next), 1);
  },
});
