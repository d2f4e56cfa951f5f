/**
 * Disks that are full, read-only or without inodes, and rights that are lost: what the program says,
 * and that it goes on by itself afterwards.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  createProgram,
  integratordArgs,
  KINDS,
  type Program,
  type Result,
} from "../e2e/program.ts";
import { findProgram, needs } from "../support/needs.ts";
import { alertOf } from "./numbered_sources.ts";
import { mountSmallDisk, type SmallDisk } from "./small_disk.ts";

const IS_ROOT = Deno.uid() === 0;
const PROGRAM = "custom-misp_ssh_bruteforce-publish";

/** The program, with its buffer and its log on a disk that can be filled. */
interface OnDisk extends AsyncDisposable {
  readonly disk: SmallDisk;
  readonly program: Program;
  run(...args: readonly string[]): Promise<Result>;
  /** One call of integratord, with the alert of a number. */
  call(number: number): Promise<Result>;
}

async function onDisk(
  kind: Program["kind"],
  options: string,
  folders: readonly string[] = ["queue/custom-misp", "logs"],
): Promise<OnDisk> {
  const program = await createProgram(kind);
  const disk = await mountSmallDisk(program.root, folders, options);
  const run = (...args: readonly string[]) => program.run(args, {}, disk.wrapper);
  return {
    disk,
    program,
    run,
    call: async (number) => await run(...integratordArgs(await put(program, number))),
    [Symbol.asyncDispose]: async () => {
      await disk[Symbol.asyncDispose]();
      await program[Symbol.asyncDispose]();
    },
  };
}

/** A test that needs a disk of its own. */
function diskTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ...needs("mounts in a namespace of its own"), fn });
}

async function put(program: Program, ...numbers: readonly number[]): Promise<string> {
  const file = `${program.alerts}/${numbers.join("-")}.alert`;
  const lines = numbers.map((number) => JSON.stringify(alertOf(number)));
  await Deno.writeTextFile(file, lines.join("\n"));
  return file;
}

interface Shown {
  readonly alerts: { readonly accepted: number };
  readonly pending: { readonly attempts: number };
  readonly reports: { readonly waiting: number; readonly delivered: number };
}

async function shown({ run }: Pick<OnDisk, "run">): Promise<Shown> {
  const { code, stdout, stderr } = await run("status", "--json");
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as Shown;
}

const accepted = async (on: Pick<OnDisk, "run">) => (await shown(on)).alerts.accepted;

/** Refused: exit code 1 and this one line, which integratord logs. */
function assertRefused(result: Result, program: Program, problem: string): void {
  assert.deepEqual(result, {
    code: 1,
    stdout: "",
    stderr: `${PROGRAM}: the alert was not stored: buffer ${program.buffer}: ${problem}\n`,
  });
}

const OK: Result = { code: 0, stdout: "", stderr: "" };

const FULL = "the disk is full; free some space, and it goes on by itself";
const NO_INODE = "no inode left on its disk; remove files, and it goes on by itself";
const READ_ONLY = "the file system is read-only; mount it writable again, and it goes on by itself";

/** Nothing was taken for damage, and no trial file was left. */
async function assertTidy({ disk }: OnDisk): Promise<void> {
  const names = (await disk.sh("ls queue/custom-misp")).split("\n");
  const odd = names.filter((name) =>
    !/^(buffer\.db(-wal|-shm|\.(background|publish)\.lock)?|feed|installation\.json)$/.test(name)
  );
  assert.deepEqual(odd, []);
}

/** Writes a lease into the buffer, or ends it, as nobody but a process on that disk can. */
async function setLease({ disk, program }: OnDisk, name: string, until: number): Promise<void> {
  const script = `import { DatabaseSync } from "node:sqlite";
    const db = new DatabaseSync("${program.buffer}");
    db.exec(\`INSERT INTO lease (name, owner, fence, expires_at) VALUES ('${name}', 'the test', 1, ${until})
      ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, fence = fence + 1\`);
    db.close();`;
  await disk.sh(`'${Deno.execPath()}' eval --quiet '${script.replaceAll("'", "'\\''")}'`);
}

/** Keeps calls from leaving a publisher behind, which would write to the disk on its own. */
const withoutBackgroundPublisher = (on: OnDisk) => setLease(on, "stay", Date.now() + 10 * 60_000);

for (const kind of KINDS) {
  diskTest(
    `${kind}: a full disk costs a call its alert, says so, and the next call goes on`,
    async () => {
      await using on = await onDisk(kind, "size=2m");
      const { program, disk, call, run } = on;
      assert.equal((await run("replay", await put(program, 1))).code, 0);
      await withoutBackgroundPublisher(on);
      await disk.fill();
      assertRefused(await call(2), program, FULL);
      assertRefused(await call(2), program, FULL);
      const replayed = await run("replay", await put(program, 2));
      assert.deepEqual([replayed.code, replayed.stdout], [1, ""]);
      assert.equal(replayed.stderr, `${PROGRAM}: buffer ${program.buffer}: ${FULL}\n`);
      await disk.empty();
      assert.deepEqual(await call(3), OK);
      assert.equal(await accepted(on), 2);
      assert.deepEqual(await call(2), OK);
      const { alerts, pending } = await shown(on);
      assert.deepEqual([alerts.accepted, pending.attempts], [3, 3]);
      await assertTidy(on);
    },
  );

  diskTest(
    `${kind}: a disk that is full before there is a buffer keeps what fits, and nothing in its way`,
    async () => {
      await using on = await onDisk(kind, "size=1m");
      const { program, disk, call, run } = on;
      await disk.fill(0);
      assertRefused(await call(0), program, FULL);
      await disk.empty();
      let kept = 0;
      for (const leave of [4, 36, 44, 100]) {
        await disk.fill(leave);
        // A spill file may find space where a buffer has none.
        const called = await call(leave);
        if (called.code === 0) kept++;
        else assertRefused(called, program, FULL);
        await disk.empty();
      }
      assert.deepEqual(await call(500), OK);
      assert.equal((await run("flush")).stderr, "");
      assert.ok(kept > 0, "no alert was kept");
      assert.equal(await accepted(on), kept + 1);
      await assertTidy(on);
    },
  );

  diskTest(`${kind}: a disk without an inode is told from a full one`, async () => {
    await using on = await onDisk(kind, "size=4m,nr_inodes=20");
    const { program, disk, call } = on;
    const use = "i=0; while touch spare-$i 2>/dev/null; do i=$((i+1)); done";
    await disk.sh(use);
    assertRefused(await call(1), program, NO_INODE);
    await disk.sh("rm spare-*");
    assert.deepEqual(await call(2), OK);
    assert.equal(await accepted(on), 1);
    await assertTidy(on);
  });

  diskTest(`${kind}: a read-only disk is told, with a buffer on it and without one`, async () => {
    await using on = await onDisk(kind, "size=4m");
    const { program, disk, call, run } = on;
    const remount = (mode: "ro" | "rw") =>
      disk.sh(`mount -o remount,${mode} . && mount -o remount,bind,${mode} ../queue/custom-misp`);
    await remount("ro");
    assertRefused(await call(1), program, READ_ONLY);
    await remount("rw");
    assert.equal((await run("replay", await put(program, 2))).code, 0);
    await withoutBackgroundPublisher(on);
    await remount("ro");
    assertRefused(await call(3), program, READ_ONLY);
    for (const args of [["status"], ["flush"]]) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 1);
      assert.equal(stderr, `${PROGRAM}: buffer ${program.buffer}: ${READ_ONLY}\n`);
    }
    await remount("rw");
    assert.deepEqual(await call(3), OK);
    assert.equal(await accepted(on), 2);
    await assertTidy(on);
  });

  diskTest(`${kind}: a log on a full disk costs no alert, and no more than a line`, async () => {
    await using on = await onDisk(kind, "size=64k", ["logs"]);
    const { program, disk, call } = on;
    await disk.fill();
    await Deno.writeTextFile(program.buffer, "not a database\n".repeat(500));
    const { code, stdout, stderr } = await call(1);
    assert.deepEqual([code, stdout], [0, ""]);
    assert.match(
      stderr,
      /^the buffer was damaged; it is kept as \S+, a new one was started; [^\n]* \(not logged: No space left on device[^\n]*\)\n$/,
    );
    assert.deepEqual(await call(2), OK);
    assert.equal(await accepted(on), 2);
  });

  diskTest(`${kind}: a disk that fills while a flush is at work loses nothing`, async () => {
    await using on = await onDisk(kind, "size=2m");
    const { program, disk, run } = on;
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    assert.equal((await run("replay", await put(program, ...numbers))).code, 0);
    const titles = async () => {
      const text = await disk.sh("cat queue/custom-misp/feed/manifest.json 2>/dev/null || echo {}");
      const events = Object.values(JSON.parse(text)) as { info: string }[];
      return events.map(({ info }) => info).sort();
    };
    let halfWay = false;
    for (const leave of [0, 160, 176, 192, 208, 224, 240]) {
      await disk.fill(leave);
      const { code, stderr } = await run("flush", "--now");
      if (code === 1) assert.match(stderr, /^[^\n]*: the disk is full; [^\n]*\n$/);
      await disk.empty();
      const { reports, pending } = await shown(on);
      assert.ok(reports.delivered <= (await titles()).length, `${leave}: ${reports.delivered}`);
      assert.equal(reports.delivered + reports.waiting + pending.attempts, 8, `${leave}`);
      halfWay ||= code === 1 && reports.waiting > 0;
      // It could not be given up on a full disk, and would run out by itself after two minutes.
      await setLease(on, "publish", 0);
    }
    const last = await run("flush", "--now");
    assert.deepEqual([last.code, last.stderr], [0, ""]);
    const { reports, pending } = await shown(on);
    assert.deepEqual([reports.delivered, reports.waiting, pending.attempts], [8, 0, 0]);
    const all = await titles();
    assert.equal(all.length, 8);
    assert.ok(all.every((title) => title.endsWith("(1 attempt)")), all.join());
    assert.ok(halfWay, "no flush was stopped between freezing and delivering");
    await assertTidy(on);
  });

  diskTest(
    `${kind}: a feed folder on a full disk keeps its reports waiting, and loses none`,
    async () => {
      await using on = await onDisk(kind, "size=256k", ["queue/custom-misp/feed"]);
      const { program, disk, run } = on;
      assert.equal((await run("replay", await put(program, 1, 2, 3))).code, 0);
      const delivered = async () => (await shown(on)).reports.delivered;
      // No room for an event, for some, for all but the list of them.
      for (const leave of [0, 8, 4]) {
        await disk.fill(leave);
        const { code, stdout, stderr } = await run("flush", "--now");
        assert.deepEqual([code, stderr], [3, ""]);
        assert.match(stdout, /^delivered 0, waiting 3, refused 0\n.*No space left on device/);
        assert.equal(await delivered(), 0);
        await disk.empty();
      }
      assert.equal((await run("flush", "--now")).code, 0);
      assert.equal(await delivered(), 3);
      const names = await disk.sh("cd queue/custom-misp/feed && ls");
      assert.match(names, /^(\S{36}\.json\n){3}hashes\.csv\nmanifest\.json$/);
    },
  );

  Deno.test({
    name: `${kind}: rights that are lost are told, and the next call goes on once they are back`,
    ...needs(...IS_ROOT ? ["setpriv"] as const : []),
    fn: () => losesRights(kind),
  });
}

// Whom the machine makes root is stopped by no mode; without capabilities root is.
async function losesRights(kind: Program["kind"]): Promise<void> {
  const wrapper = IS_ROOT
    ? [findProgram("setpriv")!, "--inh-caps=-all", "--bounding-set=-all", "--"]
    : [];
  await using program = await createProgram(kind);
  const run = (...args: readonly string[]) => program.run(args, {}, wrapper);
  const call = async (number: number) => await run(...integratordArgs(await put(program, number)));
  const state = program.buffer.slice(0, program.buffer.lastIndexOf("/"));
  const denied = "permission denied; `chown -R wazuh:wazuh " + state +
    "` gives it to Wazuh's user";
  await Deno.chmod(state, 0o500);
  assertRefused(await call(1), program, denied);
  await Deno.chmod(state, 0o750);
  assert.deepEqual(await call(2), OK);
  for (
    const [path, mode] of [[state, 0], [program.buffer, 0o400], [program.buffer, 0]] as const
  ) {
    const before = (await Deno.stat(path)).mode! & 0o777;
    await Deno.chmod(path, mode);
    // Beside a buffer that nobody may write there is still its folder.
    if (path === state) assertRefused(await call(3), program, denied);
    else assert.deepEqual(await call(3), OK);
    // Who only looks needs no right to write.
    const looked = await run("status");
    assert.equal(looked.code, mode === 0o400 ? 0 : 1);
    if (mode === 0) assert.match(looked.stderr, /^[^\n]*: permission denied; `chown [^\n]*\n$/);
    await Deno.chmod(path, before);
  }
  assert.deepEqual(await call(4), OK);
  assert.equal((await run("flush")).stderr, "");
  assert.equal(await accepted({ run }), 3);
  assert.deepEqual(
    [...Deno.readDirSync(state)].map(({ name }) => name).filter((name) =>
      /probe|corrupt|spill/.test(name)
    ),
    [],
  );
}

for (const kind of KINDS) {
  diskTest(`${kind}: doctor sees a full disk`, async () => {
    await using at = await onDisk(kind, "size=2m");
    assert.equal((await at.call(1)).code, 0);
    await at.disk.fill(8);
    const { code, stdout } = await at.run("doctor", "--json");
    const { checks } = JSON.parse(stdout) as { checks: readonly Record<string, string>[] };
    assert.equal(code, 1);
    assert.deepEqual(checks.filter(({ state }) => state === "failure"), [{
      state: "failure",
      name: "buffer folder",
      found: `${at.program.root}/queue/custom-misp: the disk is full`,
      hint: "free some space, and it goes on by itself",
    }]);
  });

  Deno.test({
    name: `${kind}: a file that may not grow ends with a line`,
    ...needs("sh"),
    async fn() {
      await using program = await createProgram(kind);
      const file = `${program.alerts}/many.json`;
      const lines = Array.from({ length: 3000 }, (_, at) => JSON.stringify(alertOf(at + 1)));
      await Deno.writeTextFile(file, lines.join("\n"));
      // `deno run` writes into its own cache at the first time, which the limit would end.
      assert.equal((await program.run(["replay", "--dry-run", file])).code, 0);
      // 512 KiB, in blocks of 512 bytes.
      const limited = ["sh", "-c", 'ulimit -f 1024; exec "$@"', "sh"];
      const { code, stderr } = await program.run(["replay", file], {}, limited);
      assert.deepEqual([code, stderr], [
        1,
        `${PROGRAM}: buffer ${program.buffer}: a file may not grow any more; ` +
        "`ulimit -f` or the unit's LimitFSIZE limits its size; raise it\n",
      ]);
      assert.equal((await program.run(["replay", file])).code, 0);
    },
  });
}
