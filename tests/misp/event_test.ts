import assert from "node:assert/strict";
import type { SourceRecord } from "../../src/model.ts";
import { buildEvent, type EventRules } from "../../src/misp/event.ts";
import { mispTime } from "../../src/misp/misp_time.ts";
import { techniqueTags } from "../../src/misp/galaxy/techniques.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { sourceRecord } from "../support/source_record.ts";

const RULES: EventRules = {
  ...PLAIN_SNAPSHOT_RULES,
  distribution: 1,
  tags: ["tlp:green", "PAP:GREEN"],
};

const SENSOR = { sensor: "007@m", name: "honeypot-fra1", alerts: 7, firstSeen: 0, lastSeen: 0 };

const recordOf = (changes: Partial<SourceRecord> = {}) =>
  sourceRecord({
    firstSeen: Date.UTC(2026, 7, 23, 6, 14, 7, 412),
    usernames: { root: 2, pi: 1 },
    sensors: [SENSOR],
    techniques: [{ id: "T1110.001", name: "Password Guessing" }],
    ...changes,
  });

Deno.test("buildEvent() builds the event whole", () => {
  const { EventReport: _told, ...event } = buildEvent(recordOf(), RULES);
  assert.deepEqual(event, {
    uuid: "fa04dc62-89e1-5024-b207-249034a5af55",
    info: "SSH Brute Force Attack from 82.202.219.155 (3 attempts)",
    date: "2026-08-23",
    threat_level_id: "3",
    analysis: "0",
    distribution: "1",
    published: false,
    Tag: [
      { name: "tlp:green" },
      { name: "PAP:GREEN" },
      { name: 'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"' },
    ],
    Attribute: [{
      uuid: "8412e1d5-b35d-51bf-9dee-0d85700d407d",
      type: "ip-src",
      category: "Network activity",
      value: "82.202.219.155",
      to_ids: true,
      disable_correlation: false,
      distribution: "5",
      comment: "confidence 40 of 100: attacked a honeypot 40",
      first_seen: "2026-08-23T06:14:07.412000+00:00",
      last_seen: "2026-08-23T07:00:00.000000+00:00",
    }],
    Object: [{
      uuid: "3b206826-10ec-5d4d-8306-3f4f1842a294",
      name: "authentication-failure-report",
      "meta-category": "network",
      description: "Authentication Failure Report",
      template_uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
      template_version: "4",
      distribution: "5",
      comment: "1 sensor; 2 different user names; 7 Wazuh alerts",
      first_seen: "2026-08-23T06:14:07.412000+00:00",
      last_seen: "2026-08-23T07:00:00.000000+00:00",
      Attribute: [
        {
          uuid: "6f549b03-3260-5534-a971-eeff52e792c2",
          object_relation: "ip-src",
          type: "ip-src",
          category: "Network activity",
          value: "82.202.219.155",
          to_ids: false,
          disable_correlation: true,
          distribution: "5",
          comment: "",
          first_seen: "2026-08-23T06:14:07.412000+00:00",
          last_seen: "2026-08-23T07:00:00.000000+00:00",
        },
        {
          uuid: "e04496d2-2bf3-58e0-858a-8399d07f9b8a",
          object_relation: "total",
          type: "counter",
          category: "Other",
          value: "3",
          to_ids: false,
          disable_correlation: true,
          distribution: "5",
          comment: "",
        },
        {
          uuid: "54308a06-2db8-5617-9df5-924f01a13069",
          object_relation: "type",
          type: "text",
          category: "Other",
          value: "ssh",
          to_ids: false,
          disable_correlation: true,
          distribution: "5",
          comment: "",
        },
      ],
    }],
  });
});

Deno.test("buildEvent() says nothing that attackers or sensors named", () => {
  const text = JSON.stringify(buildEvent(
    recordOf({ usernames: { "Hunter2!": 1 }, sensors: [{ ...SENSOR, name: "honeypot-secret" }] }),
    RULES,
  ));
  assert.doesNotMatch(text, /Hunter2!|honeypot-secret|wazuh-manager-01/);
});

Deno.test("buildEvent() keeps every uuid when the counts grow", () => {
  const uuidsOf = (record: SourceRecord) =>
    JSON.stringify(buildEvent(record, RULES)).match(/"uuid":"[^"]+"/g);
  const grown = recordOf({ attempts: 99, lastSeen: Date.UTC(2026, 8, 1), reports: 4 });
  assert.deepEqual(uuidsOf(grown), uuidsOf(recordOf()));
  assert.equal(buildEvent(grown, RULES).Object[0]?.Attribute[1]?.value, "99");
});

Deno.test("buildEvent() writes one of a thing without a plural", () => {
  const record = recordOf({ alerts: 1, usernames: { root: 1 }, sensors: [SENSOR, SENSOR] });
  assert.equal(
    buildEvent(record, RULES).Object[0]?.comment,
    "2 sensors; 1 different user name; 1 Wazuh alert",
  );
});

Deno.test("buildEvent() gives a tag once", () => {
  const tag = 'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"';
  const names = buildEvent(recordOf(), { ...RULES, tags: [tag, "tlp:green", tag] }).Tag;
  assert.deepEqual(names, [{ name: tag }, { name: "tlp:green" }]);
});

Deno.test("mispTime() writes microseconds and an offset with a colon", () => {
  assert.equal(mispTime(Date.UTC(2026, 10, 23, 0, 4, 11)), "2026-11-23T00:04:11.000000+00:00");
  assert.equal(mispTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), "2026-01-02T03:04:05.006000+00:00");
});

Deno.test("techniqueTags() takes MISP's name of the id, whatever name came with it", () => {
  assert.deepEqual(
    techniqueTags([
      { id: "T1021.004", name: "Remote Services: SSH" },
      { id: "T1110", name: undefined },
      { id: "T1110.001", name: "SSH" },
      { id: "T1059.004", name: 'x" - T1110' },
    ]),
    [
      'misp-galaxy:mitre-attack-pattern="SSH - T1021.004"',
      'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"',
      'misp-galaxy:mitre-attack-pattern="Password Guessing - T1110.001"',
      'misp-galaxy:mitre-attack-pattern="Unix Shell - T1059.004"',
    ],
  );
});

Deno.test("techniqueTags() leaves out a technique that has no cluster", () => {
  assert.deepEqual(
    techniqueTags([
      { id: "T9999", name: "Brute Force" },
      { id: "T1110.099", name: "Password Guessing" },
      { id: "constructor", name: undefined },
    ]),
    [],
  );
});

Deno.test("buildEvent() calls a source of Telnet alone one of Telnet", () => {
  const titleOf = (services: SourceRecord["services"]) => {
    const { info, EventReport: [report] } = buildEvent(recordOf({ services }), RULES);
    return [info, report!.name, /sshd/.test(report!.content)];
  };
  assert.deepEqual(titleOf(["telnet"]), [
    "Telnet Brute Force Attack from 82.202.219.155 (3 attempts)",
    "Telnet brute force from 82.202.219.155",
    false,
  ]);
  assert.deepEqual(titleOf(["ssh", "telnet"]), [
    "SSH Brute Force Attack from 82.202.219.155 (3 attempts)",
    "SSH brute force from 82.202.219.155",
    true,
  ]);
});

Deno.test("buildEvent() says a login, and a withdrawal, before the first comma of the title", () => {
  const titleOf = (changes: Partial<SourceRecord>) =>
    buildEvent(recordOf(changes), RULES).info.split(",")[0];
  const at = Date.UTC(2026, 7, 23, 7);
  assert.deepEqual(
    [{ compromisedAt: at }, { retractedAt: at }, { compromisedAt: at, retractedAt: at }]
      .map(titleOf),
    [
      "SUCCESSFUL LOGIN after SSH Brute Force Attack from 82.202.219.155 (3 attempts)",
      "Withdrawn: SSH Brute Force Attack from 82.202.219.155 (3 attempts)",
      "Withdrawn: SUCCESSFUL LOGIN after SSH Brute Force Attack from 82.202.219.155 (3 attempts)",
    ],
  );
});
