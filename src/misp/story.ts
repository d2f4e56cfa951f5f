/**
 * The event report: the attack told for people, in Markdown. User names are an attacker's text.
 *
 * @module
 */
import type { Home, SensorRow } from "../buffer/buffer.ts";
import { markdownText, summariseUsernames, type UsernamePolicy } from "./usernames.ts";
import { publisherUuid, uuidV5 } from "./uuid.ts";

/** What a report may tell. */
export interface StoryRules {
  readonly usernames: UsernamePolicy;
  readonly sensorNames: "pseudonym" | "name";
  readonly passwords: boolean;
}

/** An event report as MISP takes it. */
export interface MispEventReport {
  readonly uuid: string;
  readonly name: string;
  readonly content: string;
  readonly distribution: "5";
}

const HOW_COUNTED: readonly string[] = [
  "## How attempts are counted",
  "sshd, its keyboard-interactive code and PAM each log the same guess. The lines are kept apart " +
  "by kind and connection, and the fullest view of the same guesses is the count; a log that was " +
  "collected twice counts once.",
];

/** Sources that a day's story names; the rest is counted. */
const MOST_SOURCES = 200;

/** Tells the story of a day and its sources. Times are UTC. */
export function tellDay(
  eventUuid: string,
  name: string,
  homes: readonly Home[],
  rules: StoryRules,
): MispEventReport {
  const ranked = homes.toSorted((one, other) =>
    other.attempts - one.attempts || (one.sourceIp < other.sourceIp ? -1 : 1)
  );
  const attempts = homes.reduce((sum, home) => sum + home.attempts, 0);
  const rows = ranked.slice(0, MOST_SOURCES).map((home) =>
    `| ${home.sourceIp} | ${home.attempts} | ${home.sensors.length} | ${time(home.firstSeen)} | ` +
    `${time(home.lastSeen)} |`
  );
  const others = ranked.length - rows.length;
  const letIn = ranked.filter((home) => home.compromisedAt !== undefined);
  const paragraphs = [
    `# ${name}`,
    `**${attempts} attempts** from ${homes.length} sources.`,
    ...letIn.map(({ sourceIp }) => `**A login from ${sourceIp} was let in after failures.**`),
    "## Sources",
    [
      "| source | attempts | sensors | first seen | last seen |",
      "|---|---|---|---|---|",
      ...rows,
      ...(others === 0 ? [] : ["", `${others} more sources are not listed.`]),
    ].join("\n"),
    "## User names",
    usernamesOf(
      addedUp(homes.map((home) => home.usernames)),
      homes.some((home) => home.furtherUsernames > 0),
      rules,
    ),
    ...passwords(addedUp(homes.map((home) => home.passwords)), rules),
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

/** Tells the story of a home. Times are UTC. */
export function tellStory(home: Home, rules: StoryRules): MispEventReport {
  const paragraphs = [
    `# SSH brute force from ${home.sourceIp}`,
    `**${home.attempts} attempts** between ${time(home.firstSeen)} and ${time(home.lastSeen)}, ` +
    `told by ${home.alerts} Wazuh alerts.`,
    ...compromise(home),
    ...retraction(home),
    "## Sensors",
    sensorTable(home, rules),
    "## User names",
    usernamesOf(home.usernames, home.furtherUsernames > 0, rules),
    ...passwords(home.passwords, rules),
    ...techniques(home),
    ...HOW_COUNTED,
  ];
  return {
    uuid: uuidV5(home.eventUuid, "event-report"),
    name: `SSH brute force from ${home.sourceIp}`,
    content: paragraphs.join("\n\n"),
    distribution: "5",
  };
}

/** `2026-08-23 06:15:12 UTC` */
function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function compromise(home: Home): readonly string[] {
  if (home.compromisedAt === undefined) return [];
  return [
    `**A login was let in at ${time(home.compromisedAt)}, after failures.** ` +
    "Take the sensor for compromised until you know better.",
  ];
}

function retraction(home: Home): readonly string[] {
  if (home.retractedAt === undefined) return [];
  return [`**Withdrawn by an operator at ${time(home.retractedAt)}: not a source of attacks.**`];
}

function sensorTable(home: Home, rules: StoryRules): string {
  const rows = home.sensors.map((sensor) =>
    `| ${sensorName(home, sensor, rules, markdownText)} | ${sensor.alerts} | ${
      time(sensor.firstSeen)
    } | ` +
    `${time(sensor.lastSeen)} |`
  );
  return ["| sensor | alerts | first seen | last seen |", "|---|---|---|---|", ...rows].join("\n");
}

/**
 * The name of a sensor, or one that tells sensors apart without saying which they are.
 *
 * @param clean makes a real name fit to be shown
 */
export function sensorName(
  home: Home,
  sensor: SensorRow,
  rules: StoryRules,
  clean: (name: string) => string,
): string {
  if (rules.sensorNames === "name") return clean(sensor.name);
  return `honeypot-${uuidV5(publisherUuid(home.publisher), `sensor/${sensor.sensor}`).slice(0, 8)}`;
}

function usernamesOf(
  counts: Readonly<Record<string, number>>,
  hasFurther: boolean,
  rules: StoryRules,
): string {
  const { shown, distinct, others } = summariseUsernames(counts, rules.usernames);
  const atLeast = hasFurther ? "At least " : "";
  const told = `${atLeast}${distinct} different user names were seen`;
  if (shown.length === 0) return `${told}.`;
  const rows = shown.map(({ name, count }) => `| ${markdownText(name)} | ${count} |`);
  const rest = others.names === 0
    ? []
    : ["", `${told}; ${others.names} of them, tried ${others.count} times, are not shown.`];
  return ["| user name | attempts |", "|---|---|", ...rows, ...rest].join("\n");
}

const MOST_PASSWORDS = 10;

/** What was kept while `privacy.passwords` was on is not told once it is off. */
function passwords(
  counts: Readonly<Record<string, number>>,
  rules: StoryRules,
): readonly string[] {
  const tried = Object.entries(counts);
  if (!rules.passwords || tried.length === 0) return [];
  const rows = tried.sort(([, m], [, n]) => n - m).slice(0, MOST_PASSWORDS)
    .map(([password, guesses]) => `| ${markdownText(password)} | ${guesses} |`);
  return ["## Passwords", ["| password | attempts |", "|---|---|", ...rows].join("\n")];
}

function techniques(home: Home): readonly string[] {
  if (home.techniques.length === 0) return [];
  const ids = home.techniques.map(({ id }) => id).join(", ");
  return ["## Techniques", `Wazuh's rules name these of MITRE ATT&CK: ${ids}.`];
}
