/**
 * The attempts that a record of any other honeypot proves, by a table of field paths. A login that
 * succeeded there is an attempt as any other: it led into a decoy, and nothing real is compromised.
 *
 * @module
 */
import { canonicalAddress } from "../address.ts";
import { DAY } from "../clock.ts";
import type { DecoyFormat } from "../decoy_format.ts";
import { isFields } from "../json.ts";
import type { Attempt, Service } from "../model.ts";
import type { Alert } from "../wazuh/alert.ts";
import { common, type Evidence } from "../wazuh/attempts.ts";
import { parseTimestamp } from "../wazuh/time.ts";
import { addressIn, nameOf, textOf, valueAt, valueIn } from "./decoy_fields.ts";
import { DECOYS } from "./decoy_table.ts";
import type { CowrieRules } from "./record.ts";

/** One session has fewer guesses; what is more is damage. */
const MOST_ATTEMPTS = 1000;

/** An agent that had no connection sends what is so old at most. Milliseconds. */
const OLDEST = 30 * DAY;

/** Longer ids of sessions are nobody's. */
const LONGEST_SESSION = 64;

/** What a value of `event` means. */
type Kind = "guess" | "key" | "connect";

/** Reads alerts by the formats of a user and those of the table. */
export interface DecoyRules extends CowrieRules {
  /** Of a user; they come before the table. */
  readonly formats?: readonly DecoyFormat[];
}

/**
 * Reads the attempts of an alert.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 * @returns undefined for an alert of no format
 */
export function attemptsOfDecoy(
  alert: Alert,
  now: number,
  rules: DecoyRules,
): Evidence | undefined {
  const format = formatOf(alert, rules);
  return format === undefined ? undefined : readRecord(alert, format, now, rules);
}

/** The format that reads an alert, one of the user before one of the table; undefined: none does. */
export function formatOf(
  alert: Alert,
  { formats }: Pick<DecoyRules, "formats">,
): DecoyFormat | undefined {
  const isOfAlert = (one: DecoyFormat) => isOf(alert, one);
  return formats?.find(isOfAlert) ?? DECOYS.find(isOfAlert);
}

/**
 * What a line in the form of Wazuh's own serialiser contains if it is of one of the formats: no other
 * line has to be read.
 */
export function markersOf(
  { formats = NO_FORMATS }: Pick<DecoyRules, "formats">,
): readonly string[] {
  let markers = knownMarkers.get(formats);
  if (markers === undefined) {
    markers = [...new Set([...formats, ...DECOYS].flatMap(({ when }) => markersOfFirst(when)))];
    knownMarkers.set(formats, markers);
  }
  return markers;
}

const NO_FORMATS: readonly DecoyFormat[] = [];

/** Made once for a configuration: each block of lines asks for them. */
const knownMarkers = new WeakMap<readonly DecoyFormat[], readonly string[]>();

function markersOfFirst(when: DecoyFormat["when"]): readonly string[] {
  const [path = "", allowed = []] = Object.entries(when)[0] ?? [];
  // The key may have more in front of it: `"event.accepted"`.
  const key = `${JSON.stringify(path.split(".").at(-1)).slice(1)}:`;
  return allowed.map((value) => value === "*" ? key : key + JSON.stringify(value));
}

function isOf(alert: Alert, { when }: DecoyFormat): boolean {
  return Object.entries(when).every(([path, allowed]) => isAllowed(valueAt(alert, path), allowed));
}

function isAllowed(value: unknown, allowed: readonly string[]): boolean {
  if (value === undefined || value === null) return false;
  if (allowed.includes("*")) return true;
  const text = textOf(value);
  return text !== undefined && allowed.includes(text);
}

function readRecord(
  alert: Alert,
  format: DecoyFormat,
  now: number,
  rules: DecoyRules,
): Evidence {
  const service = serviceOf(alert, format);
  if (service === undefined || (service === "telnet" && !rules.takesTelnet)) {
    return { reason: "not_ssh" };
  }
  const kind = kindOf(textOf(valueAt(alert, format.event)), format);
  if (kind === undefined) return { reason: "not_an_attempt" };
  const source = textOf(valueAt(alert, format.source));
  if (source === undefined || source === "") return { reason: "no_address" };
  const sourceIp = addressIn(source);
  if (sourceIp === undefined) return { reason: "host_name" };
  const session = format.session === undefined
    ? undefined
    : textOf(valueAt(alert, format.session))?.slice(0, LONGEST_SESSION);
  if (kind === "key" && session !== undefined) {
    const { manager, id } = alert.sensor;
    const key = `${manager}/${id}/${sourceIp}/${session}`;
    // A client offers all of its keys one after the other: they are one probe.
    if (rules.cowrieSessions?.isFirstKey(key, alert.key) === false) {
      return { reason: "not_an_attempt" };
    }
  }
  const shared: Attempt = {
    ...common(alert, now),
    service,
    sourceIp,
    // Wazuh looked up where `data.srcip` is.
    sourceLocation: canonicalAddress(alert.claimedSource ?? "") === sourceIp
      ? alert.sourceLocation
      : undefined,
    evidence: kind === "guess" ? "sshd" : "connect",
    count: 1,
    username: undefined,
    pid: connectionNumber(session),
  };
  const attempts = guessesOf(alert, format, kind)
    .map((at) => ({ ...shared, ...guessed(at, format, kind, rules, shared.at) }));
  return attempts.length === 0 ? { reason: "not_an_attempt" } : { attempts, spoofedSrcip: false };
}

/** Gives the value at a path of one guess. */
type Guess = (path: string) => unknown;

/** What the fields of one guess say. */
function guessed(
  at: Guess,
  { time, user, password }: DecoyFormat,
  kind: Kind,
  { takesPasswords }: DecoyRules,
  alertAt: number,
): Pick<Attempt, "at" | "username" | "password"> {
  const isKept = takesPasswords && kind === "guess" && password !== undefined;
  return {
    at: time === undefined ? alertAt : timeOf(at(time), alertAt),
    username: kind === "connect" || user === undefined ? undefined : nameOf(at(user)),
    ...(isKept ? { password: nameOf(at(password)) } : {}),
  };
}

function kindOf(event: string | undefined, format: DecoyFormat): Kind | undefined {
  if (event === undefined) return undefined;
  if (format.failed.includes(event) || format.success.includes(event)) return "guess";
  if (format.key.includes(event)) return "key";
  return format.connect.includes(event) ? "connect" : undefined;
}

function serviceOf(alert: Alert, { protocol = "ssh" }: DecoyFormat): Service | undefined {
  if (protocol === "ssh" || protocol === "telnet") return protocol;
  const text = textOf(valueAt(alert, protocol))?.slice(0, 10).toLowerCase();
  return text === "ssh" || text === "telnet" ? text : undefined;
}

/** Where the fields of each guess of a record are. */
function guessesOf(
  alert: Alert,
  { attempts }: DecoyFormat,
  kind: Kind,
): readonly Guess[] {
  if (attempts === undefined || kind !== "guess") return [(path) => valueAt(alert, path)];
  const value = valueAt(alert, attempts);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.slice(0, MOST_ATTEMPTS).filter(isFields)
    .map((item): Guess => (path) => valueIn(item, path));
}

/** The record's own time, unless no clock of an honest honeypot can be so wrong. */
function timeOf(value: unknown, alertAt: number): number {
  const at = parseTimestamp(textOf(value)?.slice(0, 41).replace(" ", "T"));
  return at !== undefined && at <= alertAt + DAY && at >= alertAt - OLDEST ? at : alertAt;
}

/** A session is a connection as an sshd process is one: any number that is the same for both. */
function connectionNumber(session: string | undefined): number {
  if (session === undefined) return 0;
  let number = 1;
  for (let at = 0; at < session.length; at++) {
    number = (number * 31 + session.charCodeAt(at)) % 2 ** 47;
  }
  return number;
}
