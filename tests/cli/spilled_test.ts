import assert from "node:assert/strict";
import { spilledBytes, writeSpillFile } from "../../src/buffer/spill/write.ts";
import { Unstorable } from "../../src/buffer/sqlite/errors.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { SpillIntake } from "../../src/cli/wiring/spilled.ts";
import { loadConfig } from "../../src/config/load.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { tempFolder } from "../support/temp.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const nameOf = (hex: string) => `spill-1795435200000-${hex}.json`;

function run(command: string, ...args: readonly string[]): void {
  assert.equal(new Deno.Command(command, { args: [...args] }).outputSync().code, 0);
}

/** A buffer on disk, its folder, and who takes spill files into it. */
class Rig implements Disposable {
  readonly #folder = tempFolder();
  readonly logged: string[] = [];
  readonly path: string;
  readonly buffer: SqliteBuffer;
  readonly spilled: SpillIntake;
  readonly taking: (intake: SqliteBuffer["intake"]) => SpillIntake;

  constructor() {
    const loaded = loadConfig({
      root: this.#folder.path,
      environment: () => undefined,
      readTextFile: Deno.readTextFileSync,
    });
    this.path = loaded.config.buffer.path;
    this.buffer = new SqliteBuffer(this.path, NOW);
    const log = (level: string, message: string) => void this.logged.push(`${level}: ${message}`);
    this.taking = (intake) => new SpillIntake(loaded, { intake }, log);
    this.spilled = this.taking(this.buffer.intake);
  }

  file(name: string): string {
    return this.path.replace("buffer.db", name);
  }

  names(): readonly string[] {
    return [...Deno.readDirSync(this.file(""))].map(({ name }) => name)
      .filter((name) => !name.startsWith("buffer.db")).sort();
  }

  async counts() {
    const { accepted, duplicate } = await this.buffer.views.status();
    return { accepted, duplicate };
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("writeSpillFile() makes one file of its own for each alert, for its owner and group only", () => {
  using rig = new Rig();
  const paths = [1, 2].map(() => writeSpillFile(rig.path, bytesOf("an alert"), NOW));
  assert.deepEqual(rig.names().length, 2);
  for (const path of paths) {
    assert.match(path.replace(rig.file(""), ""), /^spill-1795435200000-[0-9a-f]{8}\.json$/);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o640);
    assert.equal(Deno.readTextFileSync(path), '"an alert"');
  }
  assert.equal(spilledBytes(rig.path), 20);
});

Deno.test("take() stores each alert once, whatever its file holds, and removes the files", async () => {
  using rig = new Rig();
  const one = sshdAlert();
  const two = sshdAlert();
  // An array, a wrapper of another integration, and an alert that another file has, too.
  const wrapped = { severity: 2, all_fields: sshdAlert() };
  for (const value of [one, [two, sshdAlert()], wrapped, one]) {
    writeSpillFile(rig.path, bytesOf(value), NOW);
  }
  assert.equal(await rig.spilled.take(), 4);
  assert.deepEqual(await rig.counts(), { accepted: 4, duplicate: 1 });
  assert.deepEqual(rig.names(), []);
  assert.equal(await rig.spilled.take(), 0);
  assert.deepEqual(rig.logged, ["info: spill files: 4 taken into the buffer"]);
});

Deno.test("take() of two processes at a time counts each alert once", async () => {
  using rig = new Rig();
  for (let index = 0; index < 250; index++) {
    writeSpillFile(rig.path, bytesOf(sshdAlert()), NOW);
  }
  await Promise.all([rig.spilled.take(), rig.spilled.take()]);
  assert.equal((await rig.counts()).accepted, 250);
  assert.deepEqual(rig.names(), []);
});

Deno.test("take() keeps what is not an alert under another name, follows no link and opens no pipe", async () => {
  using rig = new Rig();
  const secret = rig.file("secret");
  Deno.writeTextFileSync(secret, JSON.stringify(sshdAlert()));
  run("ln", "-s", secret, rig.file(nameOf("00000001")));
  run("mkfifo", rig.file(nameOf("00000002")));
  Deno.writeTextFileSync(rig.file(nameOf("00000003")), '{"rule":');
  Deno.writeTextFileSync(rig.file(nameOf("00000004")), "");
  Deno.truncateSync(rig.file(nameOf("00000004")), 16 * 1024 * 1024 + 1);
  Deno.writeTextFileSync(rig.file(nameOf("00000005")), JSON.stringify(sshdAlert()));
  assert.equal(await rig.spilled.take(), 1);
  assert.deepEqual(await rig.counts(), { accepted: 1, duplicate: 0 });
  assert.deepEqual(rig.names(), [
    "secret",
    ...[1, 2, 3, 4].map((number) => `${nameOf(`0000000${number}`)}.damaged`),
  ]);
  assert.equal(Deno.lstatSync(rig.file(`${nameOf("00000001")}.damaged`)).isSymlink, true);
  const line = (hex: string, reason: string) =>
    `error: spill file ${rig.file(nameOf(hex))}: ${reason}; it is kept as ${nameOf(hex)}.damaged`;
  assert.deepEqual(rig.logged, [
    line("00000001", "it is not a regular file"),
    line("00000002", "it is not a regular file"),
    line("00000003", "it holds no alert"),
    line("00000004", "it has 16777217 bytes"),
    "info: spill files: 1 taken into the buffer",
  ]);
  assert.equal(await rig.spilled.take(), 0);
  assert.equal(rig.logged.length, 5);
});

Deno.test("take() refuses an alert that the buffer cannot hold, and stores the others", async () => {
  using rig = new Rig();
  for (const [at, id] of ["1.1", "poison", "1.2"].entries()) {
    Deno.writeTextFileSync(rig.file(nameOf(`0000000${at}`)), JSON.stringify(sshdAlert({ id })));
  }
  const { intake } = rig.buffer;
  const acceptTogether: typeof intake.acceptTogether = (batches, limits, now) =>
    JSON.stringify(batches).includes("poison")
      ? Promise.reject(new Unstorable("datatype mismatch"))
      : intake.acceptTogether(batches, limits, now);
  const spilled = rig.taking(
    { accept: intake.accept.bind(intake), acceptTogether } as typeof intake,
  );
  assert.equal(await spilled.take(), 2);
  assert.deepEqual(await rig.counts(), { accepted: 2, duplicate: 0 });
  assert.deepEqual(rig.names(), [`${nameOf("00000001")}.damaged`]);
  assert.deepEqual(rig.logged, [
    `error: spill file ${rig.file(nameOf("00000001"))}: the buffer cannot hold such a value ` +
    `(datatype mismatch); please report it; it is kept as ${nameOf("00000001")}.damaged`,
    "info: spill files: 2 taken into the buffer",
  ]);
});

Deno.test("take() touches no file of another name, but what a call left unfinished an hour ago", async () => {
  using rig = new Rig();
  const alert = JSON.stringify(sshdAlert());
  const others = [
    "spill-1795435200000-0000000g.json",
    "spill-179543520000-00000001.json",
    "spill-1795435200000-00000001.json.bak",
    "spill-1795435200000-00000001.JSON",
    "x-spill-1795435200000-00000001.json",
    `spill-${Date.now()}-00000002.json.part`,
  ];
  for (const name of [...others, `${nameOf("00000003")}.part`]) {
    Deno.writeTextFileSync(rig.file(name), alert);
  }
  assert.equal(await rig.spilled.take(), 0);
  assert.equal(rig.names().length, 7);
  writeSpillFile(rig.path, bytesOf(sshdAlert()), NOW);
  assert.equal(await rig.spilled.take(), 1);
  assert.deepEqual(rig.names(), others.toSorted());
  assert.deepEqual(await rig.counts(), { accepted: 1, duplicate: 0 });
});

Deno.test("take() lets a file wait that cannot be read, and says so once", async () => {
  using rig = new Rig();
  const path = writeSpillFile(rig.path, bytesOf(sshdAlert()), NOW);
  writeSpillFile(rig.path, bytesOf(sshdAlert()), NOW);
  const name = path.replace(rig.file(""), "");
  const open = Deno.openSync;
  // As with rights that are lost, a descriptor that is missing, or a disk that fails now and then.
  Deno.openSync = (file, options) => {
    if (file === path) throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
    return open(file, options);
  };
  try {
    assert.equal(await rig.spilled.take(), 1);
    assert.equal(await rig.spilled.take(), 0);
  } finally {
    Deno.openSync = open;
  }
  assert.deepEqual(rig.names(), [name]);
  assert.equal(await rig.spilled.take(), 1);
  assert.deepEqual(await rig.counts(), { accepted: 2, duplicate: 0 });
  assert.deepEqual(rig.names(), []);
  const taken = "info: spill files: 1 taken into the buffer";
  assert.deepEqual(rig.logged, [
    `error: spill file ${path}: it cannot be read, and waits: Permission denied`,
    taken,
    taken,
  ]);
});
