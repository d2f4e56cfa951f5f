import assert from "node:assert/strict";
import { FakeMisp } from "../fake_misp/server.ts";
import { fixturePaths } from "../support/fixtures.ts";
import { createProgram, integratordArgs, KINDS } from "./program.ts";

const PRIVATE = { WM_GUARD_PUBLISH_PRIVATE: "true" };

const EVENTS = [
  "SSH Brute Force Attack from 192.241.237.101 (7 attempts)",
  "SSH Brute Force Attack from 2001:db8:bad:cafe::17 (1 attempt)",
  "SSH Brute Force Attack from 212.64.151.233 (3 attempts)",
  "SSH Brute Force Attack from 218.92.0.112 (1 attempt)",
  "SSH Brute Force Attack from 82.202.219.155 (6 attempts)",
];

function contents(misp: FakeMisp) {
  const events = misp.events();
  return {
    info: events.map((event) => event.info).sort(),
    published: events.every((event) => event.published),
    objects: events.flatMap((event) => event.Object).length,
    attributes: events.flatMap((e) => e.Object).flatMap((object) => object.Attribute).length,
    tags: new Set(events.flatMap((event) => event.Tag.map((tag) => tag.name))).size,
  };
}

const EXPECTED = { info: EVENTS, published: true, objects: 5, attributes: 15, tags: 16 };

for (const kind of KINDS) {
  Deno.test(`${kind}: the fixtures reach MISP once, with address and key from integratord`, async (t) => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const takeAll = async () => {
      for (const path of fixturePaths()) {
        const file = `${program.alerts}/${path.split("/").pop()}.alert`;
        await Deno.copyFile(path, file);
        const args = integratordArgs(file, misp.keys.orgadmin, misp.url);
        const { code, stderr } = await program.run(args, PRIVATE);
        assert.deepEqual([code, stderr], [0, ""]);
      }
    };
    const access = { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.orgadmin, ...PRIVATE };
    await t.step("the integration itself sends nothing", async () => {
      await takeAll();
      assert.deepEqual(misp.requests, []);
    });
    await t.step("flush --now sends each event whole and publishes it", async () => {
      const { code, stdout } = await program.run(["flush", "--now"], access);
      assert.deepEqual([code, stdout.trim()], [0, "delivered 5, waiting 0, refused 0"]);
      assert.deepEqual(contents(misp), EXPECTED);
    });
    await t.step("the same alerts again add no event, object or attempt", async () => {
      await takeAll();
      const { stdout } = await program.run(["flush", "--now"], access);
      assert.equal(stdout.trim(), "delivered 0, waiting 0, refused 0");
      assert.deepEqual(contents(misp), EXPECTED);
    });
    await t.step("nor do they after the buffer was lost", async () => {
      for (const suffix of ["", "-wal", "-shm"]) {
        await Deno.remove(program.buffer + suffix).catch(() => undefined);
      }
      await takeAll();
      const { stdout } = await program.run(["flush", "--now"], access);
      assert.equal(stdout.trim(), "delivered 5, waiting 0, refused 0");
      assert.deepEqual(contents(misp), EXPECTED);
    });
  });

  Deno.test(`${kind}: what a publisher leaves behind reaches MISP, its key in no argument`, async () => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const file = `${program.alerts}/a.alert`;
    await Deno.copyFile(fixturePaths()[0]!, file);
    misp.fail({ kind: "hang" });
    const { code } = await program.run(integratordArgs(file, misp.keys.orgadmin, misp.url), {
      WM_BUFFER_PERIOD_MINUTES: "0",
    });
    assert.equal(code, 0);
    await misp.received(1);
    const lines = await new Deno.Command("sh", {
      args: ["-c", "for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$p; echo; done 2>/dev/null"],
    }).output();
    const ours = new TextDecoder().decode(lines.stdout).split("\n")
      .filter((line) => line.includes(program.root));
    assert.equal(ours.some((line) => line.includes("flush --until-idle")), true);
    assert.equal(ours.some((line) => line.includes(misp.keys.orgadmin)), false);
    misp.release();
    await misp.received(4);
    assert.deepEqual(misp.requests.map((request) => request.path.split("/")[2]), [
      "getVersion.json",
      "view",
      "add",
      "publish",
    ]);
  });

  Deno.test(`${kind}: status says which publications MISP has only queued`, async () => {
    await using misp = await FakeMisp.start({ backgroundJobs: true });
    await using program = await createProgram(kind, {
      mispHost: new URL(misp.url).host,
      environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.orgadmin, ...PRIVATE },
    });
    const file = `${program.alerts}/a.alert`;
    await Deno.copyFile(fixturePaths()[0]!, file);
    const replayed = await program.run(["replay", file], PRIVATE);
    assert.equal(replayed.stdout.trim(), "accepted 1, duplicate 0, ignored 0");
    const flushed = await program.run(["flush", "--now"]);
    assert.equal(flushed.stdout.trim(), "delivered 1, waiting 0, refused 0");
    const { stdout } = await program.run(["status"]);
    assert.match(
      stdout,
      /^publication +publication queued: 1 event since \S+Z; MISP's workers publish them$/m,
    );
    const { publication_queued } = JSON.parse((await program.run(["status", "--json"])).stdout);
    assert.equal(publication_queued.events, 1);
    assert.deepEqual(misp.events().map(({ published }) => published), [false]);
  });

  Deno.test(`${kind}: an outage costs nothing but time`, async () => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, {
      mispHost: new URL(misp.url).host,
      environment: { WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.orgadmin, ...PRIVATE },
    });
    const file = `${program.alerts}/alerts.json`;
    const alerts = fixturePaths().map((path) => Deno.readTextFileSync(path));
    await Deno.writeTextFile(file, alerts.join(""));
    await program.run(["replay", file], PRIVATE);
    misp.down = true;
    const down = await program.run(["flush", "--now"]);
    assert.equal(down.code, 3);
    assert.match(down.stdout, /^delivered 0, waiting 5, refused 0\nwaiting because: MISP at 127/);
    const paused = await program.run(["flush"]);
    assert.deepEqual([paused.code, misp.requests.length], [3, 0]);
    misp.down = false;
    const up = await program.run(["flush", "--now"]);
    assert.deepEqual([up.code, up.stdout.trim()], [0, "delivered 5, waiting 0, refused 0"]);
    assert.deepEqual(contents(misp), EXPECTED);
  });
}
