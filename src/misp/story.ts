/**
 * The event report: an attack, or a day's attacks, described in Markdown. User names are text of an
 * attacker.
 *
 * @module
 */
import type { SensorRow, SourceRecord } from "../model.ts";
import { counted } from "./counted.ts";
import { addedSessions, type CommandPolicy, sessionStory } from "./sessions/session_story.ts";
import {
  DECOY_LOGIN,
  isInDecoy,
  isSessionOnly,
  reportTitle,
  serverName,
} from "./sessions/session_words.ts";
import {
  markdownText,
  summariseUsernames,
  type UsernamePolicy,
  type UsernameSummary,
} from "./usernames.ts";
import { publisherUuid, uuidV5 } from "./uuid.ts";

/** What an event report may name. */
export interface StoryRules {
  readonly usernames: UsernamePolicy;
  readonly sensorNames: "pseudonym" | "name";
  readonly passwords: boolean;
  /** `privacy.commands`; undefined: `top`. */
  readonly commands?: CommandPolicy;
}

/** An event report in the form that MISP accepts. */
export interface MispEventReport {
  readonly uuid: string;
  readonly name: string;
  readonly content: string;
  readonly distribution: "5";
}

const HOW_COUNTED: readonly string[] = [
  "## How attempts are counted",
  "sshd, its keyboard-interactive code and PAM each log the same attempt. Their lines are counted by " +
  "kind and by connection, and the highest of these counts is the number of attempts. A log that " +
  "was collected twice counts once.",
];

/** The most sources that the report of a day names; the others are counted only. */
const MOST_SOURCES = 200;

/** Writes the event report of a day and its sources. Times are UTC. */
export function writeDayStory(
  eventUuid: string,
  name: string,
  records: readonly SourceRecord[],
  rules: StoryRules,
): MispEventReport {
  const ranked = records.toSorted((one, other) =>
    other.attempts - one.attempts || (one.sourceIp < other.sourceIp ? -1 : 1)
  );
  const attempts = records.reduce((sum, record) => sum + record.attempts, 0);
  const rows = ranked.slice(0, MOST_SOURCES).map((record) =>
    `| ${called(record)} | ${record.attempts} | ${record.sensors.length} | ${
      readableTime(record.firstSeen)
    } | ` +
    `${readableTime(record.lastSeen)} |`
  );
  const others = ranked.length - rows.length;
  const compromised = ranked.filter((record) => record.compromisedAt !== undefined);
  const paragraphs = [
    `# ${name}`,
    `**${counted(attempts, "attempt")}** from ${counted(records.length, "source")}.`,
    ...compromised.map((record) => `**${loginOf(record, rules, ` from ${record.sourceIp}`)}**`),
    "## Sources",
    [
      "| source | attempts | sensors | first seen | last seen |",
      "|---|---|---|---|---|",
      ...rows,
      ...(others === 0
        ? []
        : ["", `${counted(others, "more source")} ${others === 1 ? "is" : "are"} not listed.`]),
    ].join("\n"),
    "## User names",
    usernamesOf({
      attempts,
      usernames: addedUp(records.map((record) => record.usernames)),
      furtherUsernames: records.reduce((sum, record) => sum + record.furtherUsernames, 0),
      loginNames: records.flatMap((record) => record.loginNames ?? []),
    }, rules),
    ...passwords(addedUp(records.map((record) => record.passwords)), rules),
    ...sessionStory(addedSessions(records.map((record) => record.session)), rules.commands),
    ...HOW_COUNTED,
  ];
  return {
    uuid: uuidV5(eventUuid, "event-report"),
    name,
    content: paragraphs.join("\n\n"),
    distribution: "5",
  };
}

function addedUp(
  all: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const [text, count] of all.flatMap((one) => Object.entries(one))) {
    counts.set(text, (counts.get(text) ?? 0) + count);
  }
  return Object.fromEntries(counts);
}

/** How the comment of an object begins whose source, file or URL has expired. */
export const EXPIRED = "expired at ";

/** What an object and an event report say of an address that expired. */
export const expiredText = (at: number): string =>
  `${EXPIRED}${readableTime(at)}, since it was silent`;

/** Writes the event report of a source. Times are UTC. */
export function writeStory(record: SourceRecord, rules: StoryRules): MispEventReport {
  const paragraphs = [
    `# ${reportTitle(record)}`,
    `**${howMuch(record)}** ${period(record)}, from ${counted(record.alerts, "Wazuh alert")}.`,
    ...compromise(record, rules),
    ...retraction(record),
    ...(record.expiredAt === undefined
      ? []
      : [`**The address ${expiredText(record.expiredAt)}.**`]),
    ...sessionStory(record.session, rules.commands),
    "## Sensors",
    sensorTable(record, rules),
    ...(isSessionOnly(record) ? [] : ["## User names", usernamesOf(record, rules)]),
    ...passwords(record.passwords, rules),
    ...techniques(record),
    ...(serverName(record) === "Telnet" || isSessionOnly(record) ? [] : HOW_COUNTED),
  ];
  return {
    uuid: uuidV5(record.eventUuid, "event-report"),
    name: reportTitle(record),
    content: paragraphs.join("\n\n"),
    distribution: "5",
  };
}

/** What a source did, in a number: sessions where it guessed at nothing. */
function howMuch(record: SourceRecord): string {
  return isSessionOnly(record)
    ? counted(record.session?.totals.sessions ?? 0, "session")
    : counted(record.attempts, "attempt");
}

/** A time for people: `2026-08-23 06:15:12 UTC`. */
export function readableTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function period({ firstSeen, lastSeen }: SourceRecord): string {
  const [first, last] = [readableTime(firstSeen), readableTime(lastSeen)];
  return first === last ? `at ${first}` : `between ${first} and ${last}`;
}

/** A source in the table of a day. */
function called(record: SourceRecord): string {
  const isTelnet = serverName(record) === "Telnet";
  const isWithdrawn = record.retractedAt !== undefined;
  return record.sourceIp + (isTelnet ? ", Telnet" : "") +
    (isInDecoy(record) ? `, ${DECOY_LOGIN}` : "") + (isWithdrawn ? ", withdrawn" : "");
}

function compromise(record: SourceRecord, rules: StoryRules): readonly string[] {
  if (record.compromisedAt === undefined) return [];
  const login = loginOf(record, rules);
  return [`**${login}** Treat the sensor as compromised until you have checked it.`];
}

/** @param from the source, where others are named, too */
function loginOf(record: SourceRecord, rules: StoryRules, from = ""): string {
  const shown = rules.usernames === "count" ? [] : record.loginNames ?? [];
  const as = shown.length === 0 ? "" : ` as ${shown.map(markdownText).join(", ")}`;
  const at = readableTime(record.compromisedAt!);
  return ["A login", as, from, ` succeeded at ${at}, after failures.`].join("");
}

function retraction(record: SourceRecord): readonly string[] {
  if (record.retractedAt === undefined) return [];
  return [
    `**Withdrawn by an operator at ${readableTime(record.retractedAt)}: not a source of attacks.**`,
  ];
}

function sensorTable(record: SourceRecord, rules: StoryRules): string {
  const rows = record.sensors.map((sensor) =>
    `| ${sensorName(record, sensor, rules, markdownText)} | ${sensor.alerts} | ${
      readableTime(sensor.firstSeen)
    } | ` +
    `${readableTime(sensor.lastSeen)} |`
  );
  return ["| sensor | alerts | first seen | last seen |", "|---|---|---|---|", ...rows].join("\n");
}

/**
 * The name of a sensor, or a pseudonym that is always the same for it.
 *
 * @param clean makes a real name safe to show
 */
export function sensorName(
  record: SourceRecord,
  sensor: SensorRow,
  rules: StoryRules,
  clean: (name: string) => string,
): string {
  if (rules.sensorNames === "name") return clean(sensor.name);
  return `honeypot-${
    uuidV5(publisherUuid(record.publisher), `sensor/${sensor.sensor}`).slice(0, 8)
  }`;
}

type Usernames = Pick<
  SourceRecord,
  "attempts" | "usernames" | "furtherUsernames" | "loginNames"
>;

function usernamesOf(of: Usernames, rules: StoryRules): string {
  const { shown, distinct, others } = summariseUsernames(
    of.usernames,
    rules.usernames,
    of.loginNames,
  );
  const atLeast = of.furtherUsernames > 0 ? "At least " : "";
  const seen = `${atLeast}${counted(distinct, "different user name")} ` +
    `${distinct === 1 ? "was" : "were"} seen.`;
  if (shown.length === 0) return seen;
  const rows = shown.map(({ name, count, isLogin }) =>
    `| ${markdownText(name)}${isLogin ? ", logged in" : ""} | ${count} |`
  );
  const sum = shown.reduce((all, { count }) => all + count, others.count);
  const notes = [...(others.names === 0 ? [] : [seen, hidden(others)]), ...difference(of, sum)];
  return [
    ...["| user name | attempts |", "|---|---|", ...rows],
    ...(notes.length === 0 ? [] : ["", notes.join(" ")]),
  ].join("\n");
}

/**
 * Why the counts of user names do not add up to the attempts: some attempts have none, and different kinds
 * of log line may name different users for one attempt.
 *
 * @param sum of all counts, shown or not
 */
function difference({ attempts, furtherUsernames }: Usernames, sum: number): readonly string[] {
  if (sum > attempts) {
    return [
      `The counts add up to ${sum}, and not to the ${
        counted(attempts, "attempt")
      }: a user name counts ` +
      "by the kind of log line that names it most often, and attempts count by one kind for all names.",
    ];
  }
  if (sum === attempts) return [];
  const none = furtherUsernames === 0 ? "no user name" : "another user name, or none";
  const left = attempts - sum;
  return [`${counted(left, "more attempt")} ${left === 1 ? "has" : "have"} ${none} in the log.`];
}

function hidden({ names, count }: UsernameSummary["others"]): string {
  const times = counted(count, "time");
  return names === 1
    ? `One of them, tried ${times}, is not shown.`
    : `${names} of them, tried ${times}, are not shown.`;
}

const MOST_PASSWORDS = 10;

/** Passwords that were stored while `privacy.passwords` was on are not shown once it is off. */
function passwords(
  counts: Readonly<Record<string, number>>,
  rules: StoryRules,
): readonly string[] {
  const tried = Object.entries(counts);
  if (!rules.passwords || tried.length === 0) return [];
  const rows = tried.sort(([, m], [, n]) => n - m).slice(0, MOST_PASSWORDS)
    .map(([password, attempts]) => `| ${markdownText(password)} | ${attempts} |`);
  return ["## Passwords", ["| password | attempts |", "|---|---|", ...rows].join("\n")];
}

function techniques(record: SourceRecord): readonly string[] {
  if (record.techniques.length === 0) return [];
  const ids = record.techniques.map(({ id }) => id);
  const these = ids.length === 1 ? "this technique" : "these techniques";
  return ["## Techniques", `Wazuh's rules name ${these} of MITRE ATT&CK: ${ids.join(", ")}.`];
}
