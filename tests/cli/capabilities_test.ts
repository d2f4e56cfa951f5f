import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { createCapabilities } from "../../src/cli/wiring/capabilities.ts";
import { MispClient } from "../../src/misp/client.ts";
import { FakeMisp } from "../fake_misp/server.ts";

const NOW = Date.UTC(2026, 10, 23);
const MINUTE = 60_000;

/** Asks as often as there are times and keys, each by a process of its own. */
async function ask(
  misp: FakeMisp,
  buffer: SqliteBuffer,
  ...asked: readonly (readonly [minute: number, key: string])[]
) {
  const found: unknown[] = [];
  for (const [minute, apiKey] of asked) {
    const access = { url: misp.url, apiKey };
    using client = new MispClient({ ...access, caCertificate: undefined, timeoutMs: 10_000 });
    const now = () => NOW + minute * MINUTE;
    found.push(await createCapabilities(client, { ...access, buffer, now, log: () => {} })());
  }
  return found;
}

const ORGANISATION = "5f0f1a52-0000-4000-8000-000000000001";

Deno.test("createCapabilities() asks once an hour for all processes, and again for another key", async () => {
  await using misp = await FakeMisp.start();
  using buffer = new SqliteBuffer(":memory:", NOW);
  const all = { kind: "known", mayPublish: true, maySight: true, organisation: ORGANISATION };
  const { publisher, user } = misp.keys;
  assert.deepEqual(await ask(misp, buffer, [0, publisher], [59, publisher]), [all, all]);
  assert.equal(misp.requests.length, 2);
  assert.deepEqual(await ask(misp, buffer, [60, publisher]), [all]);
  assert.equal(misp.requests.length, 4);
  assert.deepEqual(await ask(misp, buffer, [61, user]), [{ ...all, mayPublish: false }]);
  assert.equal(misp.requests.length, 6);
});

Deno.test("createCapabilities() remembers no trouble, and no key", async () => {
  await using misp = await FakeMisp.start({ maintenance: true });
  using buffer = new SqliteBuffer(":memory:", NOW);
  const [problem] = await ask(misp, buffer, [0, misp.keys.publisher]);
  assert.deepEqual(problem, {
    kind: "unavailable",
    reason: "MISP redirected to its login page: the key is wrong, or it is under maintenance",
  });
  misp.maintenance = false;
  await ask(misp, buffer, [1, misp.keys.publisher]);
  const kept = await buffer.settings.get("misp capabilities") ?? "";
  assert.match(kept, /"mayPublish":true/);
  assert.equal(kept.includes(misp.keys.publisher), false);
});

Deno.test("createCapabilities() stays away for as long as MISP asks", async () => {
  await using misp = await FakeMisp.start();
  using buffer = new SqliteBuffer(":memory:", NOW);
  misp.fail({ kind: "rate-limit", reset: 1200 });
  assert.deepEqual(await ask(misp, buffer, [0, misp.keys.publisher]), [{
    kind: "unavailable",
    reason: "MISP, or the proxy before it, answered 429",
    afterMs: 20 * MINUTE,
  }]);
});
