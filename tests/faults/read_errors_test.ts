/**
 * A disk whose reads fail now and then, below a buffer that is whole.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openDatabase, replaceDamaged } from "../../src/buffer/sqlite/open.ts";
import { seededRandom } from "../support/random.ts";
import { tempFolder } from "../support/temp.ts";
import { ALL, asides, countsOf, fill, isOneLine, NOW } from "./damage_rig.ts";

/** What SQLite's check says of a page that cannot be read. */
const UNREAD = "*** in database main ***\nTree 3 page 5: unable to get the page. error code=8458";

const isCheck = (sql: string) => sql.includes("quick_check");

/**
 * Does the work while statements fail.
 *
 * @param words what a statement ends in; undefined where it works. The check has words as its result
 */
function whileFailing(words: (sql: string) => string | undefined, work: () => void): void {
  const { prepare, exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (sql) {
    const said = words(sql);
    if (said === undefined) return prepare.call(this, sql);
    if (isCheck(sql)) return prepare.call(this, `SELECT '${said}' AS quick_check`);
    throw new Error(said);
  };
  DatabaseSync.prototype.exec = function (sql) {
    const said = words(sql);
    if (said !== undefined) throw new Error(said);
    exec.call(this, sql);
  };
  try {
    work();
  } finally {
    Object.assign(DatabaseSync.prototype, { prepare, exec });
  }
}

// The second one is all that Deno 2.5 says.
for (const words of ["disk I/O error", "Failed to prepare statement"]) {
  Deno.test(`openDatabase() and replaceDamaged() move nothing where a statement in ten ends in "${words}"`, async () => {
    using folder = tempFolder();
    const path = folder.file("buffer.db");
    await fill(path);
    const random = seededRandom(21);
    const failing = (sql: string) => random(10) > 0 ? undefined : isCheck(sql) ? UNREAD : words;
    let failed = 0;
    whileFailing(failing, () => {
      for (let round = 0; round < 200; round++) {
        try {
          const opened = round % 2 === 0
            ? openDatabase(path, NOW, { fullCheck: true })
            : replaceDamaged(path, NOW);
          opened.db.close();
        } catch (error) {
          failed++;
          assert.ok(isOneLine(error, path), String(error));
        }
      }
    });
    assert.ok(failed > 20, `only ${failed} failed`);
    assert.deepEqual(asides(folder), []);
    assert.deepEqual(await countsOf(path), ALL);
  });
}

Deno.test("openDatabase() reports a page that cannot be read as an error of the disk", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await fill(path);
  const message = `buffer ${path}: the disk cannot be read or written; \`dmesg\` shows the cause`;
  whileFailing((sql) => isCheck(sql) ? UNREAD : undefined, () => {
    assert.throws(() => openDatabase(path, NOW, { fullCheck: true }), { message });
  });
  assert.deepEqual(asides(folder), []);
});

Deno.test("replaceDamaged() moves nothing where only the first connection finds damage", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  await fill(path);
  let checks = 0;
  const malformed = (sql: string) =>
    isCheck(sql) && checks++ === 0 ? "database disk image is malformed" : undefined;
  whileFailing(malformed, () => {
    const { db, movedAside } = replaceDamaged(path, NOW);
    assert.equal(movedAside, undefined);
    db.close();
  });
  assert.equal(checks, 2);
  assert.deepEqual(asides(folder), []);
  assert.deepEqual(await countsOf(path), ALL);
});
