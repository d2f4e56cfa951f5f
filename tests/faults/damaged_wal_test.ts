/**
 * Damage to the write-ahead log of a process that was killed, and copies of a buffer that is in use.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { accept, ALL, asides, countsOf, fill, HELD, integrityOf, NOW, PAGE } from "./damage_rig.ts";

/**
 * A buffer of a process that was killed: alerts 1 to 10 in its file, 11 to 15 in its WAL only.
 *
 * @returns the length of the WAL behind each of those five commits
 */
async function fillWal(folder: TempFolder, path: string): Promise<readonly number[]> {
  const live = folder.file("live.db");
  await fill(live);
  using buffer = new SqliteBuffer(live, NOW);
  const lengths: number[] = [];
  for (let number = 11; number <= 15; number++) {
    await accept(buffer, number);
    lengths.push(Deno.statSync(`${live}-wal`).size);
  }
  for (const suffix of ["", "-wal", "-shm"]) Deno.copyFileSync(live + suffix, path + suffix);
  return lengths;
}

const FRAME = PAGE + 24;

/** What is done to the WAL, and how many of its five alerts must be there after it. */
const WAL_DAMAGE: Readonly<
  Record<string, readonly [(wal: string, lengths: readonly number[]) => void, kept: number]>
> = {
  "torn in the middle of its last frame": [
    (wal, lengths) => Deno.truncateSync(wal, lengths[4]! - FRAME / 2),
    4,
  ],
  "torn behind a frame that is no commit": [
    (wal, lengths) => Deno.truncateSync(wal, lengths[2]! + FRAME),
    3,
  ],
  "torn in its header": [(wal) => Deno.truncateSync(wal, 17), 0],
  "with a flipped byte in its fourth commit": [
    (wal, lengths) => {
      const bytes = Deno.readFileSync(wal);
      bytes[lengths[2]! + 24 + 99]! ^= 0x10;
      Deno.writeFileSync(wal, bytes);
    },
    3,
  ],
  "with a tail of rubbish": [
    (wal) => Deno.writeFileSync(wal, new Uint8Array(3 * FRAME).fill(0xa5), { append: true }),
    5,
  ],
  "that is gone": [(wal) => Deno.removeSync(wal), 0],
  "beside a -shm of rubbish": [
    (wal) => Deno.writeFileSync(wal.replace(/wal$/, "shm"), new Uint8Array(32768).fill(0xa5)),
    5,
  ],
  "beside no -shm": [(wal) => Deno.removeSync(wal.replace(/wal$/, "shm")), 5],
};

for (const [name, [damage, kept]] of Object.entries(WAL_DAMAGE)) {
  Deno.test(`SqliteBuffer() finds what was committed before the damage to a WAL ${name}`, async () => {
    using folder = tempFolder();
    const path = folder.file("buffer.db");
    const lengths = await fillWal(folder, path);
    damage(`${path}-wal`, lengths);
    {
      using buffer = new SqliteBuffer(path, NOW);
      assert.equal((await buffer.views.status()).accepted, HELD + kept);
      for (let number = 1; number <= 15; number++) {
        const { duplicate } = await accept(buffer, number);
        assert.equal(duplicate, number <= 10 + kept ? 1 : 0, `alert ${number}`);
      }
    }
    assert.deepEqual(asides(folder), []);
    assert.deepEqual(await countsOf(path), {
      ...ALL,
      accepted: HELD + 5,
      pendingAttacks: 10,
      pendingAttempts: 10,
    });
    assert.equal(integrityOf(path), "ok");
  });
}

const COPIES = 15;
/** Alerts that are written between two copies, at least. */
const GROWTH = 2;

Deno.test("accept() has whatever it acknowledged in any copy that is made behind its back", async () => {
  using folder = tempFolder();
  const path = folder.file("live.db");
  const writer = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write=/tmp"],
      ...["--config", new URL("../../deno.json", import.meta.url).pathname],
      ...[new URL("numbered_sources.ts", import.meta.url).pathname, path],
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let acknowledged = 0;
  let more = Promise.withResolvers<void>();
  const written = async (number: number) => {
    while (acknowledged < number) await more.promise;
  };
  const reading = (async () => {
    let rest = "";
    for await (const text of writer.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      acknowledged = Number(lines.at(-1) ?? acknowledged);
      more.resolve();
      more = Promise.withResolvers();
    }
  })();
  const copies: { readonly path: string; readonly acknowledged: number }[] = [];
  try {
    for (let copy = 0; copy < COPIES; copy++) {
      await written(acknowledged + GROWTH);
      // In the middle of whatever comes then.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      const known = acknowledged;
      const target = folder.file(`copy-${copy}.db`);
      // Both files of the same moment, whatever the writer is in the middle of.
      writer.kill("SIGSTOP");
      for (const suffix of ["", "-wal"]) Deno.copyFileSync(path + suffix, target + suffix);
      writer.kill("SIGCONT");
      copies.push({ path: target, acknowledged: known });
    }
  } finally {
    writer.kill("SIGKILL");
    await writer.status;
    await reading;
  }
  const found: number[] = [];
  for (const copy of copies) {
    using buffer = new SqliteBuffer(copy.path, NOW);
    assert.equal(buffer.movedAside, undefined);
    const { accepted, pendingAttempts } = await buffer.views.status();
    assert.ok(accepted >= copy.acknowledged, `${accepted} of ${copy.acknowledged}`);
    assert.equal(pendingAttempts, accepted);
    assert.equal(integrityOf(copy.path), "ok");
    for (const number of [1, copy.acknowledged, accepted]) {
      assert.equal((await accept(buffer, number)).duplicate, 1, `alert ${number}`);
    }
    found.push(accepted);
  }
  assert.ok(
    found.at(-1)! >= found[0]! + (COPIES - 1) * GROWTH,
    `nothing was written meanwhile: ${found}`,
  );
});
