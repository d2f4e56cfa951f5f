import assert from "node:assert/strict";
import { buildDayEvent } from "../../src/misp/day_event.ts";
import { buildEvent, type EventRules } from "../../src/misp/event.ts";
import { groupsOf } from "../../src/misp/sharing/sharing_group.ts";
import { firstReport } from "../support/source_record.ts";
import {
  lastPublishedOf,
  notesOf,
  record,
  report,
  RULES,
  startRig,
  UUID,
} from "./rest_sink_rig.ts";

const GROUP = { id: "7", uuid: "1b4e28ba-2fa1-4ad2-883f-0016d3cca427", name: "Honeypots" };
const OTHER = { id: "8", uuid: "2b4e28ba-2fa1-4ad2-883f-0016d3cca427", name: "Twice" };
const SHARED: EventRules = { ...RULES, distribution: 4 };

function shared(
  sharingGroup: string,
  attempts = 3,
  changes: Parameters<typeof firstReport>[2] = {},
) {
  const about = record(attempts, "198.51.100.7");
  return firstReport(about, buildEvent(about, { ...SHARED, sharingGroup }), changes);
}

for (const name of ["Honeypots", GROUP.uuid, GROUP.uuid.toUpperCase()]) {
  Deno.test(`deliver() shares an event with the sharing group ${name}, which it looks up once`, async () => {
    await using rig = await startRig({ sharingGroups: [OTHER, GROUP] });
    const [first] = await rig.deliver(shared(name));
    assert.deepEqual(notesOf([first!]), []);
    const stored = () => {
      const event = rig.misp.event(UUID);
      return [event?.distribution, event?.sharing_group_id, event?.published];
    };
    assert.deepEqual(stored(), ["4", "7", true]);
    await rig.deliver(
      shared(name, 5, { isKnownThere: true, lastPublished: lastPublishedOf(first) }),
    );
    assert.deepEqual(stored(), ["4", "7", true]);
    assert.deepEqual(rig.paths(), [
      "GET /sharing_groups/index/limit:9999",
      "POST /events/add",
      "POST /events/publish/UUID",
      "POST /events/edit/UUID",
    ]);
  });
}

Deno.test("deliver() waits, and stores nothing, where the key may not use the sharing group", async () => {
  await using rig = await startRig({ sharingGroups: [OTHER, { ...OTHER, id: "9" }] });
  for (const name of ["Honeypots", "Twice"]) {
    const [outcome] = await rig.deliver(shared(name));
    assert.deepEqual(outcome, {
      kind: "unavailable",
      reason: `MISP has no sharing group ${name} that the key may use; doctor lists those it may`,
    });
  }
  assert.deepEqual(rig.misp.events(), []);
});

Deno.test("deliver() asks for no sharing group where no event has one", async () => {
  await using rig = await startRig();
  await rig.deliver(report());
  assert.deepEqual(rig.paths(), ["POST /events/add", "POST /events/publish/UUID"]);
});

Deno.test("buildEvent() and buildDayEvent() name the group for feeds, older than any other", () => {
  const rules = { ...SHARED, sharingGroup: GROUP.uuid };
  const block = { uuid: GROUP.uuid, name: GROUP.uuid, modified: "1970-01-01 00:00:01" };
  for (const build of [buildEvent, buildDayEvent]) {
    const event = build(record(3, "198.51.100.7"), rules, {});
    assert.deepEqual([event.distribution, event.SharingGroup], ["4", block]);
  }
  const { distribution, SharingGroup } = buildEvent(record(3, "198.51.100.7"), {
    ...rules,
    distribution: 0,
  });
  assert.deepEqual([distribution, SharingGroup], ["0", undefined]);
});

Deno.test("groupsOf() reads a list with or without a frame, and nothing else", () => {
  const row = { SharingGroup: GROUP };
  assert.deepEqual([groupsOf([row]), groupsOf({ response: [row] })], [[GROUP], [GROUP]]);
  assert.deepEqual([groupsOf(undefined), groupsOf({}), groupsOf([null, {}])], [
    undefined,
    undefined,
    [],
  ]);
});
