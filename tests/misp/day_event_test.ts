import assert from "node:assert/strict";
import { buildClosing, buildDayEvent } from "../../src/misp/day_event.ts";
import { isDayWithoutLogin, namesLogin } from "../../src/misp/day_title.ts";
import { nothingPublished } from "../../src/misp/published/last_published.ts";
import { updateOf } from "../../src/misp/update.ts";
import { merged, strongest } from "../../src/misp/merged.ts";
import { dayEventUuid } from "../../src/misp/uuid.ts";
import {
  CLOSED_TAG,
  COMPROMISED,
  DAY_UUID,
  dayRecord,
  PART_2_UUID,
  sources,
  TITLE,
} from "./day_rig.ts";
import { RULES } from "./rest_sink_rig.ts";

const DAY = { eventUuid: DAY_UUID, publisher: "wazuh-manager-01", day: "2026-11-23", part: 1 };
const compromised = { compromisedAt: Date.UTC(2026, 10, 23, 7, 41, 2) };

const contentOf = (event: ReturnType<typeof buildClosing>) => event.EventReport[0]?.content ?? "";

// Computed by Python's uuid.uuid5(), as those of uuid_test.ts.
Deno.test("dayEventUuid() never changes", () => {
  assert.equal(dayEventUuid("wazuh-manager-01", "2026-11-23", 1), DAY_UUID);
  assert.equal(dayEventUuid("wazuh-manager-01", "2026-11-23", 2), PART_2_UUID);
});

Deno.test("buildDayEvent() names neither address nor sensor in the title, and the part from 2 on", () => {
  const title = (changes: Parameters<typeof dayRecord>[2]) =>
    buildDayEvent(dayRecord("82.202.219.155", 3, changes), RULES, {}).info;
  assert.equal(title({}), "SSH brute-force sources seen by honeypots, 2026-11-23");
  assert.equal(
    title({ part: 2 }),
    "SSH brute-force sources seen by honeypots, 2026-11-23 (part 2)",
  );
  assert.equal(
    title({ part: 2, ...compromised }),
    "SUCCESSFUL LOGIN among SSH brute-force sources seen by honeypots, 2026-11-23 (part 2)",
  );
});

Deno.test("buildDayEvent() and buildClosing() call no source of Telnet one of SSH", () => {
  const telnet = dayRecord("80.94.95.112", 8, { services: ["telnet"] });
  const ssh = dayRecord("82.202.219.155");
  const rules = { ...RULES, telnet: true };
  const neutral = "Brute-force sources seen by honeypots, 2026-11-23";
  assert.equal(buildDayEvent(telnet, RULES, {}).info, neutral);
  assert.equal(buildDayEvent(ssh, rules, {}).info, neutral);
  assert.equal(buildDayEvent(ssh, RULES, {}).info, TITLE);
  assert.equal(buildDayEvent({ ...ssh, services: ["ssh", "telnet"] }, RULES, {}).info, TITLE);
  const closing = buildClosing(DAY, [ssh, telnet], RULES);
  assert.equal(closing.info, neutral);
  assert.equal(closing.EventReport[0]?.name, neutral);
  const login = buildDayEvent({ ...telnet, ...compromised }, rules, {}).info;
  assert.equal(login, `SUCCESSFUL LOGIN among ${neutral}`);
  assert.deepEqual([neutral, login].map(isDayWithoutLogin), [true, false]);
  assert.deepEqual([neutral, login].map(namesLogin), [false, true]);
});

Deno.test("buildDayEvent() is ongoing, or further where the configuration says so", () => {
  const analyses = [0, 1, 2].map((analysis) =>
    buildDayEvent(dayRecord("82.202.219.155"), { ...RULES, analysis }, {}).analysis
  );
  assert.deepEqual(analyses, ["1", "1", "2"]);
});

Deno.test("buildDayEvent() and buildClosing() call a withdrawn source so", () => {
  const withdrawn = dayRecord("82.202.219.155", 3, { retractedAt: Date.UTC(2026, 10, 23, 9) });
  const comments = buildDayEvent(withdrawn, RULES, {}).Object.map(({ comment }) => comment);
  assert.deepEqual(comments, [
    "withdrawn by an operator at 2026-11-23 09:00:00 UTC; " +
    "0 sensors; 1 different user name; 3 Wazuh alerts",
  ]);
  const story = contentOf(buildClosing(DAY, [withdrawn, dayRecord("80.94.95.112")], RULES));
  assert.match(story, /\| 82\.202\.219\.155, withdrawn \| 3 \|/);
  assert.match(story, /\| 80\.94\.95\.112 \| 3 \|/);
});

Deno.test("buildClosing() completes the event and reports its sources, most attempts first", () => {
  const event = buildClosing(
    DAY,
    [dayRecord("82.202.219.155"), dayRecord("80.94.95.112", 8)],
    RULES,
  );
  const { info, analysis, threat_level_id, Tag, Object } = event;
  assert.deepEqual({ info, analysis, threat_level_id, Tag, Object }, {
    info: TITLE,
    analysis: "2",
    threat_level_id: "3",
    Tag: [{ name: CLOSED_TAG }],
    Object: [],
  });
  assert.deepEqual(contentOf(event).split("\n").filter((line) => line.startsWith("| 8")), [
    "| 80.94.95.112 | 8 | 0 | 2026-11-23 00:04:11 UTC | 2026-11-23 07:41:02 UTC |",
    "| 82.202.219.155 | 3 | 0 | 2026-11-23 00:04:11 UTC | 2026-11-23 07:41:02 UTC |",
  ]);
  assert.match(contentOf(event), /\*\*11 attempts\*\* from 2 sources\./);
});

Deno.test("buildClosing() names a login that succeeded", () => {
  const event = buildClosing(DAY, [dayRecord("82.202.219.155", 3, compromised)], RULES);
  assert.deepEqual([event.info, event.threat_level_id], [COMPROMISED, "1"]);
  assert.match(
    contentOf(event),
    /\*\*A login from 82\.202\.219\.155 succeeded at 2026-11-23 \d\d:\d\d:\d\d UTC, after failures\.\*\*/,
  );
});

Deno.test("buildClosing() lists 200 sources and counts the rest", () => {
  const content = contentOf(buildClosing(DAY, sources(203).map((one) => dayRecord(one)), RULES));
  assert.equal(content.match(/^\| 82\./gm)?.length, 200);
  assert.match(content, /\n\n3 more sources are not listed\./);
});

Deno.test("buildClosing() says user names as the privacy rules have it, and none becomes Markdown", () => {
  const record = dayRecord("82.202.219.155", 3, { usernames: { root: 2, "<b>|[x](http://x)": 1 } });
  const content = (usernames: "top" | "all" | "count") =>
    contentOf(buildClosing(DAY, [record], { ...RULES, usernames }));
  assert.match(content("top"), /\| `root` \| 2 \|/);
  assert.doesNotMatch(content("top"), /http:/);
  assert.match(
    content("all"),
    /\| `\\u\{3c\}b\\u\{3e\}\\u\{7c\}\\u\{5b\}x\\u\{5d\}\(http:\/\/x\)` \| 1 \|/,
  );
  assert.match(content("count"), /2 different user names were seen\./);
});

Deno.test("merged() gives the event that its sources and its closing make together", () => {
  const [a, b] = [dayRecord("82.202.219.155"), dayRecord("80.94.95.112", 8, compromised)];
  const parts = [buildDayEvent(a, RULES, {}), buildDayEvent(b, RULES, {})] as const;
  const event = merged([...parts, buildClosing(DAY, [a, b], RULES)]);
  assert.deepEqual(
    [event.info, event.analysis, event.threat_level_id, event.EventReport.length],
    [COMPROMISED, "2", "1", 1],
  );
  assert.deepEqual(event.Tag.map(({ name }) => name), [
    "tlp:green",
    'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"',
    'misp-galaxy:mitre-attack-pattern="Valid Accounts - T1078"',
    CLOSED_TAG,
  ]);
  assert.deepEqual(event.Object.map(({ Attribute: [address] }) => address?.value), [
    "82.202.219.155",
    "80.94.95.112",
  ]);
});

Deno.test("buildClosing() calls a source of Telnet, and one that was withdrawn, so", () => {
  const content = contentOf(buildClosing(DAY, [
    dayRecord("82.202.219.155", 3, { services: ["telnet"] }),
    dayRecord("82.202.219.156", 3, { retractedAt: Date.UTC(2026, 10, 23, 9) }),
  ], RULES));
  assert.deepEqual(content.match(/^\| 82\.[^|]+/gm), [
    "| 82.202.219.155, Telnet ",
    "| 82.202.219.156, withdrawn ",
  ]);
});

Deno.test("strongest() and updateOf() know the titles of earlier releases", () => {
  const earlier = `${TITLE}, with a SUCCESSFUL LOGIN`;
  assert.deepEqual(strongest([{ info: earlier }, { info: TITLE }]), { info: earlier });
  const withTitle = (info: string) => {
    const event = { ...buildDayEvent(dayRecord("82.202.219.155"), RULES, {}), info };
    return updateOf(event, nothingPublished(event)).info;
  };
  assert.deepEqual([TITLE, COMPROMISED, earlier].map(withTitle), [
    undefined,
    COMPROMISED,
    earlier,
  ]);
});

Deno.test("strongest() takes the last title, unless a day's names a login", () => {
  assert.deepEqual(strongest([{ info: "3 attempts" }, { info: "5 attempts" }]), {
    info: "5 attempts",
  });
  assert.deepEqual(strongest([{ info: COMPROMISED }, { info: TITLE }]), { info: COMPROMISED });
  assert.deepEqual(strongest([{}, { analysis: "1" }, { analysis: "0", threat_level_id: "3" }]), {
    analysis: "1",
    threat_level_id: "3",
  });
});
