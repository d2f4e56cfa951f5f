import assert from "node:assert/strict";
import type { PageScene } from "../support/page_scene.ts";
import { PUBLISH_LEASE } from "../../src/publish/publisher.ts";
import { A, AUTHORIZATION, form, MINUTE, refusedScene, tokens, wordsOf } from "./pages_rig.ts";

Deno.test("GET /refused says why, and POST /refused/retry sends again", async () => {
  using scene = await refusedScene("Event.info is too long");
  const page = await scene.page("/refused");
  assert.match(wordsOf(page), new RegExp(`Event\\.info is too long What to do: .* ${A}`));
  const report = /name="report" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const answer = await scene.fetch("/refused/retry", form({ report, sink: "misp" }));
  assert.deepEqual([answer.status, answer.headers.get("Location")], [
    303,
    "/refused?notice=due&reports=1",
  ]);
  const after = wordsOf(await scene.page("/refused?notice=due&reports=1"));
  assert.match(after, /1 report is due now; the publisher sends within a minute/);
  assert.match(after, /There is none: every report was delivered or waits/);
  scene.answer = () => ({ kind: "delivered", notes: [] });
  await scene.publish();
  assert.equal((await scene.buffer.views.status()).delivered, 1);
  const again = await scene.fetch("/refused/retry", form({ report, sink: "misp" }));
  assert.equal(again.headers.get("Location"), "/refused?notice=none");
});

/** The form of the first refused report. */
async function reportOf({ buffer }: PageScene): Promise<Record<string, string>> {
  const [{ uuid, sink } = { uuid: "", sink: "" }] = (await buffer.views.refused({ most: 1 })).rows;
  return { report: uuid, sink };
}

Deno.test("POST /refused/retry changes nothing while a publisher is at work", async () => {
  using scene = await refusedScene();
  await scene.buffer.leases.take(PUBLISH_LEASE, "other", MINUTE, scene.now);
  const answer = await scene.fetch("/refused/retry", form(await reportOf(scene)));
  assert.equal(answer.headers.get("Location"), "/refused?notice=busy");
  assert.match(wordsOf(await scene.page("/refused?notice=busy")), /A publisher is at work/);
  assert.equal((await scene.buffer.views.status()).refused, 1);
});

Deno.test("POST /refused/retry refuses what names no report, and long forms", async () => {
  using scene = await refusedScene();
  for (
    const fields of [{}, { report: "x", sink: "misp" }, { report: crypto.randomUUID(), sink: "x" }]
  ) {
    assert.equal(
      (await scene.fetch("/refused/retry", form(fields as Record<string, string>))).status,
      400,
    );
  }
  const long = form({ report: "x".repeat(5000) });
  assert.equal((await scene.fetch("/refused/retry", long)).status, 413);
  assert.equal((await scene.buffer.views.status()).refused, 1);
});

Deno.test("POST /refused/retry refuses forms of other pages", async () => {
  using local = await refusedScene();
  using known = await refusedScene("no", { tokens });
  for (const origin of ["http://evil.example", "null", "http://127.0.0.1:9", "https://localhost"]) {
    const own = await local.fetch(
      "/refused/retry",
      form(await reportOf(local), { Origin: origin }),
    );
    assert.equal(own.status, 401, origin);
    const headers = { ...AUTHORIZATION, Origin: origin };
    const other = await known.fetch("/refused/retry", form(await reportOf(known), headers));
    assert.equal(other.status, 401, origin);
  }
  assert.equal((await local.buffer.views.status()).refused, 1);
  assert.equal((await known.buffer.views.status()).refused, 1);
  const headers = { ...AUTHORIZATION, Origin: "http://127.0.0.1:8787" };
  assert.equal(
    (await known.fetch("/refused/retry", form(await reportOf(known), headers))).status,
    303,
  );
});

const PATHS = ["/", "/live", "/refused", "/sources", `/sources/${A}`];

Deno.test("pages are for those with a token once there are tokens", async () => {
  using scene = await refusedScene("no", { tokens });
  const css = /"(\/assets\/pages[^"]+)"/.exec(
    await (await scene.fetch("/", { headers: AUTHORIZATION })).text(),
  )![1]!;
  for (const path of [...PATHS, css]) {
    const response = await scene.fetch(path);
    assert.equal(response.status, 401, path);
    assert.doesNotMatch(await response.text(), new RegExp(A));
  }
  assert.equal((await scene.fetch("/refused/retry", form(await reportOf(scene)))).status, 401);
});

Deno.test("pages are for this machine only while there are no tokens", async () => {
  using scene = await refusedScene();
  for (const path of PATHS) assert.equal((await scene.fetch(path, {}, "198.51.100.9")).status, 401);
});

Deno.test("open pages are seen by everybody, and change nothing", async () => {
  using scene = await refusedScene("no", { tokens, openPages: true });
  for (const path of ["/", "/refused", `/sources/${A}`]) {
    assert.equal((await scene.fetch(path, {}, "198.51.100.9")).status, 200, path);
  }
  const answer = await scene.fetch("/refused/retry", form(await reportOf(scene)), "198.51.100.9");
  assert.equal(answer.status, 401);
});
