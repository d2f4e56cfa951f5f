/**
 * Senders that begin and then pause, on real connections. `bench/serve.ts` measures how long others take
 * beside them; here the others are answered before any of the slow ones.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseTokens } from "../../src/server/middleware/access.ts";
import { Limits } from "../../src/server/middleware/limits.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { createRig, type Rig } from "./rig.ts";

const SLOW = 100;
const encoder = new TextEncoder();

/** Serves a rig on a port of its own for as long as `work` goes on. */
async function served(rig: Rig, work: (port: number) => Promise<void>): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => undefined },
    (request, { remoteAddr }) => rig.app.fetch(request, { remoteAddress: remoteAddr.hostname }),
  );
  try {
    await work(server.addr.port);
  } finally {
    await server.shutdown();
  }
}

async function begin(port: number, text: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(encoder.encode(text));
  return connection;
}

const connectAll = (port: number, text: string) =>
  Promise.all(Array.from({ length: SLOW }, () => begin(port, text)));

const closeAll = (connections: readonly Deno.TcpConn[]) =>
  connections.forEach((connection) => connection.close());

/** @returns the first line of the answer, and its last */
async function answerOf(connection: Deno.TcpConn): Promise<readonly string[]> {
  const buffer = new Uint8Array(4096);
  let text = "";
  while (!text.endsWith("}")) {
    const read = await connection.read(buffer);
    if (read === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, read));
  }
  const lines = text.split("\r\n");
  return [lines[0]!, lines.at(-1)!];
}

async function post(port: number, token?: string): Promise<readonly [number, unknown]> {
  const response = await fetch(`http://127.0.0.1:${port}/alerts`, {
    method: "POST",
    body: JSON.stringify(sshdAlert()),
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
  return [response.status, await response.json()];
}

const ACCEPTED = { accepted: 1, duplicate: 0, ignored: {}, errors: [] };

Deno.test("100 senders in the middle of a body keep nobody waiting, and are stored when they continue", async () => {
  using rig = await createRig();
  await served(rig, async (port) => {
    const alert = JSON.stringify(sshdAlert());
    const head = "POST /alerts HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    const slow = await connectAll(port, `${head}Content-Length: ${alert.length}\r\n\r\n{`);
    for (let round = 0; round < 20; round++) assert.deepEqual(await post(port), [200, ACCEPTED]);
    assert.equal((await rig.buffer.views.status()).accepted, 20);
    for (const connection of slow) await connection.write(encoder.encode(alert.slice(1)));
    const answers = await Promise.all(slow.map(answerOf));
    closeAll(slow);
    const replies = answers.map(([status, body]) => [status, JSON.parse(body!)]);
    // All of them sent the same alert.
    const accepted = replies.filter(([, body]) => body.accepted === 1);
    const duplicate = replies.filter(([, body]) => body.duplicate === 1);
    assert.deepEqual([accepted.length, duplicate.length], [1, SLOW - 1]);
    assert.deepEqual(new Set(replies.map(([status]) => status)), new Set(["HTTP/1.1 200 OK"]));
  });
});

Deno.test("100 clients in the middle of a header, and 100 that say nothing, keep nobody waiting", async () => {
  using rig = await createRig();
  await served(rig, async (port) => {
    const slow = await connectAll(port, "POST /alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
    const silent = await connectAll(port, "");
    for (let round = 0; round < 20; round++) assert.deepEqual(await post(port), [200, ACCEPTED]);
    closeAll([...slow, ...silent]);
  });
});

Deno.test("slow senders use up what their own token may do at a time, and no other's", async () => {
  const line = (name: string) =>
    `${name} sha256:${createHash("sha256").update(name).digest("hex")}`;
  const tokens = parseTokens(["slow", "quick"].map(line).join("\n"));
  const limits = new Limits({ maxParallel: 50, maxPerMinute: 0 });
  using rig = await createRig({ tokens: () => tokens, limits });
  await served(rig, async (port) => {
    const head = "POST /alerts/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n{";
    const slow: Deno.TcpConn[] = [];
    for (let index = 0; index < 50; index++) slow.push(await begin(port, head));
    // The service has seen all of them as soon as it sends one away.
    let status = 0;
    while (status !== 429) [status] = await post(port, "slow");
    assert.deepEqual(await post(port, "quick"), [200, ACCEPTED]);
    closeAll(slow);
  });
});

Deno.test("a sender that stops in the middle of a short body gets 408", async () => {
  using rig = await createRig({ readTimeoutMs: 1000 });
  await served(rig, async (port) => {
    const head = "POST /alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{";
    const connection = await begin(port, head);
    const [status, body] = await answerOf(connection);
    assert.equal(status, "HTTP/1.1 408 Request Timeout");
    assert.equal(JSON.parse(body!).error, "the body arrived too slowly");
    connection.close();
    assert.deepEqual(await post(port), [200, ACCEPTED]);
  });
});
