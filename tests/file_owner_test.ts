/**
 * What root makes and writes in folders of Wazuh's user.
 *
 * @module
 */
import assert from "node:assert/strict";
import { replaceDamaged } from "../src/buffer/sqlite/open.ts";
import { SqliteBuffer } from "../src/buffer/sqlite/sqlite_buffer.ts";
import { tokenCommand } from "../src/cli/commands/tokens.ts";
import { createLog } from "../src/cli/terminal/log.ts";
import type { Config } from "../src/config/config.ts";
import { FeedSink } from "../src/feed/feed_sink.ts";
import { readOwned } from "../src/feed/replace_file.ts";
import { buildEvent } from "../src/misp/event.ts";
import type { Outcome } from "../src/sink.ts";
import { decideDefault, sshdAlert } from "./support/fixtures.ts";
import { needs } from "./support/needs.ts";
import { PLAIN_SNAPSHOT_RULES } from "./support/snapshots.ts";
import { firstReport, sourceRecord } from "./support/source_record.ts";
import { stubbedConsole } from "./support/stubbed_console.ts";
import { readInstallation } from "../src/publish/installation_file.ts";
import { tempFolder } from "./support/temp.ts";

const NOW = Date.UTC(2026, 10, 23, 1, 21, 31, 5);
/** A user of whom no machine knows. */
const USER = 64_321;
const UUID = "fa04dc62-89e1-5024-b207-249034a5af55";

/** A folder of the other user, and beside it one of root's. */
function folders() {
  const all = tempFolder();
  const inside = all.file("inside");
  const outside = all.file("outside");
  for (const path of [inside, outside]) Deno.mkdirSync(path);
  Deno.chownSync(inside, USER, USER);
  return { inside, outside, [Symbol.dispose]: () => all[Symbol.dispose]() };
}

function link(target: string, path: string, owner: number): void {
  const run = (name: string, ...args: string[]) =>
    assert.equal(new Deno.Command(name, { args }).outputSync().success, true);
  run("ln", "-s", target, path);
  run("chown", "-h", `${owner}:${owner}`, path);
}

/** Everything below a folder, each with the user that it belongs to. */
function ownersBelow(folder: string): Record<string, number | null> {
  const found = [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    const below = isDirectory ? Object.entries(ownersBelow(path)) : [];
    return [
      [name, Deno.lstatSync(path).uid] as const,
      ...below.map(([inner, uid]) => [`${name}/${inner}`, uid] as const),
    ];
  });
  return Object.fromEntries(found.sort(([one], [other]) => one < other ? -1 : 1));
}

async function deliver(directory: string): Promise<readonly Outcome[]> {
  const record = sourceRecord({ sourceIp: "82.202.219.155", eventUuid: UUID, attempts: 3 });
  const event = buildEvent(record, { ...PLAIN_SNAPSHOT_RULES, tags: [] });
  const report = firstReport({ sourceIp: "82.202.219.155", eventUuid: UUID, attempts: 3 }, event, {
    sink: "feed",
  });
  const outcomes: Outcome[] = [];
  const sink = new FeedSink(directory, () => ({ name: "honeypots", uuid: UUID }));
  for await (const { outcome } of sink.deliver([report], () => NOW)) outcomes.push(outcome);
  return outcomes;
}

const log = (file: string) => createLog({ file, level: "info", format: "text" }, false);

function makeToken(tokensFile: string): void {
  using _console = stubbedConsole();
  tokenCommand(["new", "agent"], { server: { tokensFile } } as Config);
}

Deno.test({
  name: "each file that root makes belongs to the owner of its folder",
  ...needs("root"),
  async fn() {
    using at = folders();
    {
      using buffer = new SqliteBuffer(`${at.inside}/state/buffer.db`, NOW);
      await buffer.intake.accept([decideDefault(sshdAlert())], { maxUsernames: 1 }, NOW);
      replaceDamaged(`${at.inside}/state/buffer.db`, NOW).db.close();
      assert.deepEqual(await deliver(`${at.inside}/feed`), [{ kind: "delivered", notes: [] }]);
      log(`${at.inside}/integrations.log`)("info", "a message");
      makeToken(`${at.inside}/tokens`);
      assert.deepEqual(ownersBelow(at.inside), {
        "feed": USER,
        [`feed/${UUID}.json`]: USER,
        "feed/hashes.csv": USER,
        "feed/manifest.json": USER,
        "integrations.log": USER,
        "state": USER,
        "state/buffer.db": USER,
        "state/buffer.db-shm": USER,
        "state/buffer.db-wal": USER,
        "state/buffer.db.lock": USER,
        "tokens": USER,
      });
    }
  },
});

/** What writes a file or folder of this name, and says why it does not. */
const WRITERS: Readonly<Record<string, (inside: string) => Promise<string> | string>> = {
  "buffer.db": openBuffer,
  "buffer.db-wal": openBuffer,
  "buffer.db-shm": openBuffer,
  "buffer.db.lock": (inside) => {
    openBuffer(inside);
    return said(() => replaceDamaged(`${inside}/buffer.db`, NOW).db.close());
  },
  "integrations.log": (inside) => {
    using console = stubbedConsole();
    log(`${inside}/integrations.log`)("info", "a message");
    return console.errors.join("\n");
  },
  "tokens": (inside) => said(() => makeToken(`${inside}/tokens`)),
  "feed": (inside) => refusedFeed(`${inside}/feed`),
  "manifest.json": refusedFeed,
  "hashes.csv": refusedFeed,
  [`${UUID}.json`]: refusedFeed,
};

function openBuffer(inside: string): string {
  return said(() => new SqliteBuffer(`${inside}/buffer.db`, NOW)[Symbol.dispose]());
}

async function refusedFeed(directory: string): Promise<string> {
  const [outcome] = await deliver(directory);
  return outcome !== undefined && "reason" in outcome ? outcome.reason : "";
}

function said(work: () => void): string {
  try {
    work();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

for (const [name, write] of Object.entries(WRITERS)) {
  Deno.test({
    name: `root writes nothing through a link of another user at ${name}`,
    ...needs("root"),
    async fn() {
      using at = folders();
      const target = `${at.outside}/target`;
      if (name === "feed") Deno.mkdirSync(target);
      else Deno.writeTextFileSync(target, "");
      link(target, `${at.inside}/${name}`, USER);
      const text = await write(at.inside);
      assert.ok(
        text.includes(
          `${at.inside}/${name} is a symbolic link of user ${USER} to what belongs to user 0; ` +
            "remove it, or let root make it",
        ),
        text,
      );
      assert.doesNotMatch(text, /\n/);
      assert.deepEqual(ownersBelow(at.outside), { target: 0 });
      if (name !== "feed") assert.equal(Deno.readTextFileSync(target), "");
    },
  });
}

for (const name of ["buffer.db", "integrations.log", "tokens"]) {
  Deno.test({
    name: `root makes nothing through a link of another user to nowhere at ${name}`,
    ...needs("root"),
    async fn() {
      using at = folders();
      link(`${at.outside}/target`, `${at.inside}/${name}`, USER);
      assert.match(await WRITERS[name]!(at.inside), / is a link to nowhere; make that folder/);
      assert.deepEqual(ownersBelow(at.outside), {});
    },
  });

  Deno.test({
    name: `a link that root made at ${name} is followed`,
    ...needs("root"),
    async fn() {
      using at = folders();
      // Deno itself follows no link to nowhere.
      Deno.writeTextFileSync(`${at.outside}/target`, "");
      link(`${at.outside}/target`, `${at.inside}/${name}`, 0);
      assert.equal(await WRITERS[name]!(at.inside), "");
      assert.equal(Deno.statSync(`${at.outside}/target`).size > 0, true);
    },
  });
}

Deno.test({
  name: "a link of another user to what belongs to that user is followed",
  ...needs("root"),
  fn() {
    using at = folders();
    Deno.writeTextFileSync(`${at.outside}/target`, "");
    Deno.chownSync(`${at.outside}/target`, USER, USER);
    link(`${at.outside}/target`, `${at.inside}/integrations.log`, USER);
    log(`${at.inside}/integrations.log`)("info", "a message");
    assert.match(Deno.readTextFileSync(`${at.outside}/target`), /a message\n$/);
  },
});

Deno.test("readOwned() and readInstallation() wait for no pipe in the place of their file", async () => {
  using folder = tempFolder();
  const path = `${folder.path}/installation.json`;
  assert.equal(new Deno.Command("mkfifo", { args: [path] }).outputSync().code, 0);
  const message = `${path} is a folder, a pipe or a device; remove it, and it is made again`;
  await assert.rejects(readOwned(path), { message });
  assert.throws(() => readInstallation(path), { message: `${path} cannot be read: ${message}` });
});
