import assert from "node:assert/strict";
import { replaceFile } from "../../src/feed/replace_file.ts";
import { tempFolder } from "../support/temp.ts";
import { AUTHORIZED, createRig, oneToken } from "./rig.ts";

const UUID = "5d6ef2f0-3c1c-5e07-9b0e-0242ac110002";

async function run(command: string, ...args: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(command, { args: [...args] }).output();
  assert.equal(success, true, command);
}

Deno.test("GET /feed gives the files of a feed, each with its type", async () => {
  using folder = tempFolder();
  using rig = await createRig({ feedDirectory: folder.path });
  const files = [
    ["manifest.json", "{}", "application/json"],
    ["hashes.csv", `abc,${UUID}\n`, "text/csv; charset=utf-8"],
    [`${UUID}.json`, '{"Event":{"info":"ü"}}', "application/json"],
  ] as const;
  for (const [name, text, type] of files) {
    await replaceFile(folder.file(name), text);
    const response = await rig.ask(`/feed/${name}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("Content-Type"), type);
    assert.equal(
      response.headers.get("Content-Length"),
      String(new TextEncoder().encode(text).length),
    );
    assert.match(response.headers.get("ETag")!, /^"[\w-]{43}"$/);
    const changedAt = Date.parse(response.headers.get("Last-Modified")!);
    assert.ok(Math.abs(Date.now() - changedAt) < 60_000);
    assert.equal(await response.text(), text);
  }
});

Deno.test("GET /feed sends nothing again that is known by its ETag", async () => {
  using folder = tempFolder();
  using rig = await createRig({ feedDirectory: folder.path });
  const ask = async (known?: string, method = "GET") => {
    const headers: HeadersInit = known === undefined ? {} : { "If-None-Match": known };
    const response = await rig.ask("/feed/manifest.json", { headers, method });
    return {
      status: response.status,
      etag: response.headers.get("ETag")!,
      text: await response.text(),
    };
  };
  await replaceFile(folder.file("manifest.json"), '{"a":1}');
  const first = await ask();
  assert.equal(first.status, 200);
  for (
    const known of [first.etag, `W/${first.etag}`, `"x", ${first.etag}`, "*", ` ${first.etag} `]
  ) {
    assert.deepEqual(await ask(known), { status: 304, etag: first.etag, text: "" }, known);
  }
  for (const other of ['"x"', first.etag.slice(1, -1), ""]) {
    assert.equal((await ask(other)).status, 200, other);
  }
  assert.deepEqual(await ask(undefined, "HEAD"), { status: 200, etag: first.etag, text: "" });
  assert.equal((await ask(first.etag, "HEAD")).status, 304);
  // As long, and written within the same second.
  await replaceFile(folder.file("manifest.json"), '{"a":2}');
  const second = await ask(first.etag);
  assert.deepEqual([second.status, second.text], [200, '{"a":2}']);
  assert.notEqual(second.etag, first.etag);
});

Deno.test("HEAD /feed says how long a file is", async () => {
  using folder = tempFolder();
  using rig = await createRig({ feedDirectory: folder.path });
  await replaceFile(folder.file("hashes.csv"), "0123456789");
  const { headers } = await rig.ask("/feed/hashes.csv", { method: "HEAD" });
  assert.equal(headers.get("Content-Length"), "10");
});

Deno.test("GET /feed gives nothing but the files of a feed", async () => {
  using folder = tempFolder();
  await Deno.mkdir(folder.file("feed"));
  await Deno.mkdir(folder.file(`feed/${UUID}.json`));
  await Deno.writeTextFile(folder.file("secret.json"), "secret");
  for (
    const name of ["manifest.json", "manifest.json.part", ".hidden", "other.json", "hashes.csv"]
  ) {
    await Deno.writeTextFile(folder.file(`feed/${name}`), "secret");
  }
  using rig = await createRig({ feedDirectory: folder.file("feed") });
  const names = [
    ...["", "manifest.json.part", ".hidden", "other.json", "Manifest.json", "manifest.json%00"],
    ...[
      "manifest.json%0a",
      "%0amanifest.json",
      "manifest.json/",
      "manifest.json%2f",
      "x/manifest.json",
    ],
    ...["../secret.json", "..%2fsecret.json", "%2e%2e/secret.json", "%2e%2e%2fsecret.json"],
    ...[
      "..%5csecret.json",
      "..%252fsecret.json",
      "....//secret.json",
      "./%2e%2e/%2e%2e/etc/passwd",
    ],
    ...[`${UUID}.json`, `${UUID.toUpperCase()}.json`, `${UUID}`, `${UUID}.json.json`],
    ...[`/${folder.path}/secret.json`, encodeURIComponent(`${folder.path}/secret.json`), "%"],
  ];
  for (const name of names) {
    const response = await rig.ask(`/feed/${name}`);
    assert.equal(response.status, 404, name);
    assert.doesNotMatch(await response.text(), /secret$/);
  }
  assert.equal(await (await rig.ask("/feed/manifest.json")).text(), "secret");
});

Deno.test("GET /feed follows no link, and waits for no pipe", async () => {
  using folder = tempFolder();
  await Deno.mkdir(folder.file("feed"));
  await Deno.writeTextFile(folder.file("secret"), "secret");
  await Deno.writeTextFile(folder.file(`feed/${UUID}.json`), "{}");
  await run("ln", "-s", folder.file("secret"), folder.file("feed/manifest.json"));
  using rig = await createRig({ feedDirectory: folder.file("feed") });
  assert.equal((await rig.ask("/feed/manifest.json")).status, 404);
  await run("mkfifo", folder.file("feed/hashes.csv"));
  assert.equal((await rig.ask("/feed/hashes.csv")).status, 404);
  // Not even a link to a file of the folder.
  await Deno.remove(folder.file("feed/manifest.json"));
  await run("ln", "-s", `${UUID}.json`, folder.file("feed/manifest.json"));
  assert.equal((await rig.ask("/feed/manifest.json")).status, 404);
});

Deno.test("GET /feed gives each file whole while it is replaced again and again", async () => {
  using folder = tempFolder();
  using rig = await createRig({ feedDirectory: folder.path });
  const path = folder.file("manifest.json");
  const textOf = (n: number) => String(n % 10).repeat(100_000 + n * 1000);
  await replaceFile(path, textOf(0));
  let isOver = false;
  let replaced = 0;
  const replacing = (async () => {
    while (!isOver) await replaceFile(path, textOf(++replaced % 50));
  })();
  try {
    const seen = new Set<string>();
    for (let asked = 0; asked < 100 || seen.size < 6; asked++) {
      const response = await rig.ask("/feed/manifest.json");
      const text = await response.text();
      assert.equal(response.status, 200, text);
      assert.equal(String(text.length), response.headers.get("Content-Length"));
      assert.equal(text, text[0]!.repeat(text.length));
      seen.add(response.headers.get("ETag")!);
    }
  } finally {
    isOver = true;
    await replacing;
  }
});

Deno.test("GET /feed is for those who may look, and 404 where there is no feed", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("manifest.json"), "{}");
  const { path } = folder;
  using closed = await createRig({ tokens: oneToken, feedDirectory: path });
  assert.equal((await closed.ask("/feed/manifest.json")).status, 401);
  assert.equal(
    await (await closed.ask("/feed/manifest.json", { headers: AUTHORIZED })).text(),
    "{}",
  );
  using open = await createRig({ tokens: oneToken, openPages: true, feedDirectory: path });
  assert.equal(await (await open.ask("/feed/manifest.json", {}, "192.0.2.1")).text(), "{}");
  using none = await createRig();
  const response = await none.ask("/feed/manifest.json");
  assert.deepEqual([response.status, await response.json()], [
    404,
    { error: "the feed has no such file" },
  ]);
});

Deno.test("GET /feed says 503 without a word of the inside when the folder cannot be read", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("feed"), "a file where the folder should be");
  using rig = await createRig({ feedDirectory: folder.file("feed") });
  const response = await rig.ask("/feed/manifest.json");
  assert.deepEqual([response.status, await response.json()], [
    503,
    { error: "the feed cannot be read" },
  ]);
  assert.equal(rig.logged.length, 1);
});

/** The addresses that MISP 2.5 fetches, for a feed's address as it was typed (docs/contracts/misp.md 7). */
const fetchedByMisp = (typed: string) =>
  ["manifest.json", "hashes.csv", `${UUID}.json`].map((name) => `${typed}/${name}`);

Deno.test("GET /feed answers MISP, however many slashes its address is typed with", async () => {
  using folder = tempFolder();
  await replaceFile(folder.file("manifest.json"), `{"${UUID}":{}}`);
  await replaceFile(folder.file("hashes.csv"), `abc,${UUID}\n`);
  await replaceFile(folder.file(`${UUID}.json`), "{}");
  using rig = await createRig({ tokens: oneToken, feedDirectory: folder.path });
  for (const typed of ["/feed", "/feed/", "/feed//", "//feed", "//feed///"]) {
    for (const path of fetchedByMisp(typed)) {
      const answer = await rig.ask(path, { headers: AUTHORIZED });
      assert.equal(answer.status, 200, path);
      await answer.text();
      assert.equal((await rig.ask(path)).status, 401, path);
    }
  }
});

Deno.test("slashes open no other file and no other route", async () => {
  using folder = tempFolder();
  await Deno.mkdir(folder.file("feed"));
  await Deno.writeTextFile(folder.file("secret.json"), "secret");
  await Deno.writeTextFile(folder.file("feed/manifest.json"), "{}");
  using rig = await createRig({ tokens: oneToken, feedDirectory: folder.file("feed") });
  const paths = [
    ...["/feed//..//secret.json", "/feed//%2e%2e//secret.json", "/feed//..%2f%2fsecret.json"],
    ...["/feed/%2fmanifest.json", "/feed%2f%2fmanifest.json", "/feed//manifest.json//"],
    ...["/feed\\\\..\\secret.json", `/feed/${folder.path}/secret.json`, "/feed//.//../secret.json"],
    ...["//feed", "/feed//", "//"],
  ];
  for (const path of paths) {
    const response = await rig.ask(path, { headers: AUTHORIZED });
    assert.equal(response.status, 404, path);
    assert.doesNotMatch(await response.text(), /^secret/, path);
  }
  assert.equal((await rig.ask("//healthz")).status, 200);
  assert.equal((await rig.ask("//alerts", { method: "POST", body: "{}" })).status, 401);
});
