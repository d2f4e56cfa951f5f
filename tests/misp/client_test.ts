import assert from "node:assert/strict";
import { MispClient } from "../../src/misp/client.ts";
import { report, seen, startRig } from "./rest_sink_rig.ts";

const MIB = 1024 * 1024;

/** A server that answers the first connection with some bytes, ends its half and keeps the other open. */
async function answerOnce(bytes: string): Promise<AsyncDisposable & { readonly url: string }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.TcpConn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      held.push(connection);
      await connection.read(new Uint8Array(65_536));
      await connection.write(new TextEncoder().encode(bytes));
      await connection.closeWrite();
    }
  })();
  return await Promise.resolve({
    url: `http://127.0.0.1:${listener.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving.catch(() => undefined);
      for (const connection of held) connection.close();
    },
  });
}

const clientOf = (url: string) =>
  new MispClient({ url, apiKey: "k".repeat(40), caCertificate: undefined, timeoutMs: 10_000 });

const HALF_CLOSED: readonly (readonly [string, string])[] = [
  ["before the answer", ""],
  ["in the head of the answer", "HTTP/1.1 200 OK\r\nContent-Ty"],
  ["in the body", 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Event":'],
  ["in a chunk", 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"Event":'],
];

for (const [what, bytes] of HALF_CLOSED) {
  Deno.test(`request() reads no answer from a connection that is half closed ${what}`, async () => {
    await using server = await answerOnce(bytes);
    using client = clientOf(server.url);
    await assert.rejects(client.request("POST", "/events/add", "{}"), {
      name: "Unreachable",
      message: /^MISP at 127\.0\.0\.1:\d+ cannot be reached: /,
    });
  });
}

Deno.test("request() reads a whole answer in chunks, and characters that are cut in two", async () => {
  const answer = (text: string) => {
    const bytes = new TextEncoder().encode(text).length;
    return `${bytes.toString(16)}\r\n${text}\r\n`;
  };
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  const long = "é".repeat(100_001);
  await using server = await answerOnce(
    `${head}${answer('{"a":"x')}${answer(`${long}"}`)}0\r\n\r\n`,
  );
  using client = clientOf(server.url);
  const { status, json } = await client.request("GET", "/");
  assert.deepEqual([status, json], [200, { a: `x${long}` }]);
});

Deno.test("request() reads one answer after the other, each by itself", async () => {
  await using rig = await startRig({ keepAlive: true });
  using client = new MispClient({
    url: rig.misp.url,
    apiKey: rig.misp.keys.publisher,
    caCertificate: undefined,
    timeoutMs: 10_000,
  });
  const paths = ["/servers/getVersion.json", `/events/view/${"0".repeat(8)}`, "/events/nosuch"];
  const again = [...paths, ...paths, ...paths];
  const answers = await Promise.all(again.map((path) => client.request("GET", path)));
  assert.deepEqual(answers.map(({ status }) => status), [
    ...[200, 404, 403],
    ...[200, 404, 403],
    ...[200, 404, 403],
  ]);
});

Deno.test("deliver() takes an event with a long answer", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "huge-body", bytes: 4 * MIB });
  const [outcome] = await rig.deliver(report());
  assert.equal(outcome?.kind, "delivered");
});

Deno.test("deliver() refuses an event whose answer is longer than the limit, and delivers others", async () => {
  await using rig = await startRig();
  rig.misp.fail({ kind: "huge-body", bytes: 65 * MIB });
  const outcomes = await rig.deliver(report(), report(3, {}, "198.51.100.8"));
  assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["delivered", "refused"]);
  assert.match(JSON.stringify(outcomes), /the answer exceeds 64 MiB/);
  assert.equal(seen(rig.misp).length, 2);
});
