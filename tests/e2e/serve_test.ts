import assert from "node:assert/strict";
import { fixture, fixturePaths, sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { createProgram, feedWritten, KINDS } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

for (const kind of KINDS) {
  Deno.test(`${kind}: serve takes alerts, answers after the commit, and flushes at its end`, async () => {
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(kind, { listen });
    await using service = await Service.start(program, listen, {
      WM_GUARD_PUBLISH_PRIVATE: "true",
      WM_BUFFER_PERIOD_MINUTES: "0",
    });
    const health = await fetch(`${service.url}/healthz`);
    assert.deepEqual([health.status, await health.json()], [200, { status: "ok" }]);
    const one = fixture("04-5760-failed-password");
    assert.deepEqual(await service.post(JSON.stringify(one)), [
      200,
      { accepted: 1, duplicate: 0, ignored: {}, errors: [] },
    ]);
    const all = fixturePaths().map((path) => Deno.readTextFileSync(path)).join("");
    assert.deepEqual(await service.post(all), [200, {
      accepted: 17,
      duplicate: 1,
      ignored: { host_name: 1, not_honeypot: 1 },
      errors: [],
    }]);
    assert.deepEqual(await service.post(JSON.stringify([sshdAlert({ agent: "web" }), 7])), [200, {
      accepted: 0,
      duplicate: 0,
      ignored: { not_honeypot: 1, malformed: 1 },
      errors: [{ index: 1, where: "item 2", reason: "malformed" }],
    }]);
    assert.equal((await service.post("This is a test message"))[0], 200);
    assert.equal(await service.end(), 0);
    const files = [...Deno.readDirSync(program.feed)].map(({ name }) => name);
    assert.equal(files.length, 7, "five events, the manifest and the hashes");
  });

  Deno.test(`${kind}: serve shows pages, and ends at once with those who look at them`, async () => {
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(kind, { listen });
    await using service = await Service.start(program, listen, {
      WM_GUARD_PUBLISH_PRIVATE: "true",
    });
    const live = await fetch(`${service.url}/live`);
    const reader = live.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    const until = async (text: string) => {
      while (!seen.includes(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended before ${text}`);
        seen += value;
      }
    };
    await until("No attacks yet");
    // The overview is about the last 24 hours.
    const timestamp = new Date().toISOString().replace("Z", "+0000");
    await service.post(JSON.stringify({ ...fixture("04-5760-failed-password"), timestamp }));
    await until("/sources/192.241.237.101");
    for (const path of ["/", "/refused", "/sources/192.241.237.101"]) {
      const page = await fetch(service.url + path);
      assert.deepEqual([page.status, (await page.text()).includes("</html>")], [200, true], path);
    }
    const start = performance.now();
    assert.equal(await service.end(), 0);
    while (!(await reader.read()).done);
    assert.ok(performance.now() - start < 8000, "nobody was waited for");
  });

  Deno.test(`${kind}: serve wants a token from anywhere once there are tokens`, async () => {
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(kind, { listen });
    const tokens = `${program.root}/queue/custom-misp/tokens`;
    const environment = { WM_SERVER_TOKENS_FILE: tokens };
    const made = await program.run(["serve", "token", "new", "manager-01"], environment);
    assert.deepEqual([made.code, made.stderr], [
      0,
      `its hash is in ${tokens}; the token is shown only here\n`,
    ]);
    const token = made.stdout.trim();
    assert.match(token, /^[A-Za-z0-9_-]{43}$/);
    const text = Deno.readTextFileSync(tokens);
    assert.match(text, /^manager-01 sha256:[0-9a-f]{64}\n$/);
    assert.equal(Deno.statSync(tokens).mode! & 0o777, 0o640);
    const again = await program.run(["serve", "token", "new", "manager-01"], environment);
    assert.deepEqual([again.code, again.stdout], [2, ""]);
    await using service = await Service.start(program, listen, environment);
    const alert = JSON.stringify(fixture("04-5760-failed-password"));
    assert.equal((await service.post(alert))[0], 401);
    const wrong = { Authorization: `Bearer ${token}x` };
    assert.equal((await service.post(alert, wrong))[0], 401);
    const right = { Authorization: `Bearer ${token}` };
    assert.equal((await service.post(alert, right))[0], 200);
    assert.equal(await service.end(), 0);
    const log = Deno.readTextFileSync(program.log);
    assert.equal(log.includes(token), false);
  });

  Deno.test(`${kind}: serve refuses to listen elsewhere without tokens`, async () => {
    await using program = await createProgram(kind, { listen: "0.0.0.0:8787" });
    const { code, stderr } = await program.run(["serve", "--listen", "0.0.0.0:8787"]);
    assert.deepEqual([code, stderr], [
      2,
      "custom-misp_ssh_bruteforce-publish: server.listen is 0.0.0.0, but without " +
      "server.tokens_file only a loopback address is allowed; `serve token new NAME` makes a token\n",
    ]);
  });

  Deno.test({
    name: `${kind}: serve flushes each minute`,
    ...needs("a minute of time (CI=true)"),
    fn: async () => {
      const listen = `127.0.0.1:${freePort()}`;
      await using program = await createProgram(kind, { listen });
      await using service = await Service.start(program, listen, { WM_BUFFER_PERIOD_MINUTES: "0" });
      await service.post(JSON.stringify(fixture("04-5760-failed-password")));
      assert.equal(await feedWritten(program, 70_000), true);
      assert.equal(await service.end(), 0);
    },
  });
}
