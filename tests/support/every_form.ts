/**
 * An alert of every form that is read: each SSH server under each header, decoys, findings, and what
 * senders wrap around them.
 *
 * @module
 */
import { sshdAlert } from "./fixtures.ts";
import { escaped, LINE_FORMS, messageOf } from "./generators.ts";

/** Who attacks, and what numbers choose between forms. */
export interface Attack {
  readonly name: string;
  readonly source: string;
  readonly port: number;
  readonly pick: number;
  /** What Wazuh's decoder made of the line; undefined: nothing. */
  readonly claim: string | undefined;
}

type Header = (message: string) => {
  readonly line: string;
  /** As Wazuh reads it; undefined: it reads none. */
  readonly program?: string;
  readonly decoder?: string;
};

const before = (header: string, program: string | undefined = "sshd"): Header => (message) => ({
  line: header + message,
  ...(program === undefined ? {} : { program }),
});

/** Every header of docs/contracts/wazuh.md 4.5. */
export const HEADERS: readonly Header[] = [
  before("Aug 23 06:14:06 honeypot-fra1 sshd[26279]: "),
  before("Aug  3 06:14:06 [honeypot-fra1] sshd[26279]: "),
  before("2026-08-23T06:31:43.882114+02:00 h sshd-session[41822]: ", "sshd-session"),
  before("2026-08-23 06:31:43,882 h sshd-auth[41822]: ", "sshd-auth"),
  before("<38>Aug  3 06:14:06 sshd[7]: "),
  before("<auth.info>Aug  3 06:14:06 h sshd[7]: "),
  before("Aug  3 06:14:06 auth.info sshd[7]: "),
  before("<38>1 2026-08-23T06:14:06.12Z h sshd 7 - - "),
  before('1 2026-08-23T06:14:06Z h sshd 7 ID47 [meta@1 a="b\\"]" c="d"] '),
  before("Aug 23 06:14:06 [sshd] "),
  before("Aug 23 06:14:06 sun1 sshd[20]: [ID 800047 auth.info] "),
  before("Aug 23 06:14:06 aix1 auth|security:info sshd[7340252]: "),
  before("Aug 23 06:14:06 Message forwarded from aix1: sshd[7340252]: "),
  before("Aug 23 06:14:06 h sshd.pam[7]: ", "sshd.pam"),
  (message) => ({
    line: `Aug 23 06:14:06 h honeyssh[7]: ${message}`,
    program: "honeyssh",
    decoder: "sshd",
  }),
  (message) => ({
    line: JSON.stringify({ log: `${message}\r\n`, stream: "stderr", time: "2026-08-23" }),
    decoder: "json",
  }),
  (message) => ({
    line: `2026-08-23T06:14:06.003121315Z stderr F ${message}`,
    decoder: "json",
  }),
  (message) => ({
    line: JSON.stringify({ MESSAGE: message, SYSLOG_IDENTIFIER: "sshd", SYSLOG_PID: "7" }),
    decoder: "json",
  }),
  before(""),
  before("", undefined),
];

const at = <T>(list: readonly T[], index: number) => list[index % list.length]!;

function messageAt({ name, source, port }: Attack, index: number): string {
  const form = at(LINE_FORMS, index);
  return messageOf(form, form.isRaw ? name : name.slice(0, 100), source, port);
}

function dataOf({ claim, name }: Attack) {
  return claim === undefined ? {} : { data: { srcip: claim, srcuser: name, dstuser: name } };
}

/** The rule of a form, so that the line is not taken for that of another service. */
const RULES = ["5710", "5760", "5716", "5503", "5718", "5715", "100700", "99904", "40111", "40112"];

function sshd(attack: Attack, step: number) {
  const { pick } = attack;
  const { line, program, decoder = "sshd" } = at(HEADERS, pick + step)(
    messageAt(attack, pick * 7 + step * 11),
  );
  const rule = at(RULES, pick + step * 3);
  return {
    ...sshdAlert({ rule }),
    rule: { id: rule, groups: ["sshd", "authentication_failed"] },
    full_log: line,
    predecoder: program === undefined ? {} : { program_name: program },
    decoder: { name: decoder },
    ...(rule.startsWith("401")
      ? { previous_output: `${line}\n${HEADERS[0]!(messageAt(attack, pick + 5)).line}` }
      : {}),
    ...dataOf(attack),
  };
}

const DROPBEAR: readonly ((name: string, peer: string) => string)[] = [
  (name, peer) => `Bad password attempt for '${name}' from ${peer}`,
  (name, peer) => `Bad PAM password attempt for '${name}' from ${peer}`,
  (name, peer) => `Login attempt for nonexistent user '${name}' from ${peer}`,
  (_, peer) => `Login attempt for nonexistent user from ${peer}`,
  (name, peer) => `Login attempt with wrong user ${name} from ${peer}`,
  (name, peer) => `Password auth succeeded for '${name}' from ${peer}`,
  (name, peer) => `Pubkey auth succeeded for '${name}' with key md5 00:11 from ${peer}`,
  (name, peer) => `Exit before auth from <${peer}>: (user '${name}', 3 fails): Max auth tries`,
  (name) => `Exit before auth (user '${name}', 3 fails): Exited normally`,
  (name) => `Exit (${name}): Disconnect received`,
];

function dropbear(attack: Attack) {
  const { name, source, port, pick } = attack;
  const header = at(["Aug 23 06:14:06 openwrt dropbear[7]: ", "<86>dropbear[7]: "], pick);
  return {
    ...sshdAlert({ rule: at(["51003", "51007", "51093"], pick) }),
    full_log: header + at(DROPBEAR, pick)(name.replaceAll("\n", " "), `${source}:${port}`),
    predecoder: { program_name: "dropbear" },
    decoder: { name: "dropbear" },
    ...dataOf(attack),
  };
}

function windows(attack: Attack) {
  const { pick } = attack;
  const payload = messageAt(attack, pick);
  return {
    ...sshdAlert({ rule: "60122" }),
    rule: { id: "60122", groups: ["windows", "authentication_failed"] },
    full_log: pick % 2 === 0 ? undefined : JSON.stringify({ payload }),
    predecoder: undefined,
    decoder: { name: "windows_eventchannel" },
    data: {
      ...dataOf(attack).data,
      win: {
        system: { providerName: "OpenSSH", processID: "7", message: `"sshd: ${payload}"` },
        eventdata: { process: at(["sshd", "sshd.exe", "sshd-session.exe"], pick), payload },
      },
    },
    location: "EventChannel",
  };
}

function cowrie({ name, source, port, pick }: Attack) {
  const data = {
    eventid: at(["login.failed", "login.success", "client.fingerprint", "session.connect"], pick)
      .replace(/^/, "cowrie."),
    src_ip: source,
    src_port: String(port),
    ...(pick % 3 === 0 ? {} : { protocol: at(["ssh", "telnet", "SSH"], pick) }),
    username: pick % 5 === 0 ? [name] : name,
    password: name,
    message: `login attempt [${name}/${name}] failed`,
    session: pick.toString(16).padStart(12, "0"),
  };
  return {
    ...sshdAlert({ rule: "100500" }),
    full_log: JSON.stringify(data),
    predecoder: undefined,
    decoder: { name: at(["json", "cowrie"], pick) },
    data,
  };
}

function finding(attack: Attack) {
  const { name, source, port, pick, claim } = attack;
  const { line } = at(HEADERS, pick % 9)(messageAt(attack, pick));
  const process = at(["sshd", "sshd-session"], pick);
  if (pick % 3 === 0) {
    return {
      format: "wazuh5-flat",
      event_id: `e-${pick}`,
      agent_name: "honeypot-fra1",
      rule_id: "b2a1",
      event_outcome: "failure",
      event_categories: ["authentication"],
      event_original: line,
      process_name: process,
      source_ip: claim ?? source,
      user_name: name,
    };
  }
  const common = {
    "@timestamp": "2026-08-23T06:14:06.100Z",
    process: { name: process },
    user: { name },
    message: messageAt(attack, pick),
    event: { original: line, outcome: "failure", category: ["authentication"] },
  };
  const wazuh = {
    agent: { name: "honeypot-fra1" },
    event: { id: `e-${pick}` },
    rule: { id: "b2a1", title: escaped(name) },
  };
  return pick % 3 === 1
    ? { ...common, wazuh, source: { ip: claim ?? source, port } }
    : { ...common, wazuh, "source.ip": claim ?? source };
}

/** Without its line, an alert counts by the address that Wazuh read, beside a harmless name. */
function withoutLine(attack: Attack) {
  const { name, pick, claim, source } = attack;
  const isForged = claim !== undefined && claim !== source;
  return {
    ...sshdAlert({ rule: at(RULES, pick) }),
    full_log: undefined,
    // A decoder is fooled by names that hold an address.
    data: isForged
      ? { srcip: claim, srcuser: `${name} from ${claim}` }
      : { srcip: source, srcuser: name },
  };
}

/** One alert of each form, and several of sshd's. */
export function everyForm(attack: Attack): readonly object[] {
  const lines = Array.from({ length: 8 }, (_, step) => sshd(attack, step));
  return [...lines, ...[dropbear, windows, cowrie, finding, withoutLine].map((of) => of(attack))];
}

const WRAPPERS: readonly ((alert: object) => unknown)[] = [
  (alert) => alert,
  (alert) => ({ alert }),
  (alert) => ({ all_fields: alert }),
  (alert) => ({ wazuh_alert: alert }),
  (alert) => ({ _index: "wazuh", _id: "x1", _source: alert }),
  (alert) => ({ hits: { hits: [{ _id: "x1", _source: alert }] } }),
  (alert) => ({ payload: { custom_details: alert } }),
  (alert) => ({ version: 1, parameters: { alert } }),
  (alert) => [alert],
  (alert) => ({ ctx: { results: [{ hits: { hits: [{ _source: alert }] } }] } }),
];

/** An alert in one of the wrappers of senders. */
export const wrapped = (alert: object, pick: number) => at(WRAPPERS, pick)(alert);
