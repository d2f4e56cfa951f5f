/**
 * Managers that forward to a `serve`: each a program of its own, over real connections.
 *
 * `WM_TEST_SEED=N` repeats a run's choices: when `serve` dies.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { expectedTotals, numberedAlert, numbers, totalsOfEvents } from "../faults/numbered.ts";
import type { StoredEvent } from "../fake_misp/server.ts";
import { WazuhSite } from "../follow/wazuh_site.ts";
import { FakeReceiver } from "../forward/fake_receiver.ts";
import { seededRandom } from "../support/random.ts";
import { createProgram, integratordArgs, KINDS, type Program } from "./program.ts";
import { freePort, Service } from "./service.ts";
import { argumentsOf, contentsOf } from "./traces.ts";

const SOURCES = 20;
/** Alerts of each manager; the first ones come by integratord's calls. */
const ALERTS = 5000;
const CALLS = 4;
const KILLS = 3;
/** A kill comes so many milliseconds after something arrived, at most. */
const LATER_MS = 80;
const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

const alertOf = (manager: string, number: number) =>
  JSON.stringify({ ...numberedAlert(number, SOURCES), manager: { name: manager } });

const linesOf = (manager: string, of: readonly number[]) =>
  of.map((number) => `${alertOf(manager, number)}\n`).join("");

interface Status {
  readonly alerts: { readonly accepted: number; readonly duplicate: number };
  readonly forward: {
    readonly waiting: number;
    readonly oldest: string | null;
    readonly paused: { readonly reason: string } | null;
    readonly refused: number;
    readonly forwarded: number;
    readonly duplicate: number;
  };
}

async function statusOf(program: Program): Promise<Status> {
  const { code, stdout, stderr } = await program.run(["status", "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Status;
}

/** Looks every so many milliseconds, for a minute. */
async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  milliseconds = 50,
): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`a minute later still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

/** A counter of a buffer that others write. */
function counterOf({ buffer }: Program, name: string): number {
  const db = new DatabaseSync(buffer, { readOnly: true });
  // Deno 2.5 cannot dispose of a database by itself.
  using _closing = { [Symbol.dispose]: () => db.close() };
  return Number(db.prepare("SELECT value FROM counter WHERE name = ?").get(name)?.value ?? 0);
}

/** As if the pauses after a failure had run out. */
function timePasses({ buffer }: Program): void {
  const db = new DatabaseSync(buffer);
  // Deno 2.5 cannot dispose of a database by itself.
  using _closing = { [Symbol.dispose]: () => db.close() };
  db.exec("PRAGMA busy_timeout = 5000; UPDATE sink_pause SET until = 1");
}

function logOf({ log }: Program): string {
  try {
    return Deno.readTextFileSync(log);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function readFeed(folder: string): readonly StoredEvent[] {
  return [...Deno.readDirSync(folder)]
    .filter(({ name }) => /^[0-9a-f-]{36}\.json$/.test(name))
    .map(({ name }) =>
      (JSON.parse(Deno.readTextFileSync(`${folder}/${name}`)) as { Event: StoredEvent }).Event
    );
}

/** Makes a token at the service, and a manager that shows it. */
async function createManager(
  kind: Program["kind"],
  listen: string,
  relay: Program,
  name: string,
): Promise<Program> {
  const made = await relay.run(["serve", "token", "new", name]);
  assert.equal(made.code, 0, made.stderr);
  const manager = await createProgram(kind, { forwardHost: listen });
  const tokenFile = `${manager.root}/etc/custom-misp/forward-token`;
  await Deno.writeTextFile(tokenFile, made.stdout, { mode: 0o640 });
  await Deno.writeTextFile(
    `${manager.root}/etc/custom-misp_ssh_bruteforce-publish.json`,
    JSON.stringify({ forward: { url: `http://${listen}`, token_file: tokenFile } }),
  );
  return manager;
}

async function createRelay(kind: Program["kind"], listen: string): Promise<Program> {
  const relay = await createProgram(kind, { listen });
  await Deno.writeTextFile(
    `${relay.root}/etc/custom-misp_ssh_bruteforce-publish.json`,
    JSON.stringify({ server: { tokens_file: `${relay.root}/queue/custom-misp/tokens`, listen } }),
  );
  return relay;
}

for (const kind of KINDS) {
  Deno.test(`${kind}: two managers forward to one serve that is killed in the middle, and each alert counts once`, async () => {
    console.log(`seed ${SEED}`);
    const random = seededRandom(SEED);
    const listen = `127.0.0.1:${freePort()}`;
    await using relay = await createRelay(kind, listen);
    await using one = await createManager(kind, listen, relay, "manager-1");
    await using other = await createManager(kind, listen, relay, "manager-2");
    let service = await Service.start(relay, listen);

    // The first manager: calls of integratord, whose alerts leave a process behind that sends them.
    for (const number of numbers(0, CALLS)) {
      const file = `${one.alerts}/${number}.alert`;
      await Deno.writeTextFile(file, alertOf("one", number));
      const called = await one.run(integratordArgs(file));
      assert.deepEqual([called.code, called.stderr], [0, ""]);
    }
    await until("the calls' alerts arrived", () => counterOf(relay, "accepted") === CALLS);
    // The other one: a file that is followed.
    using site = new WazuhSite(`${other.root}/logs/alerts`);
    site.open();
    site.append(linesOf("other", numbers(0, ALERTS)));
    const following = other.command(["follow", "--from-start"]).spawn();
    const followed = following.output();
    const file = `${one.alerts}/all.json`;
    await Deno.writeTextFile(file, linesOf("one", numbers(0, ALERTS)));
    const replayed = await one.run(["replay", "--json", file]);
    assert.equal(JSON.parse(replayed.stdout).duplicate, CALLS);

    // Killed while they send, some moments after something arrived.
    const killedAt: number[] = [];
    let arrived = counterOf(relay, "accepted");
    for (let kills = 0; kills < KILLS; kills++) {
      const flushing = one.run(["flush", "--json"]);
      const before = arrived;
      await until("some arrived", () => counterOf(relay, "accepted") > before, 1);
      await new Promise((resolve) => setTimeout(resolve, random(LATER_MS)));
      await service.end("SIGKILL");
      arrived = counterOf(relay, "accepted");
      killedAt.push(arrived);
      await flushing;
      if (kills === KILLS - 1) break;
      timePasses(one);
      timePasses(other);
      service = await Service.start(relay, listen);
    }
    await until("everything was followed", () => counterOf(other, "accepted") === ALERTS);
    const waiting = (await statusOf(one)).forward.waiting + (await statusOf(other)).forward.waiting;
    assert.ok(waiting > 0, "the kill cut off nothing");
    service = await Service.start(relay, listen);
    timePasses(one);
    timePasses(other);
    const flushed = await one.run(["flush", "--json"]);
    assert.equal(flushed.code, 0, flushed.stdout + flushed.stderr);
    await until("nothing waits", async () => (await statusOf(other)).forward.waiting === 0);
    following.kill("SIGTERM");
    assert.equal((await followed).code, 0);

    // A manager that has forgotten what it sent sends all of it again.
    const before = await statusOf(one);
    {
      const db = new DatabaseSync(one.buffer);
      // Deno 2.5 cannot dispose of a database by itself.
      using _closing = { [Symbol.dispose]: () => db.close() };
      db.exec("DELETE FROM seen_alert");
    }
    assert.equal((await one.run(["replay", file])).code, 0);
    assert.equal((await one.run(["flush", "--json"])).code, 0);
    const after = await statusOf(one);
    assert.equal(after.forward.forwarded - before.forward.forwarded, ALERTS);
    assert.equal(after.forward.duplicate - before.forward.duplicate, ALERTS);

    assert.equal(await service.end(), 0);
    {
      // Who was killed may have been publishing.
      const db = new DatabaseSync(relay.buffer);
      // Deno 2.5 cannot dispose of a database by itself.
      using _closing = { [Symbol.dispose]: () => db.close() };
      db.exec("UPDATE lease SET expires_at = 1 WHERE name = 'publish'");
    }
    assert.equal((await relay.run(["flush", "--now"])).code, 0);
    const all = await statusOf(relay);
    const expected = expectedTotals(numbers(0, ALERTS), SOURCES);
    const totals = totalsOfEvents(readFeed(relay.feed));
    const found = Object.values(totals).reduce((sum, n) => sum + n, 0);
    const cutOff = before.forward.duplicate + (await statusOf(other)).forward.duplicate;
    console.log(
      `${kind}: 2 managers with ${ALERTS} alerts each, serve killed after ` +
        `${
          killedAt.join(", ")
        }, the last time with ${waiting} waiting; ${cutOff} came again after it, ${ALERTS} were sent again on purpose; ` +
        `${found} attempts of ${Object.keys(totals).length} sources, ${2 * ALERTS} expected`,
    );
    assert.equal(all.alerts.accepted, 2 * ALERTS);
    assert.equal(all.alerts.duplicate, cutOff + ALERTS);
    assert.deepEqual(
      totals,
      Object.fromEntries(Object.entries(expected).map(([source, n]) => [source, 2 * n])),
    );
    assert.equal((await statusOf(one)).forward.refused, 0);
    for (const manager of [one, other]) {
      assert.throws(() => Deno.statSync(manager.feed), Deno.errors.NotFound, "no event there");
    }
  });

  Deno.test(`${kind}: doctor says whether a remote serve takes the token`, async () => {
    const listen = `127.0.0.1:${freePort()}`;
    await using relay = await createRelay(kind, listen);
    await using manager = await createManager(kind, listen, relay, "manager-1");
    const forwardingOf = async () => {
      const { stdout } = await manager.run(["doctor", "--json"]);
      const { checks } = JSON.parse(stdout) as {
        checks: { name: string; state: string; found: string }[];
      };
      const check = checks.find(({ name }) => name === "forwarding");
      return [check?.state, check?.found];
    };
    const [state, found] = await forwardingOf();
    assert.equal(state, "failure");
    assert.match(found ?? "", /cannot be reached/);
    await using _service = await Service.start(relay, listen);
    assert.deepEqual(await forwardingOf(), ["ok", `http://${listen} takes alerts`]);
    await Deno.writeTextFile(`${manager.root}/etc/custom-misp/forward-token`, "another\n");
    const [now, why] = await forwardingOf();
    assert.equal(now, "failure");
    assert.match(why ?? "", /answered 401: send `Authorization: Bearer TOKEN`: put a token/);
  });

  Deno.test(`${kind}: serve refuses to forward what it takes`, async () => {
    await using program = await createProgram(kind);
    const { code, stderr } = await program.run(["serve"], { WM_FORWARD_URL: "http://127.0.0.1:9" });
    assert.equal(code, 2);
    assert.match(stderr, /forward\.url is set, but what `serve` takes is published here/);
  });

  Deno.test(`${kind}: every input says so when what waits fills the buffer, and goes on when there is room`, async () => {
    await using receiver = FakeReceiver.start();
    receiver.always = () => new Response("", { status: 503 });
    await using program = await createProgram(kind, {
      forwardHost: new URL(receiver.url).host,
      environment: { WM_FORWARD_URL: receiver.url, WM_BUFFER_MAX_BYTES: "1048576" },
    });
    const file = `${program.alerts}/all.json`;
    await Deno.writeTextFile(file, linesOf("one", numbers(0, 5000)));
    const full = /alerts that wait to be forwarded fill buffer\.max_bytes 1048576; `status` says/;
    const replayed = await program.run(["replay", file]);
    assert.deepEqual([replayed.code, replayed.stdout], [1, ""]);
    assert.match(replayed.stderr, full);
    const alert = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(alert, alertOf("one", 9000));
    const called = await program.run(integratordArgs(alert));
    assert.equal(called.code, 1);
    assert.match(called.stderr, /the alert was not stored: alerts that wait/);
    using site = new WazuhSite(`${program.root}/logs/alerts`);
    site.open();
    site.append(linesOf("one", [9001]));
    const following = program.command(["follow", "--from-start"]).spawn();
    const followed = following.output();
    await until(
      "follow waits",
      () => /reading waits/.test(logOf(program)),
    );
    const waiting = await program.run(["status"]);
    assert.match(waiting.stdout, /forward +0 forwarded, \d+ waiting since /);

    receiver.always = "well";
    const flushed = await program.run(["flush", "--now"]);
    assert.match(flushed.stdout, /^forwarded \d+, waiting 0, set aside 0$/m);
    await until("follow went on", () => receiver.stored.has("one 1787473801.9001"));
    following.kill("SIGTERM");
    assert.equal((await followed).code, 0);
    for (const args of [integratordArgs(alert), ["replay", file], ["flush", "--now"]]) {
      // Two parts of a thousand are all that there is room for.
      const { code, stderr } = await program.run(args);
      assert.ok(code === 0 || args[0] === "replay" && full.test(stderr), stderr);
    }
    assert.ok(receiver.stored.has("one 1787473800.9000"));
  });

  Deno.test(`${kind}: the token is told to nobody else`, async () => {
    const token = "S3cr3tT0kenThatNobodyMayEverSee-000000000000";
    await using receiver = FakeReceiver.start();
    // It repeats in its answer what it was shown.
    receiver.token = "another";
    await using program = await createProgram(kind, {
      forwardHost: new URL(receiver.url).host,
      environment: { WM_FORWARD_URL: receiver.url },
    });
    const tokenFile = `${program.root}/etc/custom-misp/forward-token`;
    await Deno.writeTextFile(tokenFile, `${token}\n`, { mode: 0o640 });
    const environment = { WM_FORWARD_TOKEN_FILE: tokenFile };
    const alert = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(alert, alertOf("one", 1));
    const results = [await program.run(integratordArgs(alert), environment)];
    assert.equal(results[0]?.code, 0);
    await until("it was tried", () => receiver.requests.length > 0);
    const children = await argumentsOf(program.root);
    assert.equal(children.filter((line) => line.includes("--stay")).length, 1, children.join());
    assert.equal(children.join().includes(token), false);
    for (
      const args of [
        ["flush", "--now"],
        ["flush", "--now", "--json"],
        ["status"],
        ["status", "--json"],
        ["doctor"],
        ["doctor", "--json"],
        ["config"],
        ["config", "--json"],
        ["--test"],
      ]
    ) results.push(await program.run(args, environment));
    const told = results.map(({ stdout, stderr }) => stdout + stderr).join("\n");
    assert.match(told, /no Bearer \(token\)/);
    assert.equal(told.includes(token), false, told);
    await Deno.remove(tokenFile);
    const kept = await contentsOf(program.root);
    assert.match(kept, /\(token\)/);
    assert.equal(kept.includes(token), false);
  });
}
