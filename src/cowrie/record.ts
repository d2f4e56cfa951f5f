/**
 * The attempts that a record of a Cowrie proves. Its agent writes JSON, so that Wazuh's decoder gives each
 * field by its name (docs/contracts/cowrie.md 3).
 *
 * @module
 */
import { canonicalAddress } from "../address.ts";
import type { Attempt, Service } from "../model.ts";
import { type Alert, textField } from "../wazuh/alert.ts";
import { common, type Evidence } from "../wazuh/attempts.ts";
import { own } from "../json.ts";
import type { CowrieSessions } from "./sessions.ts";

/** Which records of a Cowrie count beside attempts at its SSH server. */
export interface CowrieRules {
  readonly takesTelnet: boolean;
  readonly takesPasswords: boolean;
  /** What earlier records of the same session said; undefined where only one alert is read. */
  readonly cowrieSessions?: CowrieSessions;
}

/** User names and passwords longer than this are cut. */
const LONGEST_NAME = 255;

/** Longer ids of sessions are nobody's. */
const LONGEST_SESSION = 64;

/** Ports at which a Cowrie, or what forwards to it, plays a Telnet server. */
const TELNET_PORTS: ReadonlySet<string> = new Set(["23", "2223", "2323"]);

/** Whether Wazuh decoded the line as one of sshd or PAM: then no honeypot wrote a record. */
export function isOfSshdDecoder({ decoderName }: Alert): boolean {
  return decoderName === "sshd" || decoderName === "pam";
}

/** Whether an alert carries a Cowrie record: users choose its rule and its decoder. */
export function isCowrie(alert: Alert): boolean {
  if (isOfSshdDecoder(alert)) return false;
  return textField(alert.data, "eventid")?.startsWith("cowrie.") === true;
}

/**
 * Reads the attempts of a record.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function attemptsOfCowrie(alert: Alert, now: number, rules: CowrieRules): Evidence {
  const { data } = alert;
  const event = textField(data, "eventid");
  const session = sessionOfRecord(data);
  const inManager = inManagerOf(alert);
  if (event === "cowrie.session.connect") {
    const service = serviceNamed(data) ?? serviceOfPort(data);
    if (inManager !== undefined && service !== undefined) {
      rules.cowrieSessions?.remember(inManager, service);
    }
    return { reason: "not_an_attempt" };
  }
  // Each key that is offered has two records: nobody guesses a password by the second one.
  const isKey = event === "cowrie.client.fingerprint" ||
    event === "cowrie.login.failed" && (textField(data, "fingerprint") ?? "") !== "";
  if (!isKey && event !== "cowrie.login.failed" && event !== "cowrie.login.success") {
    return { reason: "not_an_attempt" };
  }
  const service = serviceOfRecord(alert, rules);
  if (service === null || (service === "telnet" && !rules.takesTelnet)) {
    return { reason: "not_ssh" };
  }
  const source = textField(data, "src_ip");
  if (source === undefined) return { reason: "no_address" };
  const sourceIp = canonicalAddress(source);
  if (sourceIp === undefined) return { reason: "host_name" };
  // A client offers all of its keys one after the other: they are one probe.
  if (isKey && inManager !== undefined) {
    const offering = `${sourceIp}/${inManager}`;
    if (rules.cowrieSessions?.isFirstKey(offering, alert.key) === false) {
      return { reason: "not_an_attempt" };
    }
  }
  const password = rules.takesPasswords && !isKey ? nameField(data, "password") : undefined;
  const attempt: Attempt = {
    ...common(alert, now),
    ...(password === undefined ? {} : { password }),
    service,
    sourceIp,
    evidence: isKey ? "connect" : "sshd",
    count: 1,
    username: nameField(data, "username"),
    pid: sessionNumber(session),
  };
  return { attempts: [attempt], spoofedSrcip: false };
}

type Data = Alert["data"];

/** The id of the connection that a record is of. */
export function sessionOfRecord(data: Data): string | undefined {
  return textField(data, "session")?.slice(0, LONGEST_SESSION);
}

function inManagerOf({ data, sensor }: Alert): string | undefined {
  const session = sessionOfRecord(data);
  return session === undefined ? undefined : `${sensor.manager}/${sensor.id}/${session}`;
}

/** The service that a record is of; null: another one than those that are read. */
export function serviceOfRecord(alert: Alert, rules: CowrieRules): Service | null {
  const { data } = alert;
  const inManager = inManagerOf(alert);
  const remembered = inManager === undefined
    ? undefined
    : rules.cowrieSessions?.serviceOf(inManager);
  return serviceNamed(data) ?? remembered ?? serviceOfPort(data) ??
    (hasProtocol(data) ? null : "ssh");
}

function hasProtocol(data: Data): boolean {
  return (textField(data, "protocol") ?? "") !== "";
}

/**
 * The service that the record names itself. Cowrie before 2.0 wrote the name of its own class into
 * `system`, which has no text of the attacker.
 */
function serviceNamed(data: Data): Service | undefined {
  const protocol = textField(data, "protocol")?.toLowerCase();
  if (protocol === "ssh" || protocol === "telnet") return protocol;
  if (hasProtocol(data)) return undefined;
  const system = textField(data, "system") ?? "";
  return /^[A-Za-z]*Telnet[A-Za-z]*,/.test(system) ? "telnet" : undefined;
}

function serviceOfPort(data: Data): Service | undefined {
  if (hasProtocol(data)) return undefined;
  return TELNET_PORTS.has(textField(data, "dst_port") ?? "") ? "telnet" : undefined;
}

/**
 * A name as it was sent. Wazuh leaves empty texts out of `data`, and makes a list of a text that
 * looks like one.
 */
function nameField(data: Data, name: string): string {
  const value = own(data, name);
  const text = Array.isArray(value) ? JSON.stringify(value) : textField(data, name) ?? "";
  return decodeBytes(text).slice(0, LONGEST_NAME);
}

/** Bytes outside of ASCII, as Cowrie writes them: `\xc3\xbc`. */
const ESCAPES = /(?:\\x[89a-f][0-9a-f])+/g;

/** Bytes outside of ASCII as text. What is not UTF-8 stays as it was written. */
export function decodeBytes(text: string): string {
  if (!text.includes("\\x")) return text;
  return text.replace(ESCAPES, (escapes) => {
    const bytes = escapes.split("\\x").slice(1).map((hex) => Number.parseInt(hex, 16));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
    } catch {
      return escapes;
    }
  });
}

/** A Cowrie session is a connection as an sshd process is one: the same key for both. */
function sessionNumber(session: string | undefined): number {
  const digits = /^[0-9a-f]{1,12}/.exec(session ?? "")?.[0];
  return digits === undefined ? 0 : parseInt(digits, 16);
}
