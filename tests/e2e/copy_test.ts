import assert from "node:assert/strict";
import { Database } from "../../src/buffer/postgres/database.ts";
import { serverName, serverOf } from "../../src/buffer/postgres/server.ts";
import { mountSmallDisk } from "../faults/small_disk.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { accessTo, freshSchema, needsPostgres, sharedServer, urlOf } from "../support/postgres.ts";
import { createProgram, KIND } from "./program.ts";

const LINES = [1, 2, 3].map((n) => JSON.stringify(sshdAlert({ id: `1787465647.${n}`, pid: n })))
  .join("\n");

const databaseOf = (url: string) => new Database(accessTo(url));

const create = () => createProgram(KIND, { bufferHost: `127.0.0.1:${sharedServer().port}` });

const FULL = 2 * 1024 ** 2;

Deno.test({
  name: `${KIND}: buffer copy moves the buffer into a database, and says what it moved`,
  ...needsPostgres(),
  fn: async () => {
    await using program = await create();
    const url = urlOf(sharedServer(), freshSchema());
    const name = serverName(serverOf(url));
    const environment = { WM_BUFFER_URL: url };
    const copy = (...args: readonly string[]) =>
      program.run(["buffer", "copy", ...args], environment);
    assert.deepEqual(await copy("--to", "postgres"), {
      ...{ code: 1, stdout: "" },
      stderr: "custom-misp_ssh_bruteforce-publish: there is no buffer at " +
        `${program.buffer}; let buffer.path name the one to copy\n`,
    });
    await program.feedInput(["replay", "-"], LINES);
    const { code, stdout, stderr } = await copy("--to", "postgres");
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines[0], `copied ${program.buffer} into ${name}`);
    assert.match(lines[1]!, /^table +rows$/);
    assert.ok(lines.some((line) => /^seen_alert +3$/.test(line)), stdout);
    assert.match(lines.at(-2)!, /^\d+ rows of \d+ tables: each is the same in both$/);
    assert.equal(
      lines.at(-1),
      `next: start what you stopped; nothing may use ${program.buffer} any more`,
    );
    const again = await copy("--to", "postgres", "--json");
    const { from, to, wasThere, rows } = JSON.parse(again.stdout);
    assert.deepEqual([from, to, wasThere, rows.seen_alert, rows.spool], [
      ...[program.buffer, name, true, 3, 0],
    ]);
    const back = { ...environment, WM_BUFFER_PATH: `${program.buffer}.new` };
    const returned = await program.run(["buffer", "copy", "--to", "sqlite"], back);
    assert.deepEqual([returned.code, returned.stderr], [0, ""]);
    assert.match(
      returned.stdout,
      /\nnext: unset buffer\.url, and start what you stopped; nothing may use postgres:.* more\n$/,
    );
    const status = await program.run(["status", "--json"], {
      WM_BUFFER_PATH: back.WM_BUFFER_PATH,
    });
    assert.equal(JSON.parse(status.stdout).alerts.accepted, 3);
  },
});

Deno.test(`${KIND}: buffer copy refuses what is not enough to go on`, async () => {
  await using program = await createProgram(KIND);
  const url = { WM_BUFFER_URL: "postgres://misp@127.0.0.1/misp" };
  const usage =
    "buffer takes `copy --to postgres` or `copy --to sqlite`; `help buffer` says what it does";
  const CASES: readonly (readonly [args: readonly string[], Record<string, string>, string])[] = [
    [["buffer"], url, usage],
    [["buffer", "copy"], url, usage],
    [["buffer", "move", "--to", "sqlite"], url, usage],
    [
      ["buffer", "copy", "--to", "postgre"],
      url,
      '--to "postgre" is not valid; did you mean postgres? use one of postgres, sqlite',
    ],
    [
      ["buffer", "copy", "--to", "postgres"],
      {},
      "buffer.url is not set; let it name the database, as docs/scale.md says",
    ],
    [
      ["buffer", "copy", "--to", "postgres"],
      { ...url, WM_FORWARD_URL: "http://127.0.0.1:8080" },
      "forward.url is set, and so this machine's alerts wait in its file; unset it for `buffer copy`",
    ],
  ];
  for (const [args, environment, line] of CASES) {
    assert.deepEqual(await program.run(args, environment), {
      ...{ code: 2, stdout: "", stderr: `custom-misp_ssh_bruteforce-publish: ${line}\n` },
    });
  }
});

Deno.test({
  name: `${KIND}: buffer copy to a full disk says so in one line, and leaves nothing`,
  ...needsPostgres(),
  fn: async () => {
    await using program = await create();
    const url = urlOf(sharedServer(), freshSchema());
    await program.feedInput(["replay", "-"], LINES);
    {
      using db = databaseOf(url);
      await db.write((sql) =>
        sql.script(`CREATE FUNCTION fill_disk() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;
             CREATE TRIGGER filled BEFORE INSERT ON counter FOR EACH STATEMENT EXECUTE FUNCTION fill_disk()`)
      );
    }
    const copied = await program.run(["buffer", "copy", "--to", "postgres"], {
      WM_BUFFER_URL: url,
    });
    assert.deepEqual(copied, {
      ...{ code: 1, stdout: "" },
      stderr: "custom-misp_ssh_bruteforce-publish: nothing was copied: buffer " +
        `${serverName(serverOf(url))}: its disk is full; free some space there, then try again\n`,
    });
    using db = databaseOf(url);
    assert.deepEqual((await db.read((sql) => sql("SELECT 1 FROM seen_alert"))).rows, []);
  },
});

Deno.test({
  name: `${KIND}: buffer copy to a file on a full disk says so in one line, and may be run again`,
  ...needsPostgres("mounts in a namespace of its own"),
  fn: async () => {
    await using program = await create();
    const url = urlOf(sharedServer(), freshSchema());
    {
      using db = databaseOf(url);
      await db.write((sql) => sql("INSERT INTO setting VALUES ('large', $1)", "x".repeat(FULL)));
    }
    await using disk = await mountSmallDisk(program.root, ["queue/custom-misp"], "size=1m");
    const copy = () =>
      program.run(["buffer", "copy", "--to", "sqlite"], { WM_BUFFER_URL: url }, disk.wrapper);
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(await copy(), {
        ...{ code: 1, stdout: "" },
        stderr: "custom-misp_ssh_bruteforce-publish: nothing was copied: buffer " +
          `${program.buffer}: the disk is full; free some space, then try again\n`,
      });
    }
    using db = databaseOf(url);
    await db.write((sql) => sql("UPDATE setting SET value = 'small'"));
    db[Symbol.dispose]();
    assert.equal((await copy()).code, 0);
  },
});
