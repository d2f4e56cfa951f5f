/**
 * What a record of a Cowrie says of a session, beside attempts (docs/contracts/cowrie.md 4). Everything
 * that an attacker wrote is bounded, on one line, and without secrets before it leaves this file.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { canonicalAddress } from "../address.ts";
import { own } from "../json.ts";
import type { IgnoreReason, SessionAlert } from "../model.ts";
import type { PayloadWay, SessionDetail, SessionItem } from "../session_evidence.ts";
import { oneLine } from "../text.ts";
import { type Alert, textField } from "../wazuh/alert.ts";
import { common } from "../wazuh/attempts.ts";
import { type CowrieRules, decodeBytes, serviceOfRecord, sessionOfRecord } from "./record.ts";
import { fileName, isHarmless, readUrl, sha256Of } from "./session_files.ts";
import { plantedKeys } from "./session_keys.ts";
import { maskSecrets } from "./session_secrets.ts";

/** How sessions are read. */
export interface SessionRules {
  /** Whether the texts of commands are kept, or only their number (`privacy.commands`). */
  readonly keepsCommands: boolean;
  /** Longer commands are cut, bytes. */
  readonly maxCommandBytes: number;
  /** Takes out of a command what must stay out, before it is cut; undefined: nothing. */
  readonly clean?: (command: string) => string;
}

/** What a record says of its session, or why it says nothing. */
export type SessionReading = SessionAlert | { readonly reason: IgnoreReason };

/** Longer texts of a record are not looked at, characters. */
const LONGEST_TEXT = 64 * 1024;
const LONGEST_VERSION = 128;
const LONGEST_HOST = 255;

type Data = Alert["data"];
type Found = readonly SessionItem[] | "session_malformed" | "session_harmless";

/** What is looked for in the records of each event. */
const READERS: Readonly<Record<string, (data: Data, how: Reading) => Found>> = {
  "cowrie.session.connect": () => [],
  "cowrie.session.closed": () => [],
  "cowrie.login.success": () => [],
  "cowrie.client.version": readVersion,
  "cowrie.client.kex": readHassh,
  "cowrie.command.input": readCommand,
  // It repeats a part of an input.
  "cowrie.command.failed": () => [],
  // It is an answer to a program, a password at times.
  "cowrie.command.success": () => [],
  "cowrie.session.file_download": readDownload,
  "cowrie.session.file_download.failed": readDownload,
  "cowrie.session.file_upload": readUpload,
  "cowrie.direct-tcpip.request": readTunnel,
  "cowrie.direct-tcpip.data": () => [],
};

interface Reading extends SessionRules {
  readonly takesPasswords: boolean;
}

/**
 * Reads a record.
 *
 * @param now milliseconds since the epoch, for an alert without a readable time
 */
export function readSession(
  alert: Alert,
  now: number,
  cowrie: CowrieRules,
  rules: SessionRules,
): SessionReading {
  const { data } = alert;
  const event = textField(data, "eventid") ?? "";
  const read = Object.hasOwn(READERS, event) ? READERS[event] : undefined;
  if (read === undefined) return { reason: "not_an_attempt" };
  // `dst_port` is the tunnel's own target there, and Telnet has no tunnels.
  const service = event.startsWith("cowrie.direct-tcpip.") ? "ssh" : serviceOfRecord(alert, cowrie);
  if (service === null || (service === "telnet" && !cowrie.takesTelnet)) {
    return { reason: "not_ssh" };
  }
  const source = textField(data, "src_ip");
  if (source === undefined) return { reason: "no_address" };
  const sourceIp = canonicalAddress(source);
  if (sourceIp === undefined) return { reason: "host_name" };
  const session = sessionOfRecord(data) ?? "";
  if (session === "") return { reason: "session_malformed" };
  const found = read(data, { ...rules, takesPasswords: cowrie.takesPasswords });
  if (typeof found === "string") return { reason: found };
  const isCommand = event === "cowrie.command.input" && ownText(data, "input") !== "" &&
    !isAnswer(data);
  const { at, sensor, techniques } = common(alert, now);
  return {
    ...{ sourceIp, at, sensor, service, techniques, sourceLocation: undefined, session },
    isConnect: event === "cowrie.session.connect",
    isLogin: event === "cowrie.login.success",
    durationMs: event === "cowrie.session.closed" ? durationOf(data) : undefined,
    items: found,
    furtherCommands: isCommand && !rules.keepsCommands ? 1 : 0,
  };
}

/** Cowrie before 2.6 wrote seconds. @returns 0 where it is not known */
function durationOf(data: Data): number {
  const milliseconds = Number(textField(data, "duration_ms") ?? NaN);
  const known = Number.isFinite(milliseconds)
    ? milliseconds
    : Number(textField(data, "duration") ?? NaN) * 1000;
  const longest = 365 * 24 * 60 * 60 * 1000;
  return known >= 0 && known <= longest ? Math.round(known) : 0;
}

/**
 * A text as it was sent. Wazuh leaves empty texts out of `data`, and makes a list of a text that looks
 * like one.
 *
 * @returns undefined for what is there and was never a text
 */
function ownText(data: Data, name: string): string | undefined {
  const value = own(data, name);
  if (value === undefined || value === null) return "";
  const text = Array.isArray(value) ? JSON.stringify(value) : textField(data, name);
  return text === undefined ? undefined : decodeBytes(text.slice(0, LONGEST_TEXT));
}

/** Older Cowries wrote it as Python shows bytes: `b'SSH-2.0-Go'`. */
function readVersion(data: Data): Found {
  const text = textField(data, "version");
  const bare = /^b(['"])([\s\S]*)\1$/.exec(text?.slice(0, LONGEST_TEXT) ?? "")?.[2] ?? text;
  if (bare === undefined || bare.trim() === "") return "session_malformed";
  const value = oneLine(decodeBytes(bare.slice(0, LONGEST_TEXT)).trim()).slice(0, LONGEST_VERSION);
  return [{ kind: "version", value }];
}

function readHassh(data: Data): Found {
  const value = textField(data, "hassh")?.trim().toLowerCase();
  return value !== undefined && /^[0-9a-f]{32}$/.test(value)
    ? [{ kind: "hassh", value }]
    : "session_malformed";
}

/**
 * Whether a line was typed into a program that a command had started, and not into the shell: a password
 * at times. `realm` names that program (docs/contracts/cowrie.md 4).
 */
const isAnswer = (data: Data) => (ownText(data, "realm") ?? "") !== "";

function readCommand(data: Data, how: Reading): Found {
  const input = ownText(data, "input");
  if (input === undefined) return "session_malformed";
  const keys = plantedKeys(input);
  if (isAnswer(data)) return keys;
  if (!how.keepsCommands || input.trim() === "") return keys;
  const { clean = (command) => command } = how;
  const typed = clean(how.takesPasswords ? input : maskSecrets(input));
  return [commandOf(typed, how.maxCommandBytes), ...keys];
}

/** White space does not make another command; what was typed first in the alphabet is shown. */
function commandOf(typed: string, mostBytes: number): SessionItem {
  const whole = oneLine(typed.trim());
  const value = cut(oneLine(typed.trim().replaceAll(/\s+/g, " ")), mostBytes);
  const text = cut(whole, mostBytes);
  return text === value ? { kind: "command", value } : { kind: "command", value, text };
}

/** A text that was cut names its length and its hash, so that two that begin alike stay apart. */
function cut(text: string, mostBytes: number): string {
  if (text.length * 3 <= mostBytes) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= mostBytes) return text;
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const ending = ` … (${bytes.length} bytes, SHA-256 ${hash}…)`;
  const noteBytes = new TextEncoder().encode(ending).length;
  const kept = new TextDecoder().decode(bytes.subarray(0, Math.max(0, mostBytes - noteBytes)));
  return `${kept.replace(/\ufffd+$/, "")}${ending}`;
}

function readDownload(data: Data, how: Reading): Found {
  const text = ownText(data, "url");
  const named = ownText(data, "destfile") || ownText(data, "filename");
  const hash = ownText(data, "shasum");
  if (text === undefined || named === undefined || hash === undefined) return "session_malformed";
  const sha256 = sha256Of(hash);
  if (hash !== "" && sha256 === undefined) return "session_malformed";
  const { way, path, url } = originOf(text, named, how);
  if (isHarmless(sha256, path)) return "session_harmless";
  if (sha256 === undefined) {
    if (url !== undefined) return [{ kind: "url", value: url }];
    // A line of scp's own protocol.
    return text === "" && isAnswer(data) ? [] : "session_malformed";
  }
  return payload(sha256, data, {
    ways: [way],
    ...namesOf(path, way === "download" ? text : "", how),
    ...(url === undefined ? {} : { urls: [{ url }] }),
  });
}

interface Origin {
  readonly way: PayloadWay;
  /** The file that it was written to; may be empty. */
  readonly path: string;
  readonly url?: string | undefined;
}

/**
 * How a file came. What the client sends into a command has no `url`, and an empty `destfile`. Older Cowries
 * wrote into `url` what a command wrote to, too: a path, or `stdin` (docs/contracts/cowrie.md 4).
 */
function originOf(text: string, named: string, how: Reading): Origin {
  if (text === "" || text === "stdin") {
    return { way: named === "" ? "upload" : "written", path: named };
  }
  const mayBePath = !text.includes("://");
  const url = mayBePath && text === named ? undefined : readUrl(text, how.takesPasswords)?.url;
  return url === undefined && mayBePath
    ? { way: "written", path: named || text }
    : { way: "download", path: named, url };
}

function readUpload(data: Data, how: Reading): Found {
  const path = ownText(data, "filename");
  const hash = ownText(data, "shasum");
  const sha256 = hash === undefined ? undefined : sha256Of(hash);
  if (path === undefined || sha256 === undefined) return "session_malformed";
  if (isHarmless(sha256, path)) return "session_harmless";
  const found = payload(sha256, data, { ways: ["upload"], ...namesOf(path, "", how) });
  return [...found, ...plantedKeys(path)];
}

function payload(sha256: string, data: Data, detail: SessionDetail): readonly SessionItem[] {
  const size = Number(textField(data, "size") ?? textField(data, "filesize") ?? NaN);
  const known = Number.isSafeInteger(size) && size >= 0 ? { size } : {};
  return [{ kind: "payload", value: sha256, ...detail, ...known }];
}

/** The name under which a file was stored, else the one in its address. */
function namesOf(path: string, url: string, how: Reading): Pick<SessionDetail, "names"> {
  const inUrl = url.replace(/[?#][\s\S]*$/, "").replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  const name = fileName(path) ?? fileName(inUrl);
  if (name === undefined) return {};
  return { names: [how.takesPasswords ? name : maskSecrets(name)] };
}

function readTunnel(data: Data): Found {
  const named = ownText(data, "dst_ip");
  const port = Number(textField(data, "dst_port") ?? NaN);
  if (named === undefined || !Number.isInteger(port) || port < 0 || port > 65_535) {
    return "session_malformed";
  }
  const host = canonicalAddress(named) ?? named.trim().toLowerCase().replace(/\.$/, "");
  if (host.length > LONGEST_HOST || !/^[a-z0-9_.:-]+$/.test(host)) return "session_malformed";
  return [{ kind: "tunnel", value: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}` }];
}
