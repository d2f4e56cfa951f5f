import assert from "node:assert/strict";
import { FakeMisp } from "../fake_misp/server.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, type Program } from "./program.ts";

const SOURCE = "82.202.219.155";
const OTHER_SOURCE = "192.241.237.101";

/** A site whose manager has the name of all of Wazuh's containers. */
async function openSite(misp: FakeMisp, key: string, more: Record<string, string> = {}) {
  const program = await createProgram("deno run", {
    mispHost: new URL(misp.url).host,
    environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: key, ...more },
  });
  let alerts = 0;
  const publish = async (source: string, attempts: number) => {
    const lines = Array.from({ length: attempts }, () =>
      JSON.stringify({
        ...sshdAlert({
          id: `1787468400.${++alerts}`,
          message: `Failed password for root from ${source} port ${40000 + alerts} ssh2`,
        }),
        manager: { name: "wazuh.manager" },
      }));
    const file = `${program.alerts}/alerts.json`;
    await Deno.writeTextFile(file, `${lines.join("\n")}\n`);
    assert.equal((await program.run(["replay", file])).code, 0);
    return (await program.run(["flush", "--now"])).stdout.trim();
  };
  return { program, publish, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

const ONE = "delivered 1, waiting 0, refused 0";
/** The event of a day that is over is closed, too. */
const CLOSED = "delivered 2, waiting 0, refused 0";

Deno.test("two organisations of equal manager names share a MISP, a day in one event", async () => {
  await using misp = await FakeMisp.start();
  const perDay = { WM_MISP_EVENT_PER: "day" };
  await using one = await openSite(misp, misp.keys.publisher, perDay);
  await using other = await openSite(misp, misp.keys.other, perDay);
  assert.equal(await one.publish(SOURCE, 2), CLOSED);
  assert.equal(await other.publish(OTHER_SOURCE, 3), CLOSED);
  assert.equal(await other.publish(SOURCE, 1), CLOSED);
  const events = misp.events().map(({ orgc_id, Object }) => [orgc_id, Object.length]);
  assert.deepEqual(events, [["2", 1], ["3", 2]]);
});

Deno.test("two sites of one organisation and of equal manager names count by themselves", async () => {
  await using misp = await FakeMisp.start();
  await using one = await openSite(misp, misp.keys.publisher);
  await using other = await openSite(misp, misp.keys.publisher);
  assert.equal(await one.publish(SOURCE, 5), ONE);
  assert.equal(await other.publish(SOURCE, 7), ONE);
  assert.equal(await one.publish(SOURCE, 1), ONE);
  assert.deepEqual(misp.events().map(({ info }) => /\d+(?= attempt)/.exec(info)?.[0]), ["6", "7"]);
  const file = `${one.program.root}/queue/custom-misp/installation.json`;
  assert.match(await Deno.readTextFile(file), /"organisation": "5f0f1a52-0000-4000-8000-0{11}1"/);
  assert.doesNotMatch((await one.program.run(["status"])).stdout, /shared events/);
  const own = (await one.program.run(["doctor", "--json"])).stdout;
  assert.doesNotMatch(own, /the events of this buffer are of organisation/);
  const foreign = await one.program.run(["doctor", "--json"], {
    WM_MISP_API_KEY: misp.keys.other,
  });
  assert.match(
    foreign.stdout,
    /the key is of OTHER-ORG, but the events of this buffer are of organisation 5f0f1a52/,
  );
});

Deno.test("one misp.publisher on two machines of an organisation is told by log, status and doctor", async () => {
  await using misp = await FakeMisp.start();
  const named = { WM_MISP_PUBLISHER: "honeypots" };
  await using one = await openSite(misp, misp.keys.publisher, named);
  await using other = await openSite(misp, misp.keys.publisher, named);
  await using foreign = await openSite(misp, misp.keys.other, named);
  assert.equal(await one.publish(SOURCE, 7), ONE);
  assert.equal(await other.publish(SOURCE, 5), ONE);
  assert.deepEqual(await saidOf(one.program), []);
  assert.deepEqual(await saidOf(other.program), ["doctor", "log", "status"]);
  assert.match(misp.events()[0]!.info, /7 attempts/);
  assert.equal(await foreign.publish(SOURCE, 1), ONE);
  assert.equal(misp.events().length, 2);
});

Deno.test("retract of an address that was never published does not decide whose events they are", async () => {
  await using misp = await FakeMisp.start();
  await using site = await openSite(misp, misp.keys.publisher);
  const file = `${site.program.alerts}/one.json`;
  await Deno.writeTextFile(file, JSON.stringify(sshdAlert()));
  assert.equal((await site.program.run(["replay", file])).code, 0);
  const { code, stderr } = await site.program.run(["retract", SOURCE]);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /no event of this buffer is about/);
  const state = `${site.program.root}/queue/custom-misp`;
  const names = [...Deno.readDirSync(state)].map(({ name }) => name);
  assert.equal(names.includes("installation.json"), false);
  assert.deepEqual(misp.requests, []);
});

/** Where somebody reads that another installation writes the same events. */
async function saidOf({ run, log }: Program): Promise<readonly string[]> {
  const texts = {
    doctor: (await run(["doctor", "--json"])).stdout,
    log: await Deno.readTextFile(log).catch(() => ""),
    status: (await run(["status", "--json"])).stdout,
  };
  return Object.entries(texts)
    .filter(([, text]) => /another installation writes the same events/.test(text))
    .map(([name]) => name);
}
