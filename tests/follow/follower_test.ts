import assert from "node:assert/strict";
import type { Checkpoint } from "../../src/buffer/intake.ts";
import { type Beginning, followSteps } from "../../src/follow/follower.ts";
import { WazuhSite } from "./wazuh_site.ts";

/** A follower that lives until it has nothing to read any more, after each of some changes. */
class Rig implements Disposable {
  readonly site = new WazuhSite();
  readonly logged: string[] = [];
  checkpoint: Checkpoint | undefined;
  rotations = 0;
  tooLong = 0;

  [Symbol.dispose](): void {
    this.site[Symbol.dispose]();
  }

  /** The lines that it reads; `changes` happen one after the other, each when it waits. */
  async read(beginning: Beginning = "end", ...changes: (() => void)[]): Promise<string[]> {
    let isOver = false;
    const lines: string[] = [];
    const steps = followSteps({
      folder: this.site.path,
      file: "alerts.json",
      stream: "alerts",
      checkpoint: this.checkpoint,
      beginning,
      wait: () => {
        const change = changes.shift();
        if (change === undefined) isOver = true;
        else change();
        return Promise.resolve();
      },
      isOver: () => isOver,
      log: (level, message) => this.logged.push(`${level}: ${message}`),
    });
    for await (const step of steps) {
      lines.push(...step.text.split("\n").slice(0, -1));
      this.checkpoint = step.checkpoint;
      this.rotations += step.rotations;
      this.tooLong += step.tooLong;
    }
    return lines;
  }
}

Deno.test("followSteps() begins at the end of what is there, and goes on where it was", async () => {
  using rig = new Rig();
  rig.site.open();
  rig.site.append("1\n2\n");
  assert.deepEqual(await rig.read(), []);
  rig.site.append("3\n4\n");
  assert.deepEqual(await rig.read(), ["3", "4"]);
  assert.deepEqual(await rig.read(), []);
  assert.deepEqual(await rig.read("end", () => rig.site.append("5\n")), ["5"]);
  assert.equal(rig.checkpoint?.name, "2026/Aug/ossec-alerts-23.json");
  assert.deepEqual(rig.logged, []);
});

Deno.test("followSteps() begins at the start when it is told so, and only the first time", async () => {
  using rig = new Rig();
  rig.site.open();
  rig.site.append("1\n2\n");
  assert.deepEqual(await rig.read("start"), ["1", "2"]);
  assert.deepEqual(await rig.read("start"), []);
});

Deno.test("followSteps() begins with the files of a day that is named", async () => {
  using rig = new Rig();
  rig.site.open();
  for (const day of ["23", "24", "25", "26"]) {
    rig.site.append(`${day}\n`);
    if (day !== "26") rig.site.nextDay();
  }
  rig.site.pack("2026/Aug/ossec-alerts-23.json");
  rig.site.pack("2026/Aug/ossec-alerts-24.json");
  const since = Date.UTC(2026, 7, 25, 6);
  // The day before as well: files are named in the manager's own time zone.
  assert.deepEqual(await rig.read({ since }), ["24", "25", "26"]);
});

Deno.test("followSteps() waits for a file that is not there yet, and reads it from its start", async () => {
  using rig = new Rig();
  const open = () => {
    rig.site.open();
    rig.site.append("1\n");
  };
  assert.deepEqual(await rig.read("end", () => undefined, open), ["1"]);
});

Deno.test("followSteps() takes a line once its end is there, across restarts too", async () => {
  using rig = new Rig();
  rig.site.open();
  assert.deepEqual(await rig.read(), []);
  rig.site.append('{"half":');
  assert.deepEqual(await rig.read(), []);
  rig.site.append("1");
  assert.deepEqual(await rig.read("end", () => rig.site.append("}\nnext")), ['{"half":1}']);
  rig.site.append("\n");
  assert.deepEqual(await rig.read(), ["next"]);
});

Deno.test("followSteps() finishes a day's file when the next one begins, and goes on with that", async () => {
  using rig = new Rig();
  rig.site.open();
  assert.deepEqual(await rig.read(), []);
  const lines = await rig.read("end", () => {
    rig.site.append("1\n2\n");
    rig.site.nextDay();
    rig.site.append("3\n");
  }, () => {
    rig.site.nextPart();
    rig.site.append("4\n");
  });
  assert.deepEqual(lines, ["1", "2", "3", "4"]);
  assert.equal(rig.rotations, 2);
  assert.equal(rig.checkpoint?.name, "2026/Aug/ossec-alerts-24-001.json");
});

Deno.test("followSteps() skips no file of several rotations while it was down, packed ones too", async () => {
  using rig = new Rig();
  rig.site.open();
  rig.site.append("0\n");
  assert.deepEqual(await rig.read("start"), ["0"]);
  rig.site.append("1\n");
  rig.site.nextPart();
  rig.site.append("2\n");
  rig.site.nextDay();
  rig.site.append("3\n");
  rig.site.nextDay();
  rig.site.append("4\n");
  rig.site.pack("2026/Aug/ossec-alerts-23.json");
  rig.site.pack("2026/Aug/ossec-alerts-24.json");
  assert.deepEqual(await rig.read(), ["1", "2", "3", "4"]);
  assert.deepEqual(rig.logged, []);
});

Deno.test("followSteps() goes on from September to October, and into a new year", async () => {
  using rig = new Rig();
  rig.site.open();
  assert.deepEqual(await rig.read("start"), []);
  const expected: string[] = [];
  for (let day = 0; day < 140; day++) {
    rig.site.nextDay();
    rig.site.append(`${rig.site.dated}\n`);
    expected.push(rig.site.dated);
  }
  assert.deepEqual(await rig.read(), expected);
  assert.equal(expected.at(-1), "2027/Jan/ossec-alerts-10.json");
});

Deno.test("followSteps() finishes a file that was renamed, and goes on with the new one", async () => {
  using rig = new Rig();
  Deno.writeTextFileSync(rig.site.file, "1\n");
  assert.deepEqual(await rig.read("start"), ["1"]);
  const rename = () => {
    rig.site.append("2\n");
    Deno.renameSync(rig.site.file, `${rig.site.file}.1`);
    Deno.writeTextFileSync(rig.site.file, "3\n");
  };
  assert.deepEqual(await rig.read("end", rename), ["2", "3"]);
  // And while it is down.
  rig.site.append("4\n");
  Deno.renameSync(rig.site.file, `${rig.site.file}.2`);
  rig.site.append("5\n");
  assert.deepEqual(await rig.read(), ["4", "5"]);
});

Deno.test("followSteps() reads a file that was copied and cut from its start", async () => {
  using rig = new Rig();
  Deno.writeTextFileSync(rig.site.file, "1\n2\n3\n");
  assert.deepEqual(await rig.read("start"), ["1", "2", "3"]);
  const cut = () => Deno.writeTextFileSync(rig.site.file, "4\n");
  assert.deepEqual(await rig.read("end", cut), ["4"]);
  assert.match(rig.logged.join(), /warning: .*alerts\.json was cut or filled anew/);
  // Filled beyond the place where it was left.
  const refill = () => Deno.writeTextFileSync(rig.site.file, "5\n6\n7\n8\n");
  assert.deepEqual(await rig.read("end", refill), ["5", "6", "7", "8"]);
});

Deno.test("followSteps() reads a file that was cut and filled while it was down from its start", async () => {
  using rig = new Rig();
  Deno.writeTextFileSync(rig.site.file, "1\n2\n3\n");
  assert.deepEqual(await rig.read("start"), ["1", "2", "3"]);
  Deno.writeTextFileSync(rig.site.file, "a\nb\nc\nd\n");
  assert.deepEqual(await rig.read(), ["a", "b", "c", "d"]);
  assert.match(rig.logged.join(), /is not what was read before; it is read from its start/);
});

Deno.test("followSteps() tells a new file with the inode of the old one apart", async () => {
  using rig = new Rig();
  rig.site.open();
  rig.site.append("1\n");
  assert.deepEqual(await rig.read("start"), ["1"]);
  // The file system may give the same inode again; here it is made to look so.
  const { inode, device } = rig.checkpoint!;
  Deno.removeSync(rig.site.file);
  Deno.removeSync(`${rig.site.path}/${rig.site.dated}`);
  rig.site.nextDay();
  rig.site.append("2\n3\n");
  const { dev, ino } = Deno.statSync(rig.site.file);
  rig.checkpoint = { ...rig.checkpoint!, inode: String(ino), device: String(dev) };
  assert.deepEqual(await rig.read(), ["2", "3"], `${inode} ${device}`);
});

Deno.test("followSteps() finds a packed file by its name though its inode is another file's by now", async () => {
  using rig = new Rig();
  rig.site.open();
  rig.site.append("1\n");
  assert.deepEqual(await rig.read("start"), ["1"]);
  const first = rig.site.dated;
  rig.site.append("2\n");
  rig.site.nextDay();
  rig.site.append("3\n");
  rig.site.pack(first);
  rig.site.nextDay();
  rig.site.append("4\n");
  // As the file system does it, sooner or later.
  const { dev, ino } = Deno.statSync(rig.site.file);
  rig.checkpoint = { ...rig.checkpoint!, inode: String(ino), device: String(dev) };
  assert.deepEqual(await rig.read(), ["2", "3", "4"]);
  assert.deepEqual(rig.logged, []);
});

Deno.test("followSteps() says loudly when the file that it was in is gone, and goes on with the next", async () => {
  using rig = new Rig();
  rig.site.open();
  rig.site.append("1\n");
  assert.deepEqual(await rig.read("start"), ["1"]);
  const first = rig.site.dated;
  rig.site.append("lost\n");
  rig.site.nextDay();
  rig.site.append("2\n");
  rig.site.nextDay();
  rig.site.append("3\n");
  Deno.removeSync(`${rig.site.path}/${first}`);
  assert.deepEqual(await rig.read(), ["2", "3"]);
  assert.match(
    rig.logged.join(),
    /error: 2026\/Aug\/ossec-alerts-23\.json was followed up to byte 2 and is gone/,
  );
});

Deno.test("followSteps() goes on in a deleted file until the next one is there", async () => {
  using rig = new Rig();
  Deno.writeTextFileSync(rig.site.file, "");
  const lines = await rig.read(
    "start",
    () => {
      rig.site.append("1\n");
    },
    () => Deno.removeSync(rig.site.file),
    () => {
      Deno.writeTextFileSync(rig.site.file, "2\n");
    },
  );
  assert.deepEqual(lines, ["1", "2"]);
});

Deno.test("followSteps() takes the last line of a finished file though it has no end", async () => {
  using rig = new Rig();
  rig.site.open();
  const lines = await rig.read("start", () => {
    rig.site.append("1\n2");
    rig.site.nextDay();
    rig.site.append("3\n");
  });
  assert.deepEqual(lines, ["1", "2", "3"]);
});

Deno.test("followSteps() goes through a link to the file", async () => {
  using rig = new Rig();
  Deno.writeTextFileSync(`${rig.site.path}/real.json`, "1\n");
  // Deno makes links only for those who may read and write everything.
  new Deno.Command("ln", { args: ["-s", `${rig.site.path}/real.json`, rig.site.file] })
    .outputSync();
  assert.deepEqual(await rig.read("start", () => rig.site.append("2\n")), ["1", "2"]);
});

Deno.test("followSteps() waits while the file system refuses, and goes on once it lets it", async () => {
  using rig = new Rig();
  rig.site.open();
  rig.site.append("1\n");
  const refuse = () => {
    Deno.removeSync(rig.site.file);
    // A link to itself is refused to root, too, other than a file without rights.
    new Deno.Command("ln", { args: ["-s", rig.site.file, rig.site.file] }).outputSync();
  };
  const allow = () => {
    rig.site.nextDay();
    rig.site.append("2\n");
  };
  assert.deepEqual(await rig.read("start", refuse, allow), ["1", "2"]);
  assert.equal(rig.logged.length, 1, rig.logged.join());
  assert.match(rig.logged[0]!, /^error: .*; waiting$/);
  refuse();
  assert.deepEqual(await rig.read("end", () => rig.site.open(), () => rig.site.append("3\n")), [
    "3",
  ]);
});

Deno.test("followSteps() keeps no line that is endless, and finds the next one", async () => {
  using rig = new Rig();
  rig.site.open();
  const long = "x".repeat(1024 * 1024);
  rig.site.append(`${long}\n1\n`);
  assert.deepEqual((await rig.read("start")).map((line) => line.length), [1024 * 1024, 1]);
  for (let piece = 0; piece < 20; piece++) rig.site.append(long);
  assert.deepEqual(await rig.read(), []);
  rig.site.append("\n2\n");
  assert.deepEqual((await rig.read()).map((line) => line.slice(0, 10)), ["2"], rig.logged.join());
  assert.equal(rig.tooLong, 1);
});

Deno.test("followSteps() reads bytes that are not UTF-8, and lines that end with CR", async () => {
  using rig = new Rig();
  Deno.writeFileSync(rig.site.file, Uint8Array.of(0x61, 0xff, 0x62, 13, 10, 0, 0, 0x63, 10));
  assert.deepEqual(await rig.read("start"), ["a\ufffdb\r", "\0\0c"]);
  assert.equal(rig.checkpoint?.offset, 9);
});

Deno.test("followSteps() reads a character that two blocks share", async () => {
  using rig = new Rig();
  const line = "ü".repeat(3 * 1024 * 1024);
  Deno.writeTextFileSync(rig.site.file, `a${line}\n1\n`);
  const lines = await rig.read("start");
  assert.deepEqual([lines.length, lines[0] === `a${line}`, lines[1]], [2, true, "1"]);
});
