/**
 * A made day of 20,000 alerts of 760 sources, of which 14 logged in: whatever shows it agrees with a count
 * by hand, before and after everything was published.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parseExposition } from "../server/exposition.ts";
import { MADE, madeDay, mostOf } from "../support/made_day.ts";
import { createProgram, KIND, type Program } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

const COMPROMISED = [
  ...["192.0.2.1", "192.0.2.109", "192.0.2.127", "192.0.2.145", "192.0.2.163", "192.0.2.181"],
  ...["192.0.2.19", "192.0.2.199", "192.0.2.217", "192.0.2.37", "192.0.2.55", "192.0.2.73"],
  ...["192.0.2.91", "2001:db8::3"],
];

const named = (rows: readonly (readonly [name: string, attempts: number])[]) =>
  rows.map(([name, attempts]) => ({ name, attempts }));

const TOP_SOURCES = named([
  ...[["192.0.2.1", 782], ["198.51.100.1", 489], ["203.0.113.1", 415]] as const,
  ...[["192.0.2.2", 381], ["198.51.100.2", 355], ["192.0.2.3", 287]] as const,
  ...[["203.0.113.2", 280], ["198.51.100.3", 257], ["198.51.100.4", 243]] as const,
  ...[["203.0.113.3", 241]] as const,
]);

const TOP_USERNAMES = named([
  ...[["root", 9003], ["admin", 3832], ["ubuntu", 2687], ["test", 2025]] as const,
  ...[["oracle", 1312], ["pi", 771], ["git", 356]] as const,
]);

const TOP_SENSORS = named([
  ...[["honeypot-nyc4", 3402], ["honeypot-fra1", 3354], ["honeypot-ams2", 3343]] as const,
  ...[["honeypot-sgp5", 3321], ["honeypot-syd6", 3298], ["honeypot-lon3", 3268]] as const,
]);

interface Source {
  readonly address: string;
  readonly attempts: number;
  readonly compromised: boolean;
}

async function json(program: Program, ...args: string[]) {
  const { code, stdout, stderr } = await program.run([...args, "--json"]);
  assert.deepEqual([code, stderr], [0, ""], args.join(" "));
  return JSON.parse(stdout);
}

Deno.test("made day: the count by hand is the one that is asserted", () => {
  const { bySource, byUsername, bySensor, compromised, attempts, lines } = madeDay(Date.now());
  assert.deepEqual(mostOf(bySource, 10), TOP_SOURCES);
  assert.deepEqual(mostOf(byUsername, 10), TOP_USERNAMES);
  assert.deepEqual(mostOf(bySensor, 10), TOP_SENSORS);
  assert.deepEqual(compromised, COMPROMISED);
  assert.deepEqual([bySource.size, attempts], [760, 19_986]);
  assert.equal(lines.split("\n").length - 1, 20_000);
});

Deno.test("made day: top, sources, CSV, status and metrics agree with the count by hand", async (t) => {
  const listen = `127.0.0.1:${freePort()}`;
  await using program = await createProgram(KIND, {
    listen,
    environment: { WM_GUARD_PUBLISH_PRIVATE: "true" },
  });
  const { bySource, lines } = madeDay(Date.now());
  const file = `${program.alerts}/day.json`;
  await Deno.writeTextFile(file, lines);
  const replayed = await program.run(["replay", file]);
  assert.equal(replayed.stdout, "accepted 20000, duplicate 0, ignored 0\n", replayed.stderr);
  await agrees(t, program, listen, bySource, "open");
  const flushed = await program.run(["flush", "--now"]);
  assert.equal(flushed.stdout, "delivered 760, waiting 0, refused 0\n", flushed.stderr);
  await agrees(t, program, listen, bySource, "delivered");
});

async function agrees(
  t: Deno.TestContext,
  program: Program,
  listen: string,
  bySource: ReadonlyMap<string, number>,
  state: "open" | "delivered",
): Promise<void> {
  await t.step(`${state}: top`, async () => {
    const found = await json(program, "top");
    assert.deepEqual(found.sources, TOP_SOURCES);
    assert.deepEqual(found.usernames, TOP_USERNAMES);
    const withoutKeys = found.sensors.map(({ key: _, ...row }: { key: string }) => row);
    assert.deepEqual(withoutKeys, TOP_SENSORS);
    assert.deepEqual(found.techniques, [{ name: "T1110.001", attempts: 19_986 }]);
    const { stdout } = await program.run(["top"]);
    assert.match(stdout, /^sources\n {2}192\.0\.2\.1 {4}782 █{30}\n {2}198\.51\.100\.1 489 █+▊$/m);
  });
  await t.step(`${state}: sources`, async () => {
    const found: readonly Source[] = await json(program, "sources");
    assert.equal(found.length, 760);
    assert.deepEqual(
      new Map(found.map(({ address, attempts }) => [address, attempts])),
      bySource,
    );
    assert.deepEqual(
      found.slice(0, 10).map(({ address, attempts }) => ({ name: address, attempts })),
      TOP_SOURCES,
    );
    const inside = found.filter(({ compromised }) => compromised).map(({ address }) => address);
    assert.deepEqual(inside.sort(), COMPROMISED);
    const listed: readonly Source[] = await json(program, "sources", "--state", "compromised");
    assert.deepEqual(listed.map(({ address }) => address).sort(), COMPROMISED);
    assert.deepEqual(
      new Set(found.map((one) => (one as { state?: string }).state)),
      new Set([state]),
    );
  });
  await t.step(`${state}: CSV`, async () => {
    const { stdout } = await program.run(["sources", "192.0.2.0/24", "--csv"]);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    assert.match(
      head!,
      /^address,attempts,attempts_at_least,alerts,first_seen,last_seen,compromised,/,
    );
    assert.equal(rows.length, 234);
    assert.match(rows[0]!, /^192\.0\.2\.1,782,false,782,20[^,]+Z,20[^,]+Z,true,20[^,]+Z,/);
    assert.equal(rows.filter((row) => row.includes(",true,")).length, 13);
  });
  await t.step(`${state}: sources show`, async () => {
    const found = await json(program, "sources", "show", "192.0.2.1");
    assert.deepEqual([found.attempts, found.compromised, found.state], [782, true, state]);
    const history: readonly { attempts: number }[] = found.history.rows;
    assert.equal(history.reduce((sum, { attempts }) => sum + attempts, 0), 782);
    assert.equal(found.sensors.length, 6);
  });
  await t.step(`${state}: status`, async () => {
    const found = await json(program, "status");
    assert.deepEqual([found.compromised.last_day, found.compromised.ever], [14, 14]);
    const { stdout } = await program.run(["status"]);
    assert.match(
      stdout,
      /^compromised {5}14 sources logged in, 14 in the last 24 hours: `sources --state compromised`$/m,
    );
  });
  await t.step(`${state}: metrics`, async () => {
    await using service = await Service.start(program, listen);
    const found = parseExposition(await (await fetch(`${service.url}/metrics`)).text());
    assert.deepEqual(
      ["day", "ever"].map((window) =>
        found.get(`custom_misp_compromised_sources{window="${window}"}`)
      ),
      [14, 14],
    );
    assert.equal(found.get('custom_misp_alerts_total{outcome="accepted"}'), MADE.alerts);
    const sensors = [...found.keys()].filter((name) =>
      name.startsWith("custom_misp_sensor_last_seen")
    );
    assert.equal(sensors.length, 6);
    assert.equal(await service.end(), 0);
  });
}
