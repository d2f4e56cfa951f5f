import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { storedTechniques, TechniqueTexts } from "../../src/buffer/batch/techniques.ts";
import { tempFolder } from "../support/temp.ts";

const NOW = Date.UTC(2026, 10, 26, 12);
const SSH = { id: "T1021.004", name: "SSH" };
const GUESSING = { id: "T1110.001", name: "Password Guessing" };
const NAMELESS = { id: "T1078", name: undefined };

Deno.test("storedTechniques() is empty where nothing is stored", () => {
  assert.deepEqual(storedTechniques(null), []);
});

Deno.test("TechniqueTexts.added() puts techniques in order, and stores nothing that is there already", () => {
  const texts = new TechniqueTexts();
  const stored = texts.added(null, [GUESSING, SSH]);
  assert.deepEqual(storedTechniques(stored), [SSH, GUESSING]);
  assert.equal(texts.added(stored, [SSH]), null);
  assert.equal(texts.added(stored, [GUESSING, SSH]), null);
  assert.equal(texts.added(stored, []), null);
  assert.equal(texts.added(null, []), null);
  assert.equal(texts.added(null, [GUESSING, SSH]), stored);
});

Deno.test("TechniqueTexts.added() keeps the first name, and takes one for a technique that has none", () => {
  const texts = new TechniqueTexts();
  const stored = texts.added(null, [NAMELESS, SSH]);
  assert.deepEqual(storedTechniques(stored), [SSH, NAMELESS]);
  assert.equal(texts.added(stored, [NAMELESS, { id: "T1021.004", name: "Other" }]), null);
  const named = texts.added(stored, [{ id: "T1078", name: "Valid Accounts" }]);
  assert.deepEqual(storedTechniques(named), [SSH, { id: "T1078", name: "Valid Accounts" }]);
});

Deno.test("TechniqueTexts.added() stores no more than a hundred, those that came first", () => {
  const texts = new TechniqueTexts();
  const many = Array.from({ length: 100 }, (_, n) => ({ id: `T${2000 + n}`, name: "a" }));
  const stored = texts.added(null, many);
  assert.deepEqual(storedTechniques(stored), many);
  assert.equal(texts.added(stored, [SSH, GUESSING]), null);
});

Deno.test("a buffer whose techniques had rows of their own keeps them", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const old = new DatabaseSync(path);
  for (const migration of MIGRATIONS.slice(0, 6)) old.exec(migration);
  old.exec("PRAGMA user_version = 6");
  const attack = old.prepare(
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
       services) VALUES (?, ?, ?, ?, ?, 1, 'wazuh', 1)`,
  );
  for (const source of ["82.1.1.1", "82.1.1.2"]) attack.run(source, NOW, NOW, NOW, NOW);
  old.exec(`INSERT INTO attack_technique VALUES
    ('82.1.1.1', 'T1110.001', 'Password "Guessing"'), ('82.1.1.1', 'T1078', NULL)`);
  old.close();
  using buffer = new SqliteBuffer(path, NOW);
  assert.deepEqual((await buffer.views.source("82.1.1.1"))?.techniques, [
    { id: "T1078", name: undefined },
    { id: "T1110.001", name: 'Password "Guessing"' },
  ]);
  assert.deepEqual((await buffer.views.source("82.1.1.2"))?.techniques, []);
});
