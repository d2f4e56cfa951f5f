import assert from "node:assert/strict";
import { MOST_OF_CLIENT } from "../../src/server/pages/live.ts";
import { PageScene } from "../support/page_scene.ts";
import { alertText, createService } from "./rig.ts";

Deno.test("POST /alerts without tokens refuses what a proxy forwards, and says why", async () => {
  using service = createService();
  for (const header of ["X-Forwarded-For", "Forwarded", "Via"]) {
    const { status, body } = await service.post(alertText(), { headers: { [header]: "x" } });
    assert.equal(status, 401);
    assert.equal(
      body.error,
      `${header} says that a proxy forwards this request; set server.tokens_file behind a proxy`,
    );
  }
});

Deno.test("createApp() closes the connection of a body with two lengths", async () => {
  using service = createService();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => undefined },
    (request, { remoteAddr }) => service.app.fetch(request, { remoteAddress: remoteAddr.hostname }),
  );
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const body = alertText();
  await connection.write(new TextEncoder().encode(
    "POST /alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n" +
      `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` +
      "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
  ));
  let text = "";
  const buffer = new Uint8Array(4096);
  // The end may come as a reset, since the second request is never read.
  const more = () => connection.read(buffer).catch(() => null);
  for (let read; (read = await more()) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, read));
  }
  assert.doesNotMatch(text, /HTTP\/1\.1 200/);
  assert.equal((await service.post(body)).body.accepted, 1);
  await server.shutdown();
});

Deno.test("createApp() says that the connection ends where it refuses a body", async () => {
  using service = createService();
  const connectionOf = async (body: string, headers: Record<string, string>) => {
    const { app } = service;
    const request = new Request("http://127.0.0.1/alerts", { method: "POST", body, headers });
    const response = await app.fetch(request, { remoteAddress: "127.0.0.1" });
    await response.body?.cancel();
    return [response.status, response.headers.get("Connection")];
  };
  const cases = [
    await connectionOf("{}", { "Content-Length": "2" }),
    await connectionOf("{}", { "Transfer-Encoding": "chunked" }),
    await connectionOf("", { "Content-Length": "0" }),
    await connectionOf(alertText(), { "Transfer-Encoding": "chunked" }),
  ];
  assert.deepEqual(cases, [[400, "close"], [400, "close"], [400, null], [200, null]]);
});

Deno.test("createApp() sends Strict-Transport-Security over TLS only", async () => {
  using service = createService();
  const hsts = async (scheme: string) => {
    const request = new Request(`${scheme}://127.0.0.1/healthz`);
    const { headers, body } = await service.app.fetch(request, { remoteAddress: "127.0.0.1" });
    await body?.cancel();
    return headers.get("Strict-Transport-Security");
  };
  assert.deepEqual([await hsts("http"), await hsts("https")], [null, "max-age=15552000"]);
});

Deno.test("GET /live gives no place to another page, and no client all places", async () => {
  using scene = new PageScene();
  for (const site of ["cross-site", "same-site"]) {
    const refused = await scene.fetch("/live", { headers: { "Sec-Fetch-Site": site } });
    assert.equal(refused.status, 403);
  }
  const bodies: ReadableStream[] = [];
  for (let index = 0; index < MOST_OF_CLIENT; index++) {
    const headers = { "Sec-Fetch-Site": "same-origin" };
    bodies.push((await scene.fetch("/live", { headers })).body!);
  }
  assert.equal((await scene.fetch("/live")).status, 503);
  for (const body of bodies) await body.cancel();
});
