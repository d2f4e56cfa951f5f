import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../src/buffer/sqlite/schema.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import type { Decision } from "../../src/model.ts";
import { notifyDue, type NotifyParts } from "../../src/notify/notifier.ts";
import type { Receiver, Sent } from "../../src/notify/webhook.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { snapshotAll } from "../buffer/sqlite_rig.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { tempFolder } from "../support/temp.ts";
import { attempted } from "../support/page_scene.ts";

const NOW = Date.UTC(2026, 10, 23, 14);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A buffer, and a webhook whose answer a test chooses. */
class Scene implements Disposable {
  readonly buffer: SqliteBuffer;
  readonly sent: { readonly text: string; readonly key: string }[] = [];
  readonly logged: string[] = [];
  now = NOW;
  since = NOW - 48 * HOUR;
  outcome: Sent = { kind: "accepted" };
  problem: string | undefined;
  onSend: () => void | Promise<void> = () => undefined;

  constructor(path = ":memory:") {
    this.buffer = new SqliteBuffer(path, NOW);
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
  }

  get parts(): NotifyParts {
    const receiver: Receiver = {
      reach: () => Promise.resolve(this.problem),
      send: async ({ body }, key) => {
        this.sent.push({ text: body, key });
        await this.onSend();
        return this.outcome;
      },
    };
    return {
      ...{ buffer: this.buffer, receiver, format: "text", namesUsers: true },
      eventUrlOf: (uuid) => `https://misp.example.org/events/view/${uuid}`,
      now: () => this.now,
      random: () => 0.5,
      log: (level, message) => void this.logged.push(`${level}: ${message}`),
    };
  }

  store(...decisions: readonly Decision[]) {
    return this.buffer.intake.accept(decisions, { maxUsernames: 100 }, this.now);
  }

  /** A source that failed, and logged in a minute later. */
  async login(source: string, at: number): Promise<void> {
    const alert = (what: string, rule: string, time: number) =>
      decideDefault(sshdAlert({
        ...{ rule, time: new Date(time).toISOString().replace("Z", "+0000") },
        message: `${what} password for root from ${source} port 4711 ssh2`,
      }));
    await this.store(alert("Failed", "5760", at - MINUTE), alert("Accepted", "5715", at));
  }

  async round(owner = "publisher"): Promise<readonly string[]> {
    const before = this.sent.length;
    await notifyDue(this.parts, owner, this.since);
    return this.sent.slice(before).map(({ text }) => text.split(" ")[0]!);
  }
}

Deno.test("notifyDue() reports each login once, with sensor, user, time and event", async () => {
  using scene = new Scene();
  await scene.login("192.0.2.7", NOW - MINUTE);
  await scene.login("192.0.2.8", NOW - HOUR);
  assert.deepEqual(await scene.round(), ["192.0.2.8", "192.0.2.7"]);
  assert.equal(
    scene.sent[1]!.text,
    '192.0.2.7 logged in as "root" on honeypot "honeypot-fra1" at 2026-11-23T13:59:00.000Z. ' +
      "Treat this sensor as compromised.",
  );
  assert.equal(new Set(scene.sent.map(({ key }) => key)).size, 2);
  assert.match(scene.sent[0]!.key, /^[\da-f]{32}$/);
  assert.deepEqual(await scene.round("another"), []);
  await snapshotAll(scene.buffer, NOW);
  await scene.login("192.0.2.7", NOW + MINUTE);
  await snapshotAll(scene.buffer, NOW + 1);
  assert.deepEqual(await scene.round(), [], "a second login of the same source");
  assert.deepEqual(scene.logged, [
    "info: the login of 192.0.2.8 was reported",
    "info: the login of 192.0.2.7 was reported",
  ]);
});

Deno.test("notifyDue() reports nothing of before it was set, nor of more than a day ago", async () => {
  using scene = new Scene();
  scene.since = NOW - 10 * MINUTE;
  await scene.login("192.0.2.1", NOW - 11 * MINUTE);
  await scene.login("192.0.2.2", NOW - 9 * MINUTE);
  assert.deepEqual(await scene.round(), ["192.0.2.2"]);
  scene.since = 0;
  await scene.login("192.0.2.3", NOW - 25 * HOUR);
  assert.deepEqual(await scene.round(), ["192.0.2.1"]);
});

Deno.test("notifyDue() reports no source of a buffer of the previous schema", async () => {
  using folder = tempFolder();
  const path = folder.file("buffer.db");
  const old = new DatabaseSync(path);
  const at = MIGRATIONS.findIndex((text) => text.includes("CREATE TABLE notification"));
  for (const migration of MIGRATIONS.slice(0, at)) old.exec(migration);
  old.exec(`PRAGMA user_version = ${at}`);
  old.prepare(
    `INSERT INTO attack (source_ip, first_seen, last_seen, opened_at, touched_at, alerts, manager,
       compromised_at, services) VALUES ('192.0.2.1', ?1, ?1, ?1, ?1, 1, 'wazuh', ?1, 1)`
      .replaceAll("?1", String(NOW - MINUTE)),
  ).run();
  old.close();
  using scene = new Scene(path);
  scene.since = NOW;
  assert.equal((await scene.buffer.views.compromised(NOW)).ever, 1);
  assert.deepEqual(await scene.round(), []);
  await scene.login("192.0.2.2", NOW + MINUTE);
  assert.deepEqual(await scene.round(), ["192.0.2.2"]);
});

Deno.test("notifyDue() drops what waited when the webhook was set anew", async () => {
  using scene = new Scene();
  await scene.login("192.0.2.1", NOW - MINUTE);
  scene.problem = "down";
  assert.deepEqual(await scene.round(), []);
  scene.problem = undefined;
  scene.now += 2 * HOUR;
  scene.since = scene.now;
  assert.deepEqual(await scene.round(), []);
  assert.equal(await scene.buffer.notifications.isWaiting(), false);
});

Deno.test("notifyDue() knows a compromise that only Wazuh's rule tells, without a user name", async () => {
  using scene = new Scene();
  await scene.store(attempted({ source: "192.0.2.9", isCompromise: true }, NOW - MINUTE));
  assert.deepEqual(await scene.round(), ["192.0.2.9"]);
  assert.match(scene.sent[0]!.text, /^192\.0\.2\.9 logged in on honeypot "honeypot-fra1" at /);
});

Deno.test("notifyDue() tries again after a backoff what was not accepted, the others first", async () => {
  using scene = new Scene();
  await scene.login("192.0.2.1", NOW - 2 * MINUTE);
  await scene.login("192.0.2.2", NOW - MINUTE);
  scene.outcome = { kind: "not_accepted", reason: "hooks.example.org answered 403" };
  assert.deepEqual(await scene.round(), ["192.0.2.1"]);
  assert.deepEqual(await scene.round(), [], "paused");
  assert.deepEqual((await scene.buffer.views.status()).paused, [{
    ...{ sink: "notify", since: NOW, until: NOW + 30_000 },
    reason: "hooks.example.org answered 403",
  }]);
  scene.now += 31_000;
  scene.outcome = { kind: "accepted" };
  assert.deepEqual(await scene.round(), ["192.0.2.2", "192.0.2.1"]);
  assert.equal(scene.sent[0]!.key, scene.sent[2]!.key, "the same login, the same key");
  assert.deepEqual((await scene.buffer.views.status()).paused, []);
  assert.equal(
    scene.logged[0],
    "error: the login of 192.0.2.1 cannot be reported now: hooks.example.org answered 403",
  );
});

Deno.test("notifyDue() keeps the pause that the receiver asks for", async () => {
  using scene = new Scene();
  await scene.login("192.0.2.1", NOW - MINUTE);
  scene.outcome = { kind: "not_accepted", reason: "busy", afterMs: 10 * MINUTE };
  await scene.round();
  scene.outcome = { kind: "accepted" };
  scene.now += 9 * MINUTE;
  assert.deepEqual(await scene.round(), []);
  scene.now += 2 * MINUTE;
  assert.deepEqual(await scene.round(), ["192.0.2.1"]);
});

Deno.test("notifyDue() claims nothing while the receiver cannot be reached, and gives up after a day", async () => {
  using scene = new Scene();
  await scene.login("192.0.2.1", NOW - MINUTE);
  scene.problem = "hooks.example.org cannot be reached";
  for (let hour = 0; hour <= 26; hour++) {
    assert.deepEqual(await scene.round(), []);
    scene.now += HOUR;
  }
  assert.equal(await scene.buffer.notifications.isWaiting(), false);
  assert.equal(
    scene.logged.at(-1),
    "error: the login of 192.0.2.1 was not reported: the webhook accepted nothing for a day",
  );
  scene.problem = undefined;
  assert.deepEqual(await scene.round(), []);
});

Deno.test("notifyDue() never sends again what may have arrived", async () => {
  using scene = new Scene();
  await scene.login("192.0.2.1", NOW - MINUTE);
  scene.outcome = { kind: "unknown", reason: "hooks.example.org did not answer within 10 s" };
  assert.deepEqual(await scene.round(), ["192.0.2.1"]);
  scene.outcome = { kind: "accepted" };
  scene.now += HOUR;
  assert.deepEqual(await scene.round(), []);
  assert.deepEqual(scene.logged, [
    "error: whether the report of the login of 192.0.2.1 arrived is not known: " +
    "hooks.example.org did not answer within 10 s; it is not sent again",
  ]);
});

Deno.test("notifyDue() sends nothing twice that a process sent and did not live to mark", async () => {
  using scene = new Scene();
  await scene.login("192.0.2.1", NOW - MINUTE);
  // Its lease is taken by another while it waits for the answer, as after a kill.
  scene.onSend = async () => {
    scene.onSend = () => undefined;
    scene.now += 2 * MINUTE;
    assert.deepEqual(await scene.round("another"), []);
  };
  assert.deepEqual(await scene.round(), ["192.0.2.1"]);
  assert.deepEqual(await scene.round(), []);
  assert.match(scene.logged[0]!, /^error: whether the report of the login of 192\.0\.2\.1 arrived/);
});

Deno.test("notifyDue() leaves it to a publisher that is at work", async () => {
  using scene = new Scene();
  await scene.login("192.0.2.1", NOW - MINUTE);
  const { leases } = scene.buffer;
  const lease = await leases.take(PUBLISH_LEASE, "other", MINUTE, NOW);
  assert.ok(lease);
  assert.deepEqual(await scene.round(), []);
  await leases.release(lease);
  assert.deepEqual(await scene.round(), ["192.0.2.1"]);
});

Deno.test("notifyDue() sends twenty in a round, and the others in the next ones", async () => {
  using scene = new Scene();
  for (let n = 1; n <= 45; n++) await scene.login(`192.0.2.${n}`, NOW - MINUTE);
  const rounds = [await scene.round(), await scene.round(), await scene.round()];
  assert.deepEqual(rounds.map(({ length }) => length), [20, 20, 5]);
  assert.equal(new Set(scene.sent.map(({ key }) => key)).size, 45);
});

Deno.test("isDue() asks for a round only where there is something to do", async () => {
  using scene = new Scene();
  const isDue = () => scene.buffer.notifications.isDue(scene.since, scene.now);
  assert.equal(await isDue(), false);
  await scene.login("192.0.2.1", NOW - MINUTE);
  assert.equal(await isDue(), true);
  scene.problem = "down";
  await scene.round();
  assert.equal(await isDue(), false);
  scene.now += 31_000;
  assert.equal(await isDue(), true);
  scene.problem = undefined;
  await scene.round();
  assert.equal(await isDue(), false);
});
