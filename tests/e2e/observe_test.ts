import assert from "node:assert/strict";
import { parseExposition } from "../server/exposition.ts";
import { fixture, fixturePaths } from "../support/fixtures.ts";
import { createProgram, KINDS } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

const ACCEPTED = 'custom_misp_alerts_total{outcome="accepted"}';

for (const kind of KINDS) {
  Deno.test(`${kind}: serve says how it is, counts over a restart, and serves its feed`, async () => {
    const listen = `127.0.0.1:${freePort()}`;
    await using program = await createProgram(kind, {
      listen,
      environment: { WM_GUARD_PUBLISH_PRIVATE: "true" },
    });
    const get = async (path: string, headers: HeadersInit = {}) => {
      const response = await fetch(`http://${listen}${path}`, { headers });
      return { status: response.status, headers: response.headers, text: await response.text() };
    };
    const scrape = async () => parseExposition((await get("/metrics")).text);
    {
      await using service = await Service.start(program, listen);
      // Before anything is counted: a count is kept for some seconds.
      const all = fixturePaths().map((path) => Deno.readTextFileSync(path)).join("");
      assert.equal((await service.post(all))[0], 200);
      const ready = await get("/readyz");
      assert.deepEqual([ready.status, JSON.parse(ready.text)], [
        200,
        { status: "ready", reasons: [], last_delivered: null },
      ]);
      assert.equal((await get("/feed/manifest.json")).status, 404);
      assert.equal((await scrape()).get(ACCEPTED), 18);
      assert.equal((await get("/docs")).status, 200);
      assert.equal(JSON.parse((await get("/openapi.json")).text).openapi, "3.1.0");
      assert.equal(await service.end(), 0);
    }
    assert.equal((await program.run(["flush", "--now"])).code, 0);
    await using service = await Service.start(program, listen);
    assert.equal((await service.post(JSON.stringify(fixture("04-5760-failed-password"))))[0], 200);
    const found = await scrape();
    assert.equal(found.get(ACCEPTED), 18);
    assert.equal(found.get('custom_misp_alerts_total{outcome="duplicate"}'), 1);
    assert.equal(found.get('custom_misp_reports{state="delivered"}'), 5);
    // The binary may not read /proc, where the library would look.
    assert.ok(found.get("process_resident_memory_bytes")! > 1024 * 1024);
    assert.ok(found.get("process_cpu_seconds_total")! > 0);
    const manifest = await get("/feed/manifest.json");
    const uuids = Object.keys(JSON.parse(manifest.text));
    assert.equal(uuids.length, 5);
    for (const uuid of uuids) {
      assert.equal(JSON.parse((await get(`/feed/${uuid}.json`)).text).Event.uuid, uuid);
    }
    // As a proxy or the runtime itself may have packed it.
    const etag = manifest.headers.get("ETag")!;
    assert.equal((await get("/feed/manifest.json", { "If-None-Match": etag })).status, 304);
    assert.match((await get("/feed/hashes.csv")).text, /^[0-9a-f]{32},[0-9a-f-]{36}\n/);
    assert.equal(await service.end(), 0);
  });
}
