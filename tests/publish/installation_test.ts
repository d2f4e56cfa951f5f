import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import type { Installation } from "../../src/misp/uuid.ts";
import { copyProblem, Ownership } from "../../src/publish/installation.ts";
import { readInstallation } from "../../src/publish/installation_file.ts";
import { INSTALLATION } from "../../src/publish/names.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const NOW = Date.UTC(2026, 7, 23, 6);
const DAY = 24 * 60 * 60_000;
const ORGANISATION = "5f0f1a52-0000-4000-8000-000000000001";

/** A process with the buffer of a folder. */
class Process implements Disposable {
  readonly logged: string[] = [];
  readonly buffer: SqliteBuffer;
  readonly #path: string;
  organisation: string | undefined = ORGANISATION;
  asked = 0;
  now = NOW;

  constructor(folder: TempFolder) {
    this.#path = folder.file("buffer.db");
    this.buffer = new SqliteBuffer(this.#path, NOW);
  }

  async guess(): Promise<void> {
    await this.buffer.intake.accept([decideDefault(sshdAlert())], { maxUsernames: 100 }, NOW);
  }

  async snapshot(): Promise<void> {
    await this.buffer.outbox.snapshotDue(
      { periodMs: 0, maxHoldMs: 0, sinks: ["misp"] },
      100,
      NOW,
      (attack, record) => snapshotAttack(attack, record, PLAIN_SNAPSHOT_RULES, { now: NOW }),
    );
  }

  /** Publishes nothing, and finds out for whom. */
  async find(): Promise<Installation> {
    const ownership = new Ownership({
      buffer: this.buffer,
      path: this.#path,
      organisation: () => {
        this.asked++;
        return Promise.resolve(this.organisation);
      },
      now: () => this.now,
      log: (_level, message) => void this.logged.push(message),
    });
    await ownership.prepare();
    return ownership.current();
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
  }
}

async function findIn(folder: TempFolder): Promise<Installation> {
  using process = new Process(folder);
  await process.guess();
  return await process.find();
}

Deno.test("Ownership makes an id and asks for the organisation once", async () => {
  using folder = tempFolder();
  const first = await findIn(folder);
  assert.match(first.id ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.equal(first.organisation, ORGANISATION);
  using later = new Process(folder);
  later.organisation = "5f0f1a52-0000-4000-8000-000000000002";
  assert.deepEqual(await later.find(), first);
  assert.deepEqual([later.asked, later.logged], [0, []]);
  assert.equal(Deno.statSync(folder.file("installation.json")).mode! & 0o777, 0o640);
});

Deno.test("Ownership waits for the first attack: until then MISP may name the organisation", async () => {
  using folder = tempFolder();
  using process = new Process(folder);
  process.organisation = undefined;
  await assert.rejects(process.find(), /the next one publishes it/);
  assert.deepEqual([process.asked, folder.names().includes("installation.json")], [0, false]);
  process.organisation = ORGANISATION;
  await process.guess();
  assert.equal((await process.find()).organisation, ORGANISATION);
});

Deno.test("Ownership keeps an installation whose first attack came while MISP was away", async () => {
  using folder = tempFolder();
  using process = new Process(folder);
  process.organisation = undefined;
  await process.guess();
  const first = await process.find();
  process.organisation = ORGANISATION;
  assert.deepEqual(await process.find(), { id: first.id, organisation: undefined });
});

for (const lost of [/^buffer\.db/, /^installation\.json$/]) {
  Deno.test(`Ownership is the same when ${lost} is deleted`, async () => {
    using folder = tempFolder();
    const first = await findIn(folder);
    for (const name of folder.names().filter((name) => lost.test(name))) {
      Deno.removeSync(folder.file(name));
    }
    assert.deepEqual(await findIn(folder), first);
    assert.deepEqual(readInstallation(folder.file("installation.json")), {
      installation: first,
      isCopy: false,
    });
  });
}

Deno.test("Ownership makes a damaged file again of the buffer, and nothing of a damaged file alone", async () => {
  using folder = tempFolder();
  const first = await findIn(folder);
  const file = folder.file("installation.json");
  for (const text of ["", "{", "[]", "null", '{"id":"x","organisation":null}', "{}"]) {
    Deno.writeTextFileSync(file, text);
    assert.deepEqual(await findIn(folder), first, text);
    assert.deepEqual(readInstallation(file)?.installation, first, text);
  }
  Deno.writeTextFileSync(file, "{");
  Deno.removeSync(folder.file("buffer.db"));
  await assert.rejects(findIn(folder), /installation\.json is not a file of this program; delete/);
});

Deno.test("Ownership is that of the file when a process that goes on got a new buffer", async () => {
  using folder = tempFolder();
  const first = await findIn(folder);
  using process = new Process(folder);
  await process.guess();
  await process.snapshot();
  await process.buffer.settings.put(INSTALLATION, undefined);
  assert.deepEqual(await process.find(), first);
});

Deno.test("Ownership leaves a buffer of an older version its uuids, whatever is lost later", async () => {
  using folder = tempFolder();
  const former = { id: undefined, organisation: undefined };
  {
    using process = new Process(folder);
    await process.guess();
    await process.snapshot();
    assert.equal(await process.buffer.settings.get(INSTALLATION), undefined);
    assert.deepEqual(await process.find(), former);
    assert.equal(process.asked, 0);
  }
  Deno.removeSync(folder.file("buffer.db"));
  assert.deepEqual(await findIn(folder), former);
});

Deno.test("Ownership says once a day that its folder is a copy, and how that ends", async () => {
  using folder = tempFolder();
  using copy = tempFolder();
  const first = await findIn(folder);
  for (const name of folder.names()) Deno.copyFileSync(folder.file(name), copy.file(name));
  const file = copy.file("installation.json");
  const found = `${file} is a copy: another installation may publish the same events`;
  assert.equal(copyProblem(file)?.found, found);
  assert.equal(copyProblem(folder.file("installation.json")), undefined);
  {
    using process = new Process(copy);
    assert.deepEqual(await process.find(), first);
    await process.find();
    assert.equal(process.logged.length, 1);
    assert.match(process.logged[0]!, /is a copy: .*; if the other one is gone, delete this file/);
    process.now += DAY;
    await process.find();
    assert.equal(process.logged.length, 2);
  }
  Deno.removeSync(file);
  assert.deepEqual(await findIn(copy), first);
  assert.equal(copyProblem(file), undefined);
});

Deno.test("Ownership of a buffer in memory touches no file", async () => {
  using buffer = new SqliteBuffer(":memory:", NOW);
  await buffer.intake.accept([decideDefault(sshdAlert())], { maxUsernames: 100 }, NOW);
  const ownership = new Ownership({
    ...{ buffer, path: ":memory:", now: () => NOW, log: () => {} },
    organisation: () => Promise.resolve(undefined),
  });
  await ownership.prepare();
  assert.notEqual(ownership.current().id, undefined);
});
