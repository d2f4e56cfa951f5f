/**
 * The background publisher and a configuration that changes under it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { PROGRAM } from "../../src/config/defaults.ts";
import { BACKGROUND_LEASE, PUBLISHER_PROBLEM } from "../../src/publish/names.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { until } from "./forward_rig.ts";
import { createProgram, integratordArgs, KINDS, type Program } from "./program.ts";

const AT_ONCE = { WM_BUFFER_PERIOD_MINUTES: "0" };

async function call(
  program: Program,
  source: string,
  [key, url]: readonly [key: string, url: string],
  environment: Record<string, string> = AT_ONCE,
): Promise<void> {
  const file = `${program.alerts}/${source}.alert`;
  const message = `Failed password for root from ${source} port 51676 ssh2`;
  await Deno.writeTextFile(file, JSON.stringify(sshdAlert({ id: source, message })));
  const { code, stderr } = await program.run(integratordArgs(file, key, url), environment);
  assert.deepEqual([code, stderr], [0, ""]);
}

const sourcesAt = (misp: FakeMisp) =>
  misp.events().map(({ info }) => /from (\S+)/.exec(info)?.[1]).sort();

function ask(program: Program, query: string, ...values: string[]) {
  const db = new DatabaseSync(program.buffer, { readOnly: true });
  try {
    db.exec("PRAGMA busy_timeout = 10000");
    return db.prepare(query).get(...values);
  } finally {
    db.close();
  }
}

const ownerOf = (program: Program) =>
  ask(program, "SELECT owner FROM lease WHERE name = ? AND expires_at > 0", BACKGROUND_LEASE)
    ?.owner;

for (const kind of KINDS) {
  Deno.test(`${kind}: a key that is corrected in ossec.conf is used within seconds, for what waits too`, async () => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    await call(program, "82.202.219.1", ["w".repeat(40), misp.url]);
    await until(
      "MISP refused the key",
      () => ask(program, "SELECT 1 FROM sink_pause") !== undefined,
    );
    await call(program, "82.202.219.2", [misp.keys.publisher, misp.url]);
    await until("MISP has both", () => misp.events().length === 2);
    assert.deepEqual(sourcesAt(misp), ["82.202.219.1", "82.202.219.2"]);
  });

  Deno.test(`${kind}: a configuration that is broken for a while is waited for, and status says so`, async () => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const file = `${program.root}/etc/${PROGRAM}.json`;
    const access = { url: misp.url, api_key: misp.keys.publisher };
    await Deno.writeTextFile(file, JSON.stringify({ misp: access }));
    await call(program, "82.202.219.1", ["", ""], {});
    await until("a publisher waits", () => ownerOf(program) !== undefined);
    await Deno.writeTextFile(file, '{"misp":');
    const place = "line 1, column 9; check the quotes and commas before that place";
    const problem = () =>
      ask(program, "SELECT value FROM setting WHERE name = ?", PUBLISHER_PROBLEM)?.value;
    await until("the problem is told", () => problem() !== undefined);
    assert.equal(problem(), `${file} is not JSON: ${place}`);
    await Deno.writeTextFile(file, JSON.stringify({ misp: access, buffer: { period_minutes: 0 } }));
    await until("it goes on", () => misp.events().length === 1);
    assert.equal(problem(), undefined);
    const log = await Deno.readTextFile(program.log);
    assert.deepEqual(log.match(/nothing is published .*/g), [
      `nothing is published until the configuration is usable: ${file} is not JSON: ${place}`,
    ]);
  });

  Deno.test(`${kind}: a folder of the key that is shut for a while is waited for`, async () => {
    await using misp = await FakeMisp.start();
    await using program = await createProgram(kind, { mispHost: new URL(misp.url).host });
    const folder = `${program.root}/etc/custom-misp`;
    await Deno.writeTextFile(`${folder}/key`, misp.keys.publisher);
    const file = `${program.root}/etc/${PROGRAM}.json`;
    const written = { url: misp.url, api_key_file: `${folder}/key` };
    await Deno.writeTextFile(file, JSON.stringify({ misp: written }));
    await call(program, "82.202.219.1", ["", ""], {});
    await until("a publisher waits", () => ownerOf(program) !== undefined);
    await Deno.rename(folder, `${folder}-aside`);
    const statusOf = async () => (await program.run(["status"])).stdout;
    await until(
      "status says so",
      async () => /^problem +.*custom-misp\/key/m.test(await statusOf()),
    );
    assert.notEqual(ownerOf(program), undefined);
    await Deno.rename(`${folder}-aside`, folder);
    await until("status is well", async () => !(await statusOf()).includes("problem"));
    assert.notEqual(ownerOf(program), undefined);
  });
}

Deno.test("deno run: an address that is changed in ossec.conf is used within seconds", async () => {
  await using old = await FakeMisp.start();
  await using misp = await FakeMisp.start();
  await using program = await createProgram("deno run");
  old.failEvery(1, { kind: "gateway", status: 503 });
  await call(program, "82.202.219.1", [old.keys.publisher, old.url]);
  await old.received(1);
  await call(program, "82.202.219.2", [misp.keys.publisher, misp.url]);
  await until("the new MISP has both", () => misp.events().length === 2);
  assert.deepEqual(sourcesAt(misp), ["82.202.219.1", "82.202.219.2"]);
});
