/**
 * What became of an alert, as text for people and as JSON for programs. Attackers chose parts of both.
 *
 * @module
 */
import type { EvidenceClass, IgnoreReason, SessionAlert } from "../../model.ts";
import type { Explained, ReadAttempt } from "../../intake/explain.ts";
import { oneLine } from "../../text.ts";
import { wrapped } from "../terminal/checks.ts";
import { counted } from "../terminal/counted.ts";
import { cut, type Screen } from "../terminal/screen.ts";

/** Most columns, and those where there is no terminal. */
const WIDTH = 80;
/** Columns of a name that others chose. */
const NAME = 40;

/** What a log line of a class proves. */
const PROVES: Readonly<Record<EvidenceClass, string>> = {
  sshd: "a guess that the server logged",
  keyboard: "a guess by keyboard-interactive",
  "pam-error": "a guess that sshd's PAM code logged",
  pam: "a guess that PAM logged",
  connect: "a connection of somebody who was to guess",
  refused: "a guess at an account that may not log in",
  "session-end": "no guess: the source was there",
};

/** Why an alert is ignored, and what to change. */
type Ignored = readonly [why: string, change: string];

/** Of items that are no alerts, there is nothing to name. */
const IGNORED: Readonly<Record<IgnoreReason, (one: Explained) => Ignored>> = {
  no_file: () => ["there is no such file", "look for it"],
  empty_file: () => ["there is no alert in it", "nothing, if it may be empty"],
  too_large: () => ["it is too long for an alert", "nothing: Wazuh writes no such alert"],
  text_format: () => [
    "it has integratord's text format",
    "set <alert_format>json</alert_format> in the integration",
  ],
  not_json: () => ["it is not JSON", "repair that place, or take the alert from alerts.json"],
  malformed: () => [
    "it is JSON, but neither an alert nor a finding",
    'send a shape that docs/wazuh.md names under "Shapes of alerts"',
  ],
  own_alert: () => ["it is about this program", "nothing"],
  other_rule: ({ alert }) => [
    `rule ${name(alert?.ruleId)} is not one that is read`,
    "add it to rules.ids if it reports logins at a honeypot",
  ],
  not_honeypot: ({ alert }) => [
    `the sensor "${name(alert?.sensor.name)}" is not a honeypot`,
    "if it is one, add its agent to honeypot.agent_prefixes or honeypot.agent_labels, or its host " +
    "to honeypot.hostnames, or the location to honeypot.locations",
  ],
  not_ssh: ({ alert }) => [
    `the line is not one of an SSH server (program ${named(alert?.programName)}, ` +
    `decoder ${named(alert?.decoderName)})`,
    "nothing; for Telnet at a Cowrie set honeypot.telnet",
  ],
  no_address: () => [
    "it has no address that the server wrote, or one that somebody else could have chosen",
    "send full_log with the alert; if sshd is behind a proxy, let it log the real address",
  ],
  host_name: ({ alert }) => [
    `it has a host name instead of an address (data.srcip is ${named(alert?.claimedSource)})`,
    "set UseDNS no in the honeypot's sshd_config",
  ],
  special_address: ({ attempts }) => [
    `${addressOf(attempts)} is private or special`,
    "nothing; in a lab set guard.publish_private",
  ],
  allow_listed: ({ attempts }) => [
    `${addressOf(attempts)} is in guard.allow_networks`,
    "take its network out of guard.allow_networks if it is an attacker's",
  ],
  warning_listed: () => [
    "its address is on a MISP warning list",
    "take the list out of guard.warninglists_directory if it is wrong",
  ],
  session_malformed: () => [
    "a field of it is not what a Cowrie writes",
    "look at that field, or send the record as the Cowrie wrote it",
  ],
  session_harmless: () => [
    "its file or its address is not an attacker's: the empty file, one of the decoy, one of ours",
    "nothing",
  ],
  not_an_attempt: () => [
    "it proves no guess: a session that begins or ends, a line that repeats another one, or a " +
    "record of something else",
    "nothing",
  ],
};

const addressOf = (attempts: readonly ReadAttempt[]) =>
  attempts[0]?.attempt.sourceIp ?? "the address";

/** A text that others chose, as a word or some. */
const name = (text: string | undefined) => cut(oneLine(text ?? ""), NAME);
/** The end of a path says more than its beginning. */
function fileName(path: string): string {
  const characters = [...oneLine(path)];
  return characters.length <= NAME
    ? characters.join("")
    : `…${characters.slice(1 - NAME).join("")}`;
}

const named = (text: string | undefined) => text === undefined ? "unknown" : `"${name(text)}"`;

/** Attempts of one kind, which a composite has many of. */
interface Group {
  readonly first: ReadAttempt;
  readonly lines: number;
  readonly count: number;
}

function groupsOf(attempts: readonly ReadAttempt[]): readonly Group[] {
  const groups = Map.groupBy(
    attempts,
    ({ attempt, readFrom }) =>
      `${readFrom} ${attempt.evidence} ${attempt.isLogin ?? attempt.isCompromise}`,
  );
  return [...groups.values()].map((all) => ({
    first: all[0]!,
    lines: all.length,
    count: all.reduce((sum, { attempt }) => sum + attempt.count, 0),
  }));
}

function groupText({ first: { attempt, readFrom }, lines, count }: Group): string {
  const { sourceIp, evidence, username, service } = attempt;
  const isLogin = attempt.isLogin === true || attempt.isCompromise;
  const proves = isLogin
    ? "a login that the server accepted: compromised, if the source failed before"
    : PROVES[evidence];
  const user = username === undefined
    ? ""
    : `, user "${name(username)}"${lines > 1 ? " and others" : ""}`;
  const at = service === "ssh" ? "" : ` at ${service}`;
  return `${sourceIp} from ${readFrom}${lines > 1 ? ` (${lines} lines)` : ""}: ` +
    `counts ${count} of class ${evidence}, ${proves}${at}${user}`;
}

function sessionText({ sourceIp, isLogin, items, session }: SessionAlert): string {
  const login = isLogin ? "; the source logged in to the decoy" : "";
  const kinds = items.map(({ kind }) => kind).join(", ");
  return `${sourceIp}: adds to its session ${name(session)}` +
    `${kinds === "" ? "" : `: ${kinds}`}${login}`;
}

/** An item as some lines of text. */
export function explainedText(file: string, one: Explained, screen: Screen): string {
  const { where, kind, alert, reason, attempts, isSpoofed, session } = one;
  const width = Math.max(20, Math.min(WIDTH, screen.columns ?? WIDTH));
  const outcome = reason === undefined ? "counts" : `ignored, ${reason}`;
  const lines: string[] = [];
  const add = (text: string) => lines.push(...wrapped(`  ${text}`, "    ", width));
  lines.push(...wrapped(`${fileName(file)}, ${where}: ${outcome}`, "  ", width));
  if (alert !== undefined) {
    const { ruleId, sensor, location, key } = alert;
    const time = alert.at === undefined ? "no time" : new Date(alert.at).toISOString();
    add(`${kind} ${name(key.id)}, ${time}, rule ${name(ruleId)}`);
    add(`sensor "${name(sensor.name)}" (${name(sensor.id)}), location ${name(location)}`);
  }
  if (reason === undefined) {
    for (const group of groupsOf(attempts)) add(groupText(group));
    if (session !== undefined) add(sessionText(session));
  } else {
    const [why, change] = IGNORED[reason](one);
    add(`because ${why}`);
    add(`-> ${change}`);
  }
  if (isSpoofed) {
    add(`Wazuh read ${named(alert?.claimedSource)} as the source; the server wrote another one`);
  }
  return lines.join("\n");
}

/** An item as a record of one line. Times are ISO 8601. */
export function explainedJson(file: string, one: Explained) {
  const { where, kind, alert, reason, attempts, isSpoofed, session } = one;
  const [why, change] = reason === undefined ? [] : IGNORED[reason](one);
  return {
    file,
    where,
    kind: kind ?? null,
    id: alert?.key.id ?? null,
    manager: alert?.key.manager ?? null,
    time: alert?.at === undefined ? null : new Date(alert.at).toISOString(),
    rule: alert?.ruleId ?? null,
    sensor: alert === undefined ? null : { id: alert.sensor.id, name: alert.sensor.name },
    location: alert?.location ?? null,
    outcome: reason === undefined ? "counts" : "ignored",
    reason: reason ?? null,
    why: why ?? null,
    change: change ?? null,
    spoofed_srcip: isSpoofed,
    session: session === undefined ? null : {
      source: session.sourceIp,
      id: session.session,
      login: session.isLogin,
      adds: session.items.map(({ kind }) => kind),
    },
    attempts: reason !== undefined ? [] : attempts.map(({ attempt, readFrom }) => ({
      source: attempt.sourceIp,
      read_from: readFrom,
      evidence: attempt.evidence,
      count: attempt.count,
      service: attempt.service,
      username: attempt.username ?? null,
      login: attempt.isLogin === true || attempt.isCompromise,
    })),
  };
}

/** The line below all items. */
export function summaryText(
  counts: number,
  ignored: ReadonlyMap<IgnoreReason, number>,
): string {
  const reasons = [...ignored].map(([reason, count]) => `${count} ${reason}`).join(", ");
  const all = [...ignored.values()].reduce((sum, count) => sum + count, counts);
  return `${counted(all, "item")}: ${counts} ${counts === 1 ? "counts" : "count"}, ignored ` +
    `${reasons === "" ? 0 : reasons}`;
}
