import assert from "node:assert/strict";
import { Webhook, type WebhookOptions } from "../../src/notify/webhook.ts";
import { freePort } from "../support/ports.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const SECRET = "/services/T000/B000/s3cr3tT0k3n?key=abc";
const MESSAGE = { contentType: "application/json", body: '{"text":"x"}' };

interface Seen {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A receiver whose answer a test chooses. */
function receiver(answer: (request: Request) => Response | Promise<Response>) {
  const seen: Seen[] = [];
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    seen.push({ url: request.url, headers: request.headers, body: await request.text() });
    return answer(request);
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    ...{ seen, host },
    webhook: (more: Partial<WebhookOptions> = {}) =>
      new Webhook({ url: `http://${host}${SECRET}`, caCertificate: undefined, ...more }),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("send() posts the message with the key of its login", async () => {
  await using there = receiver(() => new Response("ok"));
  assert.equal(await there.webhook().reach(), undefined);
  assert.deepEqual(await there.webhook().send(MESSAGE, "k1", NOW), { kind: "accepted" });
  assert.equal(there.seen.length, 1);
  const [{ url, headers, body }] = there.seen as [Seen];
  assert.equal(url, `http://${there.host}${SECRET}`);
  assert.deepEqual(
    [headers.get("Content-Type"), headers.get("Idempotency-Key"), body],
    ["application/json", "k1", '{"text":"x"}'],
  );
});

Deno.test("send() takes an answer of another status for not accepted, and keeps its pause", async () => {
  const answers = [
    new Response("no", { status: 404 }),
    new Response("slow down", { status: 429, headers: { "Retry-After": "90" } }),
    new Response("", { status: 500 }),
    new Response("", { status: 302, headers: { Location: "http://127.0.0.1:1/" } }),
  ];
  await using there = receiver(() => answers.shift()!);
  const { host } = there;
  const check = "; check notify.webhook_url";
  const found = [];
  for (let n = 0; n < 4; n++) found.push(await there.webhook().send(MESSAGE, "k", NOW));
  assert.deepEqual(found, [
    { kind: "not_accepted", reason: `${host} answered 404${check}` },
    { kind: "not_accepted", reason: `${host} answered 429${check}`, afterMs: 90_000 },
    { kind: "not_accepted", reason: `${host} answered 500${check}` },
    {
      kind: "not_accepted",
      reason: `${host} answered 302: redirects are not followed; set notify.webhook_url to the ` +
        "new address",
    },
  ]);
  assert.equal(there.seen.length, 4);
});

Deno.test("send() does not know what became of a request without an answer, nor shows its path", async () => {
  const released = Promise.withResolvers<void>();
  await using there = receiver(async () => {
    await released.promise;
    return new Response("late");
  });
  const late = await there.webhook({ timeoutMs: 50 }).send(MESSAGE, "k", NOW);
  released.resolve();
  assert.deepEqual(late, {
    kind: "unknown",
    reason: `${there.host} did not answer within 0.05 s`,
  });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}${SECRET}`;
  const closing = listener.accept().then(async (connection) => {
    await connection.read(new Uint8Array(4096));
    connection.close();
  });
  const broken = await new Webhook({ url, caCertificate: undefined }).send(MESSAGE, "k", NOW);
  await closing;
  assert.ok(broken.kind === "unknown" && /did not answer: /.test(broken.reason));
  assert.doesNotMatch(broken.reason, /s3cr3t|services/);
  const long = receiver(() => new Response("x".repeat(100_000)));
  assert.equal((await long.webhook().send(MESSAGE, "k", NOW)).kind, "unknown");
  await long[Symbol.asyncDispose]();
});

Deno.test("reach() and send() say that nothing listens, and which binary may not connect", async () => {
  const host = `127.0.0.1:${freePort()}`;
  const gone = new Webhook({ url: `http://${host}${SECRET}`, caCertificate: undefined });
  assert.equal(await gone.reach(), `${host} cannot be reached`);
  const sent = await gone.send(MESSAGE, "k", NOW);
  assert.ok(sent.kind === "not_accepted", sent.kind);
  assert.match(sent.reason, new RegExp(`^${host} cannot be reached: .*refused`));
  assert.doesNotMatch(sent.reason, /s3cr3t/);
  const other = new Webhook({
    url: `https://hooks.example.org${SECRET}`,
    caCertificate: undefined,
  });
  const said = "this binary may not connect to hooks.example.org; compile it with --notify-host " +
    "hooks.example.org";
  assert.equal(await other.reach(), said);
  assert.deepEqual(await other.send(MESSAGE, "k", NOW), { kind: "not_accepted", reason: said });
});
