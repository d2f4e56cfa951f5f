import assert from "node:assert/strict";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, integratordArgs, KIND, type Program } from "./program.ts";
import { contentsOf } from "./traces.ts";

const PATH = "/services/T000/B000/Th1sT0kenMustNotBeShown?key=n0rTh1s0ne";
const SECRETS = ["Th1sT0kenMustNotBeShown", "n0rTh1s0ne"];

/** A webhook that notes what it gets. */
function receiver() {
  const texts: string[] = [];
  const first = Promise.withResolvers<void>();
  const there = { status: 200, answer: Promise.resolve(), texts, first: first.promise };
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    const { text } = await request.json();
    texts.push(text);
    first.resolve();
    await there.answer;
    // It repeats what it was sent, as proxies do.
    const headers = { Location: request.url, "X-Url": request.url };
    return new Response(request.url, { status: there.status, headers });
  });
  return Object.assign(there, {
    host: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  });
}

/** Alerts of a source that failed and then logged in, which happens now. */
function loginOf(source: string): readonly string[] {
  const alert = (what: string, rule: string, at: number) =>
    JSON.stringify(sshdAlert({
      ...{ rule, time: new Date(at).toISOString().replace("Z", "+0000") },
      message: `${what} password for root from ${source} port 4711 ssh2`,
    }));
  return [alert("Failed", "5760", Date.now() - 60_000), alert("Accepted", "5715", Date.now())];
}

async function logsIn(program: Program, source: string): Promise<void> {
  const file = `${program.alerts}/login.json`;
  await Deno.writeTextFile(file, loginOf(source).join("\n"));
  assert.equal((await program.run(["replay", file])).code, 0);
}

const environmentOf = (host: string) => ({
  WM_GUARD_PUBLISH_PRIVATE: "true",
  WM_NOTIFY_WEBHOOK_URL: `http://${host}${PATH}`,
  WM_NOTIFY_FORMAT: "slack",
});

Deno.test("flush reports a login once to the webhook, and none of before there was one", async () => {
  await using there = receiver();
  const environment = { WM_GUARD_PUBLISH_PRIVATE: "true" };
  await using program = await createProgram(KIND, { notifyHost: there.host, environment });
  const notifying = environmentOf(there.host);
  await logsIn(program, "192.0.2.1");
  const flush = async (...args: string[]) => {
    const { code, stderr } = await program.run(["flush", ...args], notifying);
    assert.deepEqual([code, stderr], [0, ""]);
  };
  await flush();
  assert.deepEqual(there.texts, []);
  await logsIn(program, "192.0.2.2");
  await Promise.all([flush(), flush(), flush("--now")]);
  await flush("--now");
  assert.equal(there.texts.length, 1, there.texts.join("\n"));
  assert.match(
    there.texts[0]!,
    /^192\.0\.2\.2 logged in as `root` on honeypot `honeypot-fra1` at 20\S+Z\. Treat this sensor/,
  );
});

Deno.test("the address of the webhook reaches no screen, log or file", async () => {
  await using there = receiver();
  await using program = await createProgram(KIND, {
    notifyHost: there.host,
    environment: environmentOf(there.host),
  });
  assert.equal((await program.run(["flush"])).code, 0);
  const results = [];
  for (const status of [404, 302, 500]) {
    there.status = status;
    await logsIn(program, `192.0.2.${status % 250}`);
    results.push(await program.run(["flush", "--now"]));
  }
  assert.equal(there.texts.length, 3);
  for (const args of [["status"], ["status", "--json"], ["config"], ["config", "--json"]]) {
    results.push(await program.run(args));
  }
  const wrong = { WM_NOTIFY_WEBHOOK_URL: `ftp://${there.host}${PATH}` };
  const refused = await program.run(["flush"], wrong);
  assert.equal(
    refused.stderr,
    "custom-misp_ssh_bruteforce-publish: WM_NOTIFY_WEBHOOK_URL is (secret); allowed is an http or " +
      "https address\n",
  );
  results.push(refused, await program.run(["flush", "--now"], { WM_NOTIFY_CA_FILE: "/tmp/none" }));
  const shown = results.map(({ stdout, stderr }) => stdout + stderr).join("\n");
  assert.match(shown, /notify paused +until \S+: 127\.0\.0\.1:\d+ answered 500; check notify/);
  assert.match(shown, /notify\.webhook_url +environment \*{8}/);
  const kept = await contentsOf(program.root);
  assert.match(kept, /the login of 192\.0\.2\.154 cannot be reported now/);
  for (const secret of SECRETS) assert.equal((shown + kept).includes(secret), false, shown);
});

Deno.test("a process that is killed while it waits for the answer has its report sent no second time", async () => {
  await using there = receiver();
  await using program = await createProgram(KIND, {
    notifyHost: there.host,
    environment: environmentOf(there.host),
  });
  assert.equal((await program.run(["flush"])).code, 0);
  await logsIn(program, "192.0.2.7");
  const answer = Promise.withResolvers<void>();
  there.answer = answer.promise;
  const child = program.command(["flush"]).spawn();
  await there.first;
  child.kill("SIGKILL");
  await child.output();
  answer.resolve();
  assert.equal((await program.run(["flush", "--now"])).code, 0);
  assert.equal(there.texts.length, 1);
  assert.match(
    await Deno.readTextFile(program.log),
    /whether the report of the login of 192\.0\.2\.7 arrived is not known: a process died/,
  );
});

Deno.test("an integration call has its login reported at once, long before the attack is due", async () => {
  await using there = receiver();
  await using program = await createProgram(KIND, { notifyHost: there.host });
  const environment = environmentOf(there.host);
  assert.equal((await program.run(["flush"], environment)).code, 0);
  for (const [index, alert] of loginOf("192.0.2.7").entries()) {
    const file = `${program.alerts}/${index}.alert`;
    await Deno.writeTextFile(file, alert);
    assert.equal((await program.run(integratordArgs(file), environment)).code, 0);
  }
  await there.first;
  assert.equal(there.texts.length, 1);
});
