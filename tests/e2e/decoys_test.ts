import assert from "node:assert/strict";
import { decoyAlert, heraldingSession, openCanary } from "../cowrie/decoy_alerts.ts";
import { createProgram, integratordArgs, KINDS } from "./program.ts";

const FORMATS = [{
  name: "my-honeypot",
  when: { "data.app": "my-honeypot" },
  event: "data.kind",
  failed: "refused",
  source: "data.peer",
  user: "data.name",
}];

const own = decoyAlert({ app: "my-honeypot", kind: "refused", peer: "203.0.113.29", name: "root" });

for (const kind of KINDS) {
  Deno.test(`${kind}: alerts of other honeypots become events, by both ways in`, async () => {
    const environment = {
      WM_GUARD_PUBLISH_PRIVATE: "true",
      WM_HONEYPOT_FORMATS: JSON.stringify(FORMATS),
    };
    await using program = await createProgram(kind, { environment });
    const lines = [heraldingSession(), own].map((one) => `${JSON.stringify(one)}\n`).join("");
    const replayed = await program.feedInput(["replay", "-"], lines);
    assert.deepEqual([replayed.code, replayed.stderr], [0, ""]);
    const file = `${program.root}/queue/decoy.alert`;
    await Deno.writeTextFile(file, JSON.stringify(openCanary()));
    const called = await program.run(integratordArgs(file));
    assert.deepEqual([called.code, called.stderr], [0, ""]);
    const flushed = await program.run(["flush", "--now"]);
    assert.deepEqual([flushed.code, flushed.stderr], [0, ""]);
    const manifest = JSON.parse(await Deno.readTextFile(`${program.feed}/manifest.json`)) as object;
    assert.deepEqual(Object.values(manifest).map(({ info }: { info: string }) => info).sort(), [
      "SSH Brute Force Attack from 203.0.113.25 (1 attempt)",
      "SSH Brute Force Attack from 203.0.113.27 (2 attempts)",
      "SSH Brute Force Attack from 203.0.113.29 (1 attempt)",
    ]);
    const { stdout } = await program.run(["config"]);
    assert.match(stdout, /^honeypot\.formats +environment +my-honeypot$/m);
  });

  Deno.test(`${kind}: config --schema describes a format`, async () => {
    await using program = await createProgram(kind);
    const { stdout } = await program.run(["config", "--schema"]);
    const { formats } = JSON.parse(stdout).properties.honeypot.properties;
    assert.equal(formats.type, "array");
    assert.deepEqual(formats.default, []);
    assert.deepEqual(formats.items.required, ["name", "when", "event", "source"]);
    assert.deepEqual(formats.items.properties.failed.anyOf, [
      { type: "string" },
      { type: "array", items: { type: "string" } },
    ]);
  });
}
