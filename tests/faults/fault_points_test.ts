/**
 * A process dies at each point where it has the most to lose, and another goes on: nothing is lost and
 * nothing counted twice.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { writeSpillFile } from "../../src/buffer/spill/write.ts";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { createProgram, integratordArgs, KINDS } from "../e2e/program.ts";
import { FakeMisp, type StoredEvent } from "../fake_misp/server.ts";
import { pictureOf } from "../publish/lossy_rig.ts";
import { needs } from "../support/needs.ts";
import type { FaultPoint } from "./fault_point.ts";
import { FaultyProgram, KILLED } from "./faulty_program.ts";
import { expectedTotals, numberedAlert, numbers, totalsOf, totalsOfEvents } from "./numbered.ts";

const SOURCES = 3;
/** 8 of each source. */
const ROUND = 24;

const alertsOf = (of: readonly number[]) => of.map((number) => numberedAlert(number, SOURCES));
const FIRST = alertsOf(numbers(0, ROUND));
const SECOND = alertsOf(numbers(ROUND, ROUND));
const BOTH = { "82.202.0.1": 16, "82.202.0.2": 16, "82.202.0.3": 16 };
const TAGS = ['misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"'];

/** Two rounds of attacks of the same sources: new events, then updates with sightings. */
async function publishTwice(misp: FakeMisp, fault?: FaultPoint, time = 1): Promise<number> {
  using program = new FaultyProgram(misp);
  let kills = 0;
  for (const alerts of [FIRST, SECOND]) {
    await program.accept(alerts);
    if (fault !== undefined) {
      const code = await program.run(["flush", "--now"], { point: fault, time });
      if (code === KILLED) kills++;
    }
    assert.equal(await program.run(["flush", "--now"]), 0);
  }
  return kills;
}

Deno.test("the totals of numbered alerts are what they were numbered for", () => {
  assert.deepEqual(expectedTotals(numbers(0, 2 * ROUND), SOURCES), BOTH);
});

for (
  const point of ["after-read-before-tx", "in-tx-before-commit", "after-commit-before-ack"] as const
) {
  const isStored = point === "after-commit-before-ack";
  Deno.test(`an integration call that dies ${point} has ${isStored ? "stored its alert" : "stored nothing"}, and the same alert again counts once`, async () => {
    await using misp = await FakeMisp.start({ tags: TAGS });
    using program = new FaultyProgram(misp);
    program.holdPublishers();
    await program.accept(FIRST);
    const [dying, ...rest] = SECOND;
    assert.equal(await program.integrate(dying, { point }), KILLED);
    assert.equal(acceptedOf(program.buffer), isStored ? ROUND + 1 : ROUND);
    assert.equal(await program.integrate(dying), 0);
    assert.equal(acceptedOf(program.buffer), ROUND + 1);
    await program.accept(rest);
    assert.equal(await program.run(["flush", "--now"]), 0);
    assert.deepEqual(totalsOf(misp), BOTH);
  });
}

Deno.test("a flush that dies between the storing of a spill file and its removal has counted it once", async () => {
  await using misp = await FakeMisp.start({ tags: TAGS });
  using program = new FaultyProgram(misp);
  program.holdPublishers();
  await program.accept(FIRST);
  const [spilled, ...rest] = SECOND;
  const file = writeSpillFile(
    program.buffer,
    new TextEncoder().encode(JSON.stringify(spilled)),
    Date.now(),
  );
  const fault = { point: "spill-stored-before-remove" } as const;
  assert.equal(await program.run(["flush", "--now"], fault), KILLED);
  assert.equal(acceptedOf(program.buffer), ROUND + 1);
  assert.equal(Deno.statSync(file).isFile, true);
  await program.accept(rest);
  assert.equal(await program.run(["flush", "--now"]), 0);
  assert.throws(() => Deno.statSync(file), Deno.errors.NotFound);
  assert.deepEqual(totalsOf(misp), BOTH);
});

Deno.test("a migration that dies in the middle leaves the old buffer, and the next call makes it", async () => {
  await using misp = await FakeMisp.start({ tags: TAGS });
  using program = new FaultyProgram(misp);
  program.holdPublishers();
  await program.accept(FIRST);
  toFirstSchema(program.buffer);
  const [dying, ...rest] = SECOND;
  assert.equal(await program.integrate(dying, { point: "mid-migration" }), KILLED);
  assert.equal(versionOf(program.buffer), 1);
  assert.equal(await program.integrate(dying), 0);
  assert.equal(versionOf(program.buffer), MIGRATIONS.length);
  await program.accept(rest);
  assert.equal(await program.run(["flush", "--now"]), 0);
  assert.deepEqual(totalsOf(misp), BOTH);
});

const PUBLISH_POINTS = [
  ["after-lease-before-http", 1, 2],
  ["http-sent-before-response", 1, 2],
  ["http-sent-before-response", 3, 2],
  ["after-add-before-publish", 1, 1],
  ["after-publish-before-sightings", 1, 2],
  ["response-before-mark", 1, 2],
  ["response-before-mark", 3, 2],
] as const;

Deno.test({
  name: "a flush that dies leaves MISP, once another has gone on, as if nothing had happened:",
  fn: async (t) => {
    await using unhindered = await FakeMisp.start({ tags: TAGS });
    await publishTwice(unhindered);
    assert.deepEqual(totalsOf(unhindered), BOTH);
    assert.equal(unhindered.sightings().length, 6);
    for (const [point, time, kills] of PUBLISH_POINTS) {
      await t.step(`${point}, passed ${time} times`, async () => {
        await using misp = await FakeMisp.start({ tags: TAGS });
        assert.equal(await publishTwice(misp, point, time), kills);
        assert.deepEqual(pictureOf(misp), pictureOf(unhindered));
      });
    }
  },
});

for (const point of ["feed-temp-before-rename", "feed-event-before-manifest"] as const) {
  for (const time of [1, 2]) {
    Deno.test(`a feed whose writer dies ${point}, passed ${time} times, is whole again with the next flush`, async () => {
      using program = new FaultyProgram();
      for (const alerts of [FIRST, SECOND]) {
        await program.accept(alerts);
        assert.equal(await program.run(["flush", "--now"], { point, time }), KILLED);
        assert.equal(await program.run(["flush", "--now"]), 0);
      }
      const manifest = readJson(`${program.feed}/manifest.json`) as Record<
        string,
        { timestamp: number }
      >;
      const events = Object.keys(manifest).map((uuid) =>
        (readJson(`${program.feed}/${uuid}.json`) as { Event: StoredEvent }).Event
      );
      assert.deepEqual(totalsOfEvents(events), BOTH);
      for (const event of events) {
        assert.equal(String(manifest[event.uuid]?.timestamp), event.timestamp);
      }
      const names = [...Deno.readDirSync(program.feed)].map(({ name }) => name);
      const parts = names.filter((name) =>
        !/^(manifest\.json|hashes\.csv|[0-9a-f-]{36}\.json)$/.test(name)
      );
      assert.deepEqual(parts, []);
      assert.equal(names.length, 5);
    });
  }
}

for (const kind of KINDS) {
  Deno.test(`${kind}: no environment variable kills what is released`, async () => {
    await using program = await createProgram(kind);
    const file = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(file, JSON.stringify(FIRST[0]));
    for (const point of ["after-read-before-tx", "in-tx-before-commit"]) {
      const call = await program.run(integratordArgs(file), { WM_TEST_FAULT: point });
      assert.deepEqual([call.code, call.stderr], [0, ""]);
    }
  });
}

Deno.test({
  name: "binary: no name of a fault point is in what is released",
  ...needs("a Deno that compiles (COMPILE_DENO)"),
  fn: async () => {
    await using program = await createProgram("binary");
    const binary = `${program.root}/integrations/custom-misp_ssh_bruteforce-publish`;
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(binary));
    assert.equal(bytes.includes("the alert was not stored"), true);
    for (const text of ["WM_TEST_FAULT", "after-read-before-tx", "mid-migration", "faultPoint"]) {
      assert.equal(bytes.includes(text), false, text);
    }
  },
});

const readJson = (path: string): unknown => JSON.parse(Deno.readTextFileSync(path));

function withDatabase<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

function acceptedOf(path: string): number {
  return withDatabase(
    path,
    (db) => Number(db.prepare("SELECT value FROM counter WHERE name = 'accepted'").get()?.value),
  );
}

const versionOf = (path: string) =>
  withDatabase(path, (db) => Number(db.prepare("PRAGMA user_version").get()?.user_version));

/** The buffer as the first version of the program would have made it, with the same alerts in it. */
function toFirstSchema(path: string): void {
  const old = `${path}.old`;
  withDatabase(old, (db) => {
    db.exec(MIGRATIONS[0]!);
    db.exec("PRAGMA user_version = 1");
    db.exec("PRAGMA journal_mode = WAL");
    withDatabase(path, (current) => {
      for (const table of ["seen_alert", "attack", "counter", "lease", ...DETAILS]) {
        const rows = current.prepare(ROWS[table] ?? `SELECT * FROM ${table}`).all();
        for (const row of rows) {
          const marks = Object.keys(row).map(() => "?").join();
          db.prepare(`INSERT INTO ${table} (${Object.keys(row).join()}) VALUES (${marks})`)
            .run(...Object.values(row));
        }
      }
    });
  });
  Deno.removeSync(path);
  Deno.renameSync(old, path);
}

const ROWS: Readonly<Record<string, string>> = {
  attack_connection: `SELECT source_ip, sensor, pid, location, sshd, pam_error, pam, connect,
    touched_at FROM attack_connection`,
  attack_sensor: `SELECT source_ip, sensor, max(name) AS name, sum(alerts) AS alerts,
    min(first_seen) AS first_seen, max(last_seen) AS last_seen
    FROM attack_sensor GROUP BY source_ip, sensor`,
  seen_alert: `SELECT name AS manager, alert_id, seen_at FROM seen_alert
    JOIN manager ON number = seen_alert.manager`,
  attack: `SELECT source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
    compromised_at, services, source_location AS place, further_usernames FROM attack`,
  attack_technique: `SELECT source_ip, value ->> 'id' AS technique, value ->> 'name' AS name
    FROM attack, json_each(techniques)`,
  lease: "SELECT name, owner, fence, expires_at FROM lease",
};
const DETAILS = ["connection", "username", "sensor", "technique"].map((name) => `attack_${name}`);
