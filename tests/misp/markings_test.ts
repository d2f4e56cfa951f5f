import assert from "node:assert/strict";
import { DEFAULT_TAGS } from "../../src/config/defaults.ts";
import { unfitting, withoutSecondMarkings } from "../../src/misp/sharing/markings.ts";
import { lastPublishedOf, notesOf, report, startRig, TAGS, UUID } from "./rest_sink_rig.ts";
import type { MispEvent } from "../../src/misp/event.ts";

Deno.test("unfitting() finds nothing in the default tags for the default distribution", () => {
  assert.deepEqual(unfitting(DEFAULT_TAGS, 0), []);
});

Deno.test("unfitting() finds what MISP warns of, and what TLP forbids", () => {
  const fitting = (tag: string) =>
    [0, 1, 2, 3, 4].filter((one) => unfitting([tag], one).length === 0);
  assert.deepEqual(fitting("tlp:red"), [0, 1, 2, 4]);
  assert.deepEqual(fitting("tlp:amber+strict"), [0, 4]);
  assert.deepEqual(fitting("tlp:amber"), [0, 1, 2, 4]);
  assert.deepEqual(fitting("TLP:GREEN"), [1, 2, 3]);
  assert.deepEqual(fitting("tlp:white"), [3]);
  assert.deepEqual(fitting("tlp:clear"), [0, 1, 2, 3, 4]);
  assert.deepEqual(fitting("PAP:GREEN"), [0, 1, 2, 3, 4]);
});

Deno.test("withoutSecondMarkings() leaves an event the markings that it has", () => {
  const tags = ["tlp:amber+strict", "PAP:GREEN", "cssa:origin"].map((name) => ({ name }));
  const names = (known: readonly string[]) =>
    withoutSecondMarkings(tags, known).map(({ name }) => name);
  assert.deepEqual(names([]), ["tlp:amber+strict", "PAP:GREEN", "cssa:origin"]);
  assert.deepEqual(names(["TLP:GREEN"]), ["PAP:GREEN", "cssa:origin"]);
  assert.deepEqual(names(["tlp:amber+strict", "pap:red"]), ["tlp:amber+strict", "cssa:origin"]);
});

Deno.test("deliver() leaves an event its TLP when the configuration changes, from a lost buffer, too", async () => {
  for (const isKnownThere of [true, false]) {
    await using rig = await startRig({ tags: [...TAGS, "tlp:amber+strict"] });
    const [first] = await rig.deliver(report());
    const event = JSON.parse(report(5).body) as MispEvent;
    const Tag = [{ name: "tlp:amber+strict" }, ...event.Tag.slice(1)];
    const outcomes = await rig.deliver(report(5, {
      isKnownThere,
      lastPublished: isKnownThere ? lastPublishedOf(first) : "",
      body: JSON.stringify({ ...event, Tag }),
    }));
    assert.deepEqual(notesOf(outcomes), []);
    assert.deepEqual(rig.misp.event(UUID)?.Tag.map(({ name }) => name), TAGS);
  }
});
