import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { fixture, fixturePath, sshdAlert } from "../support/fixtures.ts";
import { createProgram, integratordArgs, KINDS, type Program } from "./program.ts";

async function put(program: Program, alert: unknown): Promise<string> {
  const file = `${program.alerts}/${crypto.randomUUID()}.alert`;
  await Deno.writeTextFile(file, JSON.stringify(alert));
  return file;
}

for (const kind of KINDS) {
  Deno.test(`${kind}: status makes no buffer and shows nothing but zeros`, async () => {
    await using program = await createProgram(kind);
    const { code, stdout } = await program.run(["status", "--json"]);
    const shown = JSON.parse(stdout) as { pending: object; alerts: object; reports: object };
    assert.equal(code, 0);
    assert.deepEqual(shown.reports, { waiting: 0, delivered: 0, refused: 0, dropped: 0 });
    await assert.rejects(Deno.stat(program.buffer), Deno.errors.NotFound);
  });

  Deno.test(`${kind}: a flush that does not know MISP leaves the reports to those who do`, async () => {
    await using program = await createProgram(kind, { mispHost: "127.0.0.1:9" });
    const file = await put(program, fixture("01-5710-invalid-user"));
    const args = integratordArgs(file, "k".repeat(40), "http://127.0.0.1:9");
    assert.equal((await program.run(args)).code, 0);
    const { code, stderr } = await program.run(["flush", "--now"]);
    assert.equal(code, 2);
    assert.match(stderr, /only <hook_url> in ossec\.conf names MISP \(http:\/\/127\.0\.0\.1:9\)/);
    const status = JSON.parse((await program.run(["status", "--json"])).stdout) as {
      pending: { attacks: number };
    };
    assert.equal(status.pending.attacks, 1);
    await assert.rejects(Deno.stat(program.feed), Deno.errors.NotFound);
  });

  Deno.test(`${kind}: a damaged page costs the old buffer, never the alert at hand`, async () => {
    await using program = await createProgram(kind);
    await program.run(["replay", fixturePath("01-5710-invalid-user")]);
    damage(program.buffer, "seen_alert");
    const file = await put(program, sshdAlert());
    const { code, stderr } = await program.run(integratordArgs(file));
    assert.deepEqual([code, stderr], [0, ""]);
    const folder = program.buffer.slice(0, program.buffer.lastIndexOf("/"));
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.equal(names.filter((name) => /\.corrupt-[^.]*$/.test(name)).length, 1, names.join());
    assert.match(Deno.readTextFileSync(program.log), /the buffer was damaged; it is kept as /);
    const { stdout } = await program.run(["status", "--json"]);
    const { alerts } = JSON.parse(stdout) as { alerts: { accepted: number } };
    assert.equal(alerts.accepted, 1);
  });

  Deno.test(`${kind}: a publisher that cannot work says so in log and status`, async () => {
    await using program = await createProgram(kind, { mispHost: "127.0.0.1:9" });
    const file = await put(program, fixture("01-5710-invalid-user"));
    const environment = { WM_MISP_URL: "http://127.0.0.1:9" };
    const watcher = Deno.watchFs(`${program.root}/logs`);
    const deadline = setTimeout(() => watcher.close(), 30_000);
    assert.equal((await program.run(integratordArgs(file), environment)).code, 0);
    const logged = () => Deno.readTextFile(program.log).catch(() => "");
    for await (const _ of watcher) {
      if ((await logged()).includes("\n")) break;
    }
    clearTimeout(deadline);
    assert.match(
      await logged(),
      /nothing is published until the configuration is usable: misp\.url is set without a key/,
    );
  });
}

/** Fills the first page of a table with rubbish. */
function damage(path: string, table: string): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  const size = Number(db.prepare("PRAGMA page_size").get()!.page_size);
  const row = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table)!;
  db.close();
  using file = Deno.openSync(path, { write: true });
  file.seekSync((Number(row.rootpage) - 1) * size, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(size).fill(0xa5));
}
