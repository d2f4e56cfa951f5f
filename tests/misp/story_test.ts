import assert from "node:assert/strict";
import type { SourceRecord } from "../../src/model.ts";
import { writeDayStory, writeStory } from "../../src/misp/story.ts";
import { sourceRecord } from "../support/source_record.ts";

const [FIRST_SEEN, LAST_SEEN] = [
  Date.UTC(2026, 10, 23, 0, 4, 11),
  Date.UTC(2026, 10, 23, 7, 41, 2),
];
const HOME = sourceRecord({
  sourceIp: "198.51.100.7",
  openedOn: "2026-11-23",
  firstSeen: FIRST_SEEN,
  lastSeen: LAST_SEEN,
  alerts: 9,
  compacted: { pam: 0, sshd: 7, connect: 0 },
  attempts: 7,
  usernames: { root: 4, "[x](http://evil) | <b>": 2, admin: 1 },
  sensors: [{
    sensor: "007@wazuh-manager-01",
    name: "honeypot-fra1",
    alerts: 9,
    firstSeen: FIRST_SEEN,
    lastSeen: LAST_SEEN,
  }],
  techniques: [{ id: "T1110.001", name: "Password Guessing" }],
});

Deno.test("writeStory() tells times, counts and the names that look like names", () => {
  const { name, content } = writeStory(HOME, {
    usernames: "top",
    sensorNames: "pseudonym",
    passwords: false,
  });
  assert.equal(name, "SSH brute force from 198.51.100.7");
  assert.match(
    content,
    /\*\*7 attempts\*\* between 2026-11-23 00:04:11 UTC and 2026-11-23 07:41:02 UTC, told by 9 /,
  );
  assert.match(
    content,
    /\| `root` \| 4 \|\n\| `admin` \| 1 \|\n\n3 different user names were seen; /,
  );
  assert.match(content, /1 of them, tried 2 times, are not shown\./);
  assert.doesNotMatch(content, /evil/);
});

Deno.test("writeStory() names no sensor unless told to", () => {
  const hidden =
    writeStory(HOME, { usernames: "count", sensorNames: "pseudonym", passwords: false }).content;
  assert.doesNotMatch(hidden, /fra1|007|wazuh-manager/);
  assert.match(hidden, /\| honeypot-[0-9a-f]{8} \| 9 \|/);
  assert.match(hidden, /3 different user names were seen\./);
  const named =
    writeStory(HOME, { usernames: "count", sensorNames: "name", passwords: false }).content;
  assert.match(named, /\| `honeypot-fra1` \| 9 \|/);
});

Deno.test("writeStory() lets no user name become Markdown", () => {
  const { content } = writeStory(HOME, {
    usernames: "all",
    sensorNames: "pseudonym",
    passwords: false,
  });
  assert.doesNotMatch(content, /\]\(http/);
  assert.doesNotMatch(content, /<b>/);
});

Deno.test("writeStory() says a compromise first", () => {
  const compromisedAt = Date.UTC(2026, 10, 23, 7, 41, 2);
  const { content } = writeStory({ ...HOME, compromisedAt }, {
    usernames: "top",
    sensorNames: "pseudonym",
    passwords: false,
  });
  assert.equal(
    content.split("\n\n")[2],
    "**A login was let in at 2026-11-23 07:41:02 UTC, after failures.** " +
      "Take the sensor for compromised until you know better.",
  );
});

Deno.test("writeStory() tells the passwords of a Cowrie only when asked to", () => {
  const record: SourceRecord = { ...HOME, passwords: { "123456": 4, "p|ss`w0rd": 9, "": 1 } };
  const rules = { usernames: "count", sensorNames: "pseudonym" } as const;
  assert.doesNotMatch(writeStory(record, { ...rules, passwords: false }).content, /123456/);
  const { content } = writeStory(record, { ...rules, passwords: true });
  assert.match(content, /## Passwords\n\n.*\n.*\n\| `p\\u\{7c\}ss\\u\{60\}w0rd` \| 9 \|\n/);
  const day = writeDayStory("5b0c5a0e-7a5d-5c0b-9d7e-3f1d4a2c8e61", "a day", [record, record], {
    ...rules,
    passwords: true,
  });
  assert.match(day.content, /\| `123456` \| 8 \|/);
  assert.match(content, /\| `123456` \| 4 \|\n\| \(empty\) \| 1 \|/);
});
