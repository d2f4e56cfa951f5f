/**
 * What a manager that forwards says of it: to `doctor`, when its buffer is full, and of its token to nobody.
 *
 * @module
 */
import assert from "node:assert/strict";
import { numbers } from "../faults/numbered.ts";
import { WazuhSite } from "../follow/wazuh_site.ts";
import { FakeReceiver } from "../forward/fake_receiver.ts";
import { alertOf, createManager, createRelay, linesOf, until } from "./forward_rig.ts";
import { createProgram, integratordArgs, KINDS, type Program } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";
import { argumentsOf, contentsOf } from "./traces.ts";

function logOf({ log }: Program): string {
  try {
    return Deno.readTextFileSync(log);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

for (const kind of KINDS) {
  Deno.test(`${kind}: doctor says whether a remote serve accepts the token`, async () => {
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
    assert.deepEqual(await forwardingOf(), ["ok", `http://${listen} accepts alerts`]);
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

  Deno.test(`${kind}: every input says so when what waits fills the buffer, and goes on when there is space`, async () => {
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
      () => /error: alerts that wait [^\n]+; reading waits/.test(logOf(program)),
    );
    const waiting = await program.run(["status"]);
    assert.match(waiting.stdout, /forward +0 forwarded, \d+ waiting since /);

    receiver.always = "well";
    const flushed = await program.run(["flush", "--now"]);
    assert.match(flushed.stdout, /^forwarded \d+, waiting 0, refused 0$/m);
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

  Deno.test(`${kind}: the token is sent to nobody else`, async () => {
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
    assert.equal(
      children.filter((line) => line.includes("--until-idle")).length,
      1,
      children.join(),
    );
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
