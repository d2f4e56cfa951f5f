import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, KINDS } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

/** So many lines are read and stored piece by piece, without group commit. */
const MANY_LINES = 2000;

for (const kind of KINDS) {
  Deno.test(`${kind}: serve answers while another process holds the lock, and stores once it is free`, async () => {
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(kind, { listen });
    await using service = await Service.start(program, listen, {
      WM_SERVER_PATIENCE_SECONDS: "10",
    });
    const one = JSON.stringify(sshdAlert());
    const lines = Array.from({ length: MANY_LINES }, () => one).join("\n");
    const holder = new DatabaseSync(program.buffer);
    holder.exec("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE");
    const post = async (body: string) => {
      const response = await fetch(`${service.url}/alerts`, { method: "POST", body });
      await response.body?.cancel();
      return [response.status, response.headers.get("Retry-After")];
    };
    let waiting = 5;
    const posts = [one, one, one, one, lines].map((body) => post(body).finally(() => waiting--));
    let asked = 0;
    let slowestMs = 0;
    while (waiting > 0) {
      const askedAt = performance.now();
      const response = await fetch(`${service.url}/healthz`);
      slowestMs = Math.max(slowestMs, performance.now() - askedAt);
      assert.deepEqual([response.status, await response.json()], [200, { status: "ok" }]);
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(await Promise.all(posts), Array(5).fill([503, "5"]));
    assert.ok(slowestMs < 5000, `${slowestMs} ms`);
    assert.ok(asked >= 10, `asked ${asked} times`);
    const later = post(one);
    holder.exec("ROLLBACK");
    holder.close();
    assert.deepEqual(await later, [200, null]);
  });
}
