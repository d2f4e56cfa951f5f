import assert from "node:assert/strict";
import { LIST_FORMATS } from "../../src/list_query.ts";
import { listFiles } from "../../src/lists/file.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { link, ListRig, rule } from "../lists/rig.ts";
import { AUTHORIZED, createRig, MAX_BYTES, NOW, oneToken } from "./rig.ts";

const TYPES = {
  plain: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  cdb: "text/plain; charset=utf-8",
  nftables: "text/plain; charset=utf-8",
  jsonl: "application/x-ndjson",
};

Deno.test("GET /lists gives each list as it was written, once for each content", async () => {
  using made = new ListRig();
  const rules = LIST_FORMATS.map((format) => rule(format, { format }));
  const lists = listFiles(rules, made.folder.file("buffer.db"));
  using rig = await createRig({ lists });
  await made.attack(["192.0.2.7", "2001:db8::7"]);
  await made.write(rules);
  for (const name of LIST_FORMATS) {
    const response = await rig.ask(`/lists/${name}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("Content-Type"), TYPES[name]);
    assert.equal(await response.text(), made.text(name));
    const etag = response.headers.get("ETag")!;
    assert.match(etag, /^"[\w-]{43}"$/);
    const headers = { "If-None-Match": etag };
    const again = await rig.ask(`/lists/${name}`, { headers });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
    await made.attack([`198.51.100.${LIST_FORMATS.indexOf(name)}`]);
    await made.write(rules);
    const changed = await rig.ask(`/lists/${name}`, { headers });
    assert.deepEqual([changed.status, await changed.text()], [200, made.text(name)]);
    assert.notEqual(changed.headers.get("ETag"), etag);
  }
});

Deno.test("GET /lists gives nothing else: other names, lists without a file, links", async () => {
  using made = new ListRig();
  const lists = listFiles([rule("all")], made.folder.file("buffer.db"));
  using rig = await createRig({ lists });
  const refusalOf = async (path: string) => {
    const { status, body } = await rig.get(path);
    return [status, body.error];
  };
  const absent = [404, "no list in the configuration has this name"];
  for (const name of ["other", "ALL", "..%2fbuffer.db", "all%00", "constructor"]) {
    assert.deepEqual(await refusalOf(`/lists/${name}`), absent, name);
  }
  const missing = [404, "the list was not written yet; see `status`"];
  assert.deepEqual(await refusalOf("/lists/all"), missing);
  await Deno.mkdir(made.folder.file("lists"));
  await link("/etc/passwd", made.folder.file("lists/all"));
  assert.deepEqual(await refusalOf("/lists/all"), missing);
});

Deno.test("GET /lists needs a token as the other pages do", async () => {
  using made = new ListRig();
  const lists = listFiles([rule("all")], made.folder.file("buffer.db"));
  await made.write([rule("all")]);
  using rig = await createRig({ lists, tokens: oneToken });
  const statusOf = async (headers: HeadersInit, path = "/lists/all") => {
    const response = await rig.ask(path, { headers });
    await response.text();
    return response.status;
  };
  assert.equal(await statusOf({}), 401);
  assert.equal(await statusOf({}, "/lists/other"), 401);
  assert.equal(await statusOf(AUTHORIZED), 200);
  using open = await createRig({ lists, tokens: oneToken, openPages: true });
  assert.equal(await (await open.ask("/lists/all")).text(), made.text("all"));
});

Deno.test("GET /metrics has the size of each list, and whether it was not written", async () => {
  using rig = await createRig();
  const metrics = await createMetrics({
    ...{ status: () => rig.buffer.views.status(), maxBytes: MAX_BYTES, version: "1" },
    now: () => NOW,
    compromised: () => rig.buffer.views.compromised(NOW),
    sensors: () => rig.buffer.views.sensorContacts(),
    lists: () =>
      Promise.resolve([
        { name: "a", addresses: 7, problem: undefined, loggedAt: undefined },
        { name: "b", addresses: undefined, problem: "too much", loggedAt: 1 },
      ]),
  });
  const lines = (await metrics.text()).split("\n").filter((line) => /^custom_misp_list/.test(line));
  assert.deepEqual(lines, [
    'custom_misp_list_addresses{list="a"} 7',
    'custom_misp_list_not_written{list="a"} 0',
    'custom_misp_list_not_written{list="b"} 1',
  ]);
});
