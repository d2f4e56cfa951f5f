/**
 * A damaged buffer, and what each way in and each command makes of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { createProgram, integratordArgs, KIND, KINDS, type Program } from "../e2e/program.ts";
import { zeroPage } from "./damage_rig.ts";
import { alertOf, sourceOf } from "./numbered_sources.ts";

/** Fills the first page of a table, which SQLite reads as soon as anybody uses the table, with rubbish. */
function damageTable(path: string, table: string): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const { rootpage } = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table)!;
  db.close();
  zeroPage(path, Number(rootpage) - 1);
}

const stateOf = (program: Program) => program.buffer.replace(/\/[^/]*$/, "");

const asidesOf = (program: Program) =>
  [...Deno.readDirSync(stateOf(program))].map(({ name }) => name)
    .filter((name) => /\.corrupt-[^/]*Z$/.test(name));

async function shown(program: Program) {
  const { code, stdout, stderr } = await program.run(["status", "--json"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const { alerts, pending, reports } = JSON.parse(stdout) as {
    alerts: { accepted: number };
    pending: { attempts: number };
    reports: { waiting: number; delivered: number };
  };
  return { accepted: alerts.accepted, attempts: pending.attempts, ...reports };
}

function titlesOf(program: Program): readonly string[] {
  const manifest = JSON.parse(Deno.readTextFileSync(`${program.feed}/manifest.json`)) as Record<
    string,
    { info: string }
  >;
  return Object.values(manifest).map(({ info }) => info).sort();
}

for (const kind of KINDS) {
  Deno.test(`${kind}: damage that only the publisher meets is reported by all, repaired by the publisher, and made good by replay`, async () => {
    await using program = await createProgram(kind);
    const kept = `${program.alerts}/kept.json`;
    const write = (numbers: readonly number[]) =>
      Deno.writeTextFile(kept, numbers.map((n) => JSON.stringify(alertOf(n))).join("\n"));
    await write([1, 2, 3]);
    assert.equal((await program.run(["replay", kept])).code, 0);
    assert.equal((await program.run(["flush", "--now"])).code, 0);
    await write([1, 2, 3, 4, 5]);
    assert.equal((await program.run(["replay", kept])).code, 0);
    const titles = titlesOf(program);
    damageTable(program.buffer, "report");
    damageTable(program.buffer, "report_count");
    for (const args of [["status"], ["report"], ["retract", sourceOf(1)]]) {
      const { code, stdout, stderr } = await program.run(args);
      assert.deepEqual([code, stdout], [1, ""], args.join());
      assert.match(
        stderr,
        /^custom-misp\S+: buffer \S+buffer\.db: it is damaged \(database disk image is malformed\); `replay` of kept alert files moves it aside and fills a new one\n$/,
      );
    }
    const examined = await program.run(["doctor"]);
    assert.equal(examined.code, 1);
    const said = examined.stdout.replace(/\s+/g, " ");
    assert.match(said, /buffer\.db: it is damaged \(.*\) -> `replay` of kept alert files moves it/);
    assert.doesNotMatch(said, /\\u000a/);
    assert.deepEqual(asidesOf(program), []);
    // Without anything due its own pages are all that it reads.
    const flushed = await program.run(["flush", "--now"]);
    assert.equal(flushed.code, 1);
    assert.match(
      flushed.stderr,
      /^custom-misp\S+: buffer \S+buffer\.db: it was damaged; it is kept as \S+\.corrupt-\S+Z, a new one was started; `replay` of kept alert files fills it again\n$/,
    );
    assert.equal(asidesOf(program).length, 1);
    assert.match(Deno.readTextFileSync(program.log), / error: the buffer was damaged; it is kept/);
    // Damage that shows at opening ends alike: what waited is not delivered.
    Deno.writeTextFileSync(program.buffer, "not a database\n".repeat(500));
    const again = await program.run(["flush"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^[^\n]* it was damaged; it is kept as [^\n]*\n$/);
    assert.equal((await program.run(["flush"])).code, 0);
    assert.equal((await program.run(["replay", kept])).code, 0);
    assert.deepEqual(
      await shown(program),
      { accepted: 5, attempts: 5, waiting: 0, delivered: 0, refused: 0, dropped: 0 },
    );
    assert.equal((await program.run(["flush", "--now"])).code, 0);
    assert.equal(titles.length, 3);
    assert.deepEqual(titlesOf(program).filter((title) => titles.includes(title)), titles);
    assert.equal(titlesOf(program).length, 5);
  });

  Deno.test(`${kind}: damage that an alert does not meet until it is stored costs it nothing`, async () => {
    await using program = await createProgram(kind);
    const file = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(file, JSON.stringify(alertOf(1)));
    assert.equal((await program.run(["replay", file])).code, 0);
    damageTable(program.buffer, "setting");
    await Deno.writeTextFile(file, JSON.stringify(alertOf(2)));
    const { code, stderr } = await program.run(integratordArgs(file));
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal((await shown(program)).accepted, 1);
    assert.match(Deno.readTextFileSync(program.log), /the buffer was damaged; it is kept as/);
  });

  Deno.test(`${kind}: replay finds damage that nothing else meets, before it fills anything in`, async () => {
    await using program = await createProgram(kind);
    const kept = `${program.alerts}/kept.json`;
    await Deno.writeTextFile(kept, [1, 2].map((n) => JSON.stringify(alertOf(n))).join("\n"));
    assert.equal((await program.run(["replay", kept])).code, 0);
    damageTable(program.buffer, "source_record");
    const { code, stdout, stderr } = await program.run(["replay", kept]);
    assert.deepEqual([code, stdout], [0, "accepted 2, duplicate 0, ignored 0\n"]);
    assert.match(stderr, /^the buffer was damaged; it is kept as \S+, a new one is filled\n$/);
    assert.equal((await shown(program)).attempts, 2);
    assert.equal((await program.run(["doctor", "--json"])).stdout.includes("damaged"), false);
  });

  Deno.test(`${kind}: a buffer of a newer version is not touched, and every command says so`, async () => {
    await using program = await createProgram(kind);
    const file = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(file, JSON.stringify(alertOf(1)));
    const db = new DatabaseSync(program.buffer);
    db.exec("CREATE TABLE seen_alert (a); PRAGMA user_version = 77");
    db.close();
    const before = Deno.readFileSync(program.buffer);
    const called = await program.run(integratordArgs(file));
    assert.deepEqual([called.code, called.stdout, called.stderr], [0, "", ""]);
    // That version takes it in.
    assert.match(
      Deno.readTextFileSync(program.log),
      /the alert is kept as \S+ until the buffer can be written: buffer \S+: it was written by a newer version/,
    );
    for (const args of [["status"], ["flush"], ["replay", file]]) {
      const { code, stdout, stderr } = await program.run(args);
      assert.deepEqual([code, stdout], [1, ""], args.join());
      assert.match(
        stderr,
        /^[^\n]*buffer \S+buffer\.db: it was written by a newer version \(schema 77, known here \d+\); install that version again, or move the file away\n$/,
      );
    }
    const { code, stdout } = await program.run(["doctor"]);
    assert.equal(code, 1);
    assert.match(stdout.replace(/\s+/g, " "), /newer version \(schema 77.*-> install that version/);
    assert.deepEqual(Deno.readFileSync(program.buffer), before);
    assert.deepEqual(asidesOf(program), []);
  });
}

Deno.test("serve stores what is sent while its buffer is damaged, and says so at once", async () => {
  await using program = await createProgram(KIND, { listen: "127.0.0.1:0" });
  const child = program.command(["serve", "--listen", "127.0.0.1:0"]).spawn();
  let said = "";
  let listening = (_url: string) => {};
  const url = new Promise<string>((resolve) => listening = resolve);
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      const found = /listening on (http:\S+)/.exec(said);
      if (found !== null) listening(found[1]!);
    }
  })();
  const send = async (number: number) => {
    const body = JSON.stringify(alertOf(number));
    const answer = await fetch(`${await url}/alerts`, { method: "POST", body });
    return [answer.status, (await answer.json() as { accepted: number }).accepted];
  };
  try {
    assert.deepEqual(await send(1), [200, 1]);
    assert.equal(said.includes("damaged"), false);
    damageTable(program.buffer, "seen_alert");
    assert.deepEqual(await send(2), [200, 1]);
    assert.deepEqual(await send(3), [200, 1]);
  } finally {
    child.kill("SIGTERM");
    await child.stdout.cancel();
    await reading;
    await child.status;
  }
  assert.equal(said.match(/the buffer was damaged; it is kept as/g)?.length, 1, said);
  assert.equal((await shown(program)).accepted, 2);
});
