import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { sshdAlert } from "../support/fixtures.ts";
import { holdPublishers } from "../faults/kill_rounds.ts";
import { createProgram, integratordArgs, KINDS, type Program } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

async function put(program: Program, alert: unknown): Promise<string> {
  const file = `${program.alerts}/${crypto.randomUUID()}.alert`;
  await Deno.writeTextFile(file, JSON.stringify(alert));
  return file;
}

interface Shown {
  readonly spilled: number;
  readonly alerts: { readonly accepted: number; readonly duplicate: number };
}

async function shown(program: Program) {
  const { stdout } = await program.run(["status", "--json"]);
  const { spilled, alerts } = JSON.parse(stdout) as Shown;
  return { spilled, accepted: alerts.accepted, duplicate: alerts.duplicate };
}

const folderOf = (program: Program) => program.buffer.replace("/buffer.db", "");
const namesOf = (program: Program) =>
  [...Deno.readDirSync(folderOf(program))].map(({ name }) => name).sort();
const spilledOf = (program: Program) => namesOf(program).filter((name) => /^spill-/.test(name));

/** Waits until no spill file is left. @returns false when it takes too long */
async function takenIn(program: Program, milliseconds: number): Promise<boolean> {
  const watcher = Deno.watchFs(folderOf(program));
  const deadline = setTimeout(() => watcher.close(), milliseconds);
  try {
    if (spilledOf(program).length === 0) return true;
    for await (const _ of watcher) {
      if (spilledOf(program).length === 0) return true;
    }
    return false;
  } finally {
    clearTimeout(deadline);
  }
}

/** Something that is not a file has the buffer's name: no user, root included, can write it. */
async function blockBuffer(program: Program): Promise<void> {
  await Deno.mkdir(program.buffer);
}

for (const kind of KINDS) {
  Deno.test(`${kind}: an integration call keeps its alert while another process holds the lock, and its publisher takes it in`, async () => {
    await using program = await createProgram(kind);
    assert.equal((await program.run(["replay", await put(program, sshdAlert())])).code, 0);
    const holder = new DatabaseSync(program.buffer);
    holder.exec("BEGIN IMMEDIATE");
    const alert = await put(program, sshdAlert());
    const { code, stdout, stderr } = await program.run(integratordArgs(alert));
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
    assert.match(
      await Deno.readTextFile(program.log),
      /warning: the alert is kept as \S+\/spill-\d{13}-[0-9a-f]{8}\.json until the buffer can be written: buffer \S+: another process has kept it locked for 10 s/,
    );
    assert.deepEqual(await shown(program), { spilled: 1, accepted: 1, duplicate: 0 });
    holder.exec("ROLLBACK");
    holder.close();
    assert.equal(await takenIn(program, 60_000), true);
    assert.deepEqual(await shown(program), { spilled: 0, accepted: 2, duplicate: 0 });
    assert.equal((await program.run(["replay", alert])).code, 0);
    assert.deepEqual(await shown(program), { spilled: 0, accepted: 2, duplicate: 1 });
  });

  Deno.test(`${kind}: an integration call waits shortly where another call has waited in vain`, async () => {
    await using program = await createProgram(kind);
    assert.equal((await program.run(["replay", await put(program, sshdAlert())])).code, 0);
    holdPublishers(program.buffer);
    const holder = new DatabaseSync(program.buffer);
    holder.exec("BEGIN IMMEDIATE");
    const time = String(Date.now() - 1000).padStart(13, "0");
    // The clock was set back since another call wrote the second one.
    const later = String(Date.now() + 60 * 60_000).padStart(13, "0");
    for (const name of [`spill-${time}-00000001.json`, `spill-${later}-00000002.json`]) {
      await Deno.writeTextFile(`${folderOf(program)}/${name}`, JSON.stringify(sshdAlert()));
    }
    const call = await program.run(integratordArgs(await put(program, sshdAlert())));
    assert.deepEqual([call.code, call.stdout, call.stderr], [0, "", ""]);
    assert.match(
      await Deno.readTextFile(program.log),
      /until the buffer can be written: buffer \S+: another process has kept it locked for 0\.25 s/,
    );
    assert.deepEqual(await shown(program), { spilled: 3, accepted: 1, duplicate: 0 });
    holder.exec("ROLLBACK");
    holder.close();
    assert.equal((await program.run(["flush"])).code, 0);
    assert.deepEqual(await shown(program), { spilled: 0, accepted: 4, duplicate: 0 });
  });

  for (const command of ["flush", "replay", "serve"] as const) {
    Deno.test(`${kind}: ${command} takes in what integration calls could not store`, async () => {
      const listen = `127.0.0.1:${freePort()}`;
      await using program = await createProgram(kind, { listen });
      await blockBuffer(program);
      for (const alert of [sshdAlert(), [sshdAlert(), sshdAlert()]]) {
        const call = await program.run(integratordArgs(await put(program, alert)));
        assert.deepEqual([call.code, call.stdout, call.stderr], [0, "", ""]);
      }
      assert.equal(spilledOf(program).length, 2);
      const checked = await program.run(["doctor"]);
      assert.match(checked.stdout, /spill files.*2 waiting/);
      await Deno.remove(program.buffer);
      if (command === "serve") {
        await using _service = await Service.start(program, listen);
        assert.equal(await takenIn(program, 60_000), true);
      } else if (command === "flush") {
        assert.equal((await program.run(["flush"])).code, 0);
      } else {
        assert.equal((await program.run(["replay", await put(program, sshdAlert())])).code, 0);
      }
      const accepted = command === "replay" ? 4 : 3;
      const { duplicate: _twice, ...stored } = await shown(program);
      assert.deepEqual(stored, { spilled: 0, accepted });
    });
  }

  Deno.test(`${kind}: spill files take no more than buffer.max_bytes, and the call says so`, async () => {
    await using program = await createProgram(kind);
    await blockBuffer(program);
    const limit = { WM_BUFFER_MAX_BYTES: "1048576" };
    const alert = sshdAlert();
    const large = await put(program, { ...alert, padding: "x".repeat(600_000) });
    assert.equal((await program.run(integratordArgs(large), limit)).code, 0);
    const { code, stderr } = await program.run(integratordArgs(large), limit);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /the alert was not stored: buffer \S+: it is a folder, a pipe or a device; move it away, or set buffer\.path to a file; and spill files fill buffer\.max_bytes 1048576\n$/,
    );
    assert.equal(spilledOf(program).length, 1);
    const small = await put(program, sshdAlert());
    assert.equal((await program.run(integratordArgs(small), limit)).code, 0);
    assert.equal(spilledOf(program).length, 2);
  });

  Deno.test(`${kind}: a file that is not an alert is refused, and never becomes a spill file`, async () => {
    await using program = await createProgram(kind);
    await blockBuffer(program);
    const file = `${program.alerts}/cut.alert`;
    await Deno.writeTextFile(file, '{"rule":');
    const { code, stderr } = await program.run(integratordArgs(file));
    assert.equal(code, 1);
    assert.match(stderr, /the alert was not stored: buffer \S+: it is a folder/);
    assert.deepEqual(namesOf(program), ["buffer.db"]);
  });
}
