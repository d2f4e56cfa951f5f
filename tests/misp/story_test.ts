import assert from "node:assert/strict";
import type { SourceRecord } from "../../src/model.ts";
import { writeDayStory, writeStory } from "../../src/misp/story.ts";
import { sourceRecord } from "../support/source_record.ts";

const [FIRST_SEEN, LAST_SEEN] = [
  Date.UTC(2026, 10, 23, 0, 4, 11),
  Date.UTC(2026, 10, 23, 7, 41, 2),
];
const SOURCE = sourceRecord({
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

Deno.test("writeStory() gives times, counts and the names that look like names", () => {
  const { name, content } = writeStory(SOURCE, {
    usernames: "top",
    sensorNames: "pseudonym",
    passwords: false,
  });
  assert.equal(name, "SSH brute force from 198.51.100.7");
  assert.match(
    content,
    /\*\*7 attempts\*\* between 2026-11-23 00:04:11 UTC and 2026-11-23 07:41:02 UTC, from 9 Wazuh alerts\./,
  );
  assert.match(
    content,
    /\| `root` \| 4 \|\n\| `admin` \| 1 \|\n\n3 different user names were seen\. One of them, tried 2 times, is not shown\./,
  );
  assert.doesNotMatch(content, /evil/);
});

Deno.test("writeStory() names no sensor unless the rules allow it", () => {
  const hidden =
    writeStory(SOURCE, { usernames: "count", sensorNames: "pseudonym", passwords: false }).content;
  assert.doesNotMatch(hidden, /fra1|007|wazuh-manager/);
  assert.match(hidden, /\| honeypot-[0-9a-f]{8} \| 9 \|/);
  assert.match(hidden, /3 different user names were seen\./);
  const named =
    writeStory(SOURCE, { usernames: "count", sensorNames: "name", passwords: false }).content;
  assert.match(named, /\| `honeypot-fra1` \| 9 \|/);
});

Deno.test("writeStory() never shows a user name as Markdown", () => {
  const { content } = writeStory(SOURCE, {
    usernames: "all",
    sensorNames: "pseudonym",
    passwords: false,
  });
  assert.doesNotMatch(content, /\]\(http/);
  assert.doesNotMatch(content, /<b>/);
});

Deno.test("writeStory() says a compromise first", () => {
  const compromisedAt = Date.UTC(2026, 10, 23, 7, 41, 2);
  const { content } = writeStory({ ...SOURCE, compromisedAt }, {
    usernames: "top",
    sensorNames: "pseudonym",
    passwords: false,
  });
  assert.equal(
    content.split("\n\n")[2],
    "**A login succeeded at 2026-11-23 07:41:02 UTC, after failures.** " +
      "Treat the sensor as compromised until you have checked it.",
  );
});

Deno.test("writeStory() shows the passwords of a Cowrie only when the rules allow it", () => {
  const record: SourceRecord = { ...SOURCE, passwords: { "123456": 4, "p|ss`w0rd": 9, "": 1 } };
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

Deno.test("writeStory() and writeDayStory() write one of a thing without a plural", () => {
  const rules = { usernames: "top", sensorNames: "pseudonym", passwords: false } as const;
  const one = { ...SOURCE, attempts: 1, alerts: 1, usernames: { root: 1 } };
  const { content } = writeStory(one, rules);
  assert.match(content, /\*\*1 attempt\*\* between .* UTC, from 1 Wazuh alert\./);
  const hidden = writeStory(one, { ...rules, usernames: "count" }).content;
  assert.match(hidden, /\n1 different user name was seen\.\n/);
  const several = writeStory({ ...one, usernames: { "a b": 1, "c d": 1 } }, {
    ...rules,
    usernames: "top",
  });
  assert.match(several.content, /2 different user names were seen\.\n/);
  const day = writeDayStory("5b0c5a0e-7a5d-5c0b-9d7e-3f1d4a2c8e61", "a day", [one], rules);
  assert.match(day.content, /\*\*1 attempt\*\* from 1 source\./);
});

const TOP = { usernames: "top", sensorNames: "pseudonym", passwords: false } as const;

/** The section of user names. */
const namesIn = (changes: Partial<SourceRecord>, rules: Parameters<typeof writeStory>[1] = TOP) =>
  writeStory({ ...SOURCE, ...changes }, rules).content
    .split("## User names\n\n")[1]!.split("\n\n## ")[0];

Deno.test("writeStory() names who got in, in the sentence and first in the table", () => {
  const compromisedAt = Date.UTC(2026, 10, 23, 7, 41, 2);
  const usernames = { root: 4, "Summer2024!": 2, admin: 1 };
  const changes = { compromisedAt, usernames, loginNames: ["oracle", "Summer2024!"] };
  assert.equal(
    writeStory({ ...SOURCE, ...changes }, TOP).content.split("\n\n")[2],
    "**A login as `oracle`, `Summer2024!` succeeded at 2026-11-23 07:41:02 UTC, after failures.** " +
      "Treat the sensor as compromised until you have checked it.",
  );
  assert.equal(
    namesIn(changes),
    "| user name | attempts |\n|---|---|\n" +
      "| `Summer2024!`, logged in | 2 |\n| `oracle`, logged in | 0 |\n" +
      "| `root` | 4 |\n| `admin` | 1 |",
  );
  const hidden = writeStory({ ...SOURCE, ...changes }, { ...TOP, usernames: "count" }).content;
  assert.doesNotMatch(hidden, /oracle|Summer/);
  const day = writeDayStory("5b0c5a0e-7a5d-5c0b-9d7e-3f1d4a2c8e61", "a day", [
    { ...SOURCE, ...changes },
  ], TOP).content;
  assert.match(
    day,
    /\*\*A login as `oracle`, `Summer2024!` from 198\.51\.100\.7 succeeded at 2026-11-23 07:41:02 UTC/,
  );
  assert.match(day, /\| `oracle`, logged in \| 0 \|/);
});

Deno.test("writeStory() says why the user names do not add up to the attempts", () => {
  const table = "| user name | attempts |\n|---|---|\n| `root` | 4 |";
  assert.equal(namesIn({ usernames: { root: 4 }, attempts: 4 }), table);
  assert.equal(
    namesIn({ usernames: { root: 4 }, attempts: 5 }),
    `${table}\n\n1 more attempt has no user name in the log.`,
  );
  assert.equal(
    namesIn({ usernames: { root: 4, "a b": 1 }, attempts: 9, furtherUsernames: 3 }),
    `${table}\n\nAt least 2 different user names were seen. One of them, tried 1 time, is not shown. ` +
      "4 more attempts have another user name, or none in the log.",
  );
  assert.equal(
    namesIn({ usernames: { root: 4 }, attempts: 3 }),
    `${table}\n\nThe counts add up to 4, and not to the 3 attempts: a user name counts by the kind of ` +
      "log line that names it most often, and attempts count by one kind for all names.",
  );
});

Deno.test("writeStory() writes one time, and one technique, as one", () => {
  const { content } = writeStory({ ...SOURCE, lastSeen: FIRST_SEEN }, TOP);
  assert.match(content, /\*\*7 attempts\*\* at 2026-11-23 00:04:11 UTC, from 9 Wazuh alerts\./);
  assert.match(content, /Wazuh's rules name this technique of MITRE ATT&CK: T1110\.001\./);
});
