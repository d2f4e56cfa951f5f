/**
 * The key of MISP stands in no argument of a child, in no log, answer, error, status or file, whatever
 * the other side says of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, integratordArgs, KINDS } from "./program.ts";
import { argumentsOf, contentsOf } from "./traces.ts";

const KEY = "S3cr3tK3yOfM1spThatNobodyMayEverSee00000";

/** A proxy that repeats in its answer what it was sent. */
function echo(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const key = request.headers.get("Authorization");
    return Response.json(
      { name: `Key ${key} is wrong`, message: `Key ${key} is wrong`, errors: `no ${key}` },
      { status: 403, headers: { "X-Result": `${key}` } },
    );
  });
}

for (const kind of KINDS) {
  Deno.test(`${kind}: the key of MISP is told to nobody but MISP`, async () => {
    await using server = echo();
    const url = `http://127.0.0.1:${server.addr.port}`;
    await using program = await createProgram(kind, { mispHost: `127.0.0.1:${server.addr.port}` });
    const file = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(file, JSON.stringify(sshdAlert()));
    const results = [await program.run(integratordArgs(file, KEY, url))];
    assert.equal(results[0]?.code, 0);
    // The publisher that it left behind waits for the attack to be due.
    const children = await argumentsOf(program.root);
    assert.equal(
      children.filter((line) => line.includes("--until-idle")).length,
      1,
      children.join(),
    );
    assert.equal(children.join().includes(KEY), false);
    const environment = { WM_MISP_URL: url, WM_MISP_API_KEY: KEY };
    for (
      const args of [
        ["flush", "--now"],
        ["flush", "--now", "--json"],
        ["status"],
        ["status", "--json"],
        ["report", "list"],
        ["report", "show", "82.202.219.155"],
        ["doctor"],
        ["doctor", "--json"],
        ["config"],
        ["config", "--json"],
        ["--test", "--send"],
        ["retract", "82.202.219.155"],
      ]
    ) results.push(await program.run(args, environment));
    const told = results.map(({ stdout, stderr }) => stdout + stderr).join("\n");
    assert.match(told, /Key \(key\) is wrong|no \(key\)/);
    assert.equal(told.includes(KEY), false, told);
    const kept = await contentsOf(program.root);
    assert.match(kept, /\(key\)/);
    assert.equal(kept.includes(KEY), false);
  });
}
