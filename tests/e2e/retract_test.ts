import assert from "node:assert/strict";
import { FakeMisp } from "../fake_misp/server.ts";
import { createProgram, KINDS, type Program } from "./program.ts";

const SOURCE = "82.202.219.155";
const FIXTURES = new URL("../../fixtures/alerts/", import.meta.url).pathname;

/** What an analyst sees of the address in the only event that there is. */
function addressIn(misp: FakeMisp) {
  const [event] = misp.events();
  const address = event?.Attribute[0];
  return {
    info: event?.info,
    published: event?.published,
    toIds: address?.to_ids,
    comment: address?.comment.replace(/\d{4}-.*$/, "TIME"),
    sightings: misp.sightings().map(({ type, source }) => `${type} ${source}`),
  };
}

async function feedOf(program: Program) {
  const events: unknown[] = [];
  for await (const { name } of Deno.readDir(program.feed)) {
    if (!/^[0-9a-f-]{36}\.json$/.test(name)) continue;
    events.push(
      (JSON.parse(await Deno.readTextFile(`${program.feed}/${name}`)) as {
        Event: unknown;
      }).Event,
    );
  }
  return events as {
    Attribute: { deleted?: true }[];
    Object: { deleted?: true; Attribute: { deleted?: true }[] }[];
  }[];
}

for (const kind of KINDS) {
  Deno.test(`${kind}: retract withdraws an address from MISP and from the feed`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, {
      mispHost: new URL(misp.url).host,
      environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.orgadmin },
    });
    const feed = { WM_FEED_DIRECTORY: program.feed };
    await t.step("an address that no event contains is an error", async () => {
      const { code, stderr } = await program.run(["retract", SOURCE], feed);
      assert.equal(code, 2);
      assert.match(stderr, /no event of this buffer is about 82\.202\.219\.155; .*allow_networks/);
    });
    await t.step("what is not an address is an error", async () => {
      const { code, stderr } = await program.run(["retract", "82.202.219.0/24"], feed);
      assert.equal(code, 2);
      assert.match(stderr, /"82\.202\.219\.0\/24" is not a valid address/);
    });
    const one = await Deno.readTextFile(`${FIXTURES}04-5760-failed-password.json`);
    await program.feedInput(["replay", "-"], one);
    await program.run(["flush", "--now"], feed);
    await t.step("before, events offer the address for detection", () => {
      assert.deepEqual([addressIn(misp).toIds, addressIn(misp).comment], [
        true,
        "confidence 40 of 100: attacked a honeypot 40",
      ]);
    });
    await t.step("after, it is not, and both sinks know", async () => {
      const { code, stdout } = await program.run(["retract", sourceOf(misp), "--json"], feed);
      assert.equal(code, 0);
      const shown = JSON.parse(stdout) as { retracted: string; delivered: number };
      assert.deepEqual([shown.retracted, shown.delivered], [sourceOf(misp), 2]);
      assert.deepEqual(addressIn(misp), {
        info: `Withdrawn: SSH Brute Force Attack from ${sourceOf(misp)} (1 attempt)`,
        published: true,
        toIds: false,
        comment: "withdrawn by an operator at TIME",
        sightings: ["1 withdrawn by an operator"],
      });
      const [event] = await feedOf(program);
      assert.deepEqual(event?.Attribute.map(({ deleted }) => deleted), [true]);
      assert.deepEqual(event?.Object.map(({ deleted }) => deleted), [true]);
      assert.deepEqual(
        event?.Object[0]?.Attribute.map(({ deleted }) => deleted),
        Array(3).fill(true),
      );
      assert.equal(await Deno.readTextFile(`${program.feed}/hashes.csv`), "");
    });
    await t.step("later attacks are published without detection", async () => {
      const again = one.replace(/"id":"(\d+)\.\d+"/, '"id":"$1.99"');
      await program.feedInput(["replay", "-"], again);
      await program.run(["flush", "--now"], feed);
      const { info, toIds } = addressIn(misp);
      assert.deepEqual([info, toIds], [
        `Withdrawn: SSH Brute Force Attack from ${sourceOf(misp)} (2 attempts)`,
        false,
      ]);
    });
    await t.step("retracting twice changes nothing", async () => {
      const { code } = await program.run(["retract", sourceOf(misp)], feed);
      assert.equal(code, 0);
      const kinds = misp.sightings().map(({ type }) => type).sort();
      assert.deepEqual(kinds, ["0", "1"]);
    });
  });

  Deno.test(`${kind}: --test --send stores the sample unpublished and says so`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const access = { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.orgadmin };
    await t.step("to MISP", async () => {
      const { code, stderr } = await program.run(["--test", "--send"], {
        ...access,
        WM_MISP_DISTRIBUTION: "3",
      });
      assert.equal(code, 0);
      assert.match(stderr, /stored this event as it was sent, unpublished/);
      const [event] = misp.events();
      assert.deepEqual([event?.published, event?.distribution], [false, "0"]);
    });
    await t.step("once more after that event was deleted", async () => {
      const [event] = misp.events();
      const headers = { Authorization: misp.keys.orgadmin, "Content-Type": "application/json" };
      const url = `${misp.url}/events/delete/${event!.uuid}`;
      await (await fetch(url, { method: "POST", headers, body: "{}" })).body?.cancel();
      const { code, stdout } = await program.run(["--test", "--send"], access);
      assert.equal(code, 0);
      assert.deepEqual(misp.events().map(({ uuid }) => uuid), [JSON.parse(stdout).Event.uuid]);
    });
    await t.step("with a wrong key nothing is stored, and it says why", async () => {
      const { code, stderr } = await program.run(["--test", "--send"], {
        ...access,
        WM_MISP_API_KEY: "y".repeat(40),
      });
      assert.equal(code, 3);
      assert.match(stderr, /MISP does not know this key/);
      assert.match(stderr, /did not accept this event/);
      assert.doesNotMatch(stderr, /yyyy/);
    });
    await t.step("without MISP it asks for misp.url", async () => {
      const { code, stderr } = await program.run(["--test", "--send"]);
      assert.equal(code, 2);
      assert.match(stderr, /set misp\.url/);
    });
    await t.step("no buffer is made", async () => {
      await assert.rejects(Deno.stat(program.buffer), Deno.errors.NotFound);
    });
  });
}

const sourceOf = (misp: FakeMisp) => misp.events()[0]!.Object[0]!.Attribute[0]!.value;
