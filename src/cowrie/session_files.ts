/**
 * Files that a session brought, and where they came from.
 *
 * @module
 */
import { oneLine } from "../text.ts";
import { MASK, maskUrl } from "./session_secrets.ts";

/** SHA-256 of nothing: a download that failed often leaves an empty file. */
const EMPTY_FILE = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/**
 * Devices, and the files that a Cowrie shows of its own: who writes there brings nothing. In `/dev/shm`
 * are files as in `/tmp`.
 */
const OF_THE_DECOY =
  /^(?:\/dev\/(?!shm\/[^/])|\/proc\/|\/sys\/|\/etc\/(?:group|host\.conf|hostname|hosts|inittab|issue|issue\.net|motd|passwd|resolv\.conf|shadow)$|\/etc\/\.aws\/credentials$|\/bin\/enable$)/;

const SHA256 = /^[0-9a-f]{64}$/;

/** A hash as it is compared; undefined: the text is not one. */
export function sha256Of(text: string): string | undefined {
  const hash = text.trim().toLowerCase();
  return SHA256.test(hash) ? hash : undefined;
}

/** Whether a file says nothing about who brought it. */
export function isHarmless(sha256: string | undefined, path: string): boolean {
  return sha256 === EMPTY_FILE || OF_THE_DECOY.test(path);
}

const LONGEST_NAME = 255;

/** A file's own name, without folders; undefined where there is none. */
export function fileName(path: string): string | undefined {
  const name = oneLine(path.slice(0, 4096).split(/[/\\]/).at(-1) ?? "").trim();
  return name === "" || name === "." || name === ".." ? undefined : name.slice(0, LONGEST_NAME);
}

const LONGEST_URL = 2048;

/** Schemes by which files are fetched from somewhere else. */
const FETCHING: ReadonlySet<string> = new Set([
  ...["http:", "https:", "ftp:", "ftps:", "tftp:", "sftp:", "scp:", "ws:", "wss:", "gopher:"],
]);

/** Of the schemes whose port the parser does not know. */
const PORTS: Readonly<Record<string, string>> = {
  "ftps:": "990",
  "tftp:": "69",
  "sftp:": "22",
  "scp:": "22",
  "gopher:": "70",
};

/** An address without a scheme, as downloaders take it: a host with a dot, and a path or a port. */
const BARE = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)+|\[[0-9a-f:.]+\])(?::\d{1,5}(?:\/|$)|\/)/i;

/** An address that something is fetched from, and its host. */
export interface ReadUrl {
  readonly url: string;
  /** In lower case, without a dot at its end; an IPv6 address without brackets. */
  readonly host: string;
}

/**
 * Reads an address.
 *
 * @param keepsSecrets whether user name, password and parameters stay as they are
 * @returns undefined for what nothing can be fetched from
 */
export function readUrl(text: string, keepsSecrets: boolean): ReadUrl | undefined {
  const given = text.trim();
  if (given === "" || given.length > LONGEST_URL) return undefined;
  // What stands for a secret is never what an attacker wrote.
  const whole = (BARE.test(given) ? `http://${given}` : given).replaceAll(MASK, "%2A%2A%2A");
  if (!URL.canParse(whole)) return undefined;
  const url = new URL(whole);
  if (!FETCHING.has(url.protocol) || url.hostname === "") return undefined;
  // Only of http and its like the parser checks the host, and knows 127.1 as an address.
  if (!/^[a-z0-9_.:[\]-]+$/i.test(url.hostname)) return undefined;
  const known = URL.parse(`http://${url.hostname}`)?.hostname ?? url.hostname.toLowerCase();
  // Nor does it know their ports. Two ways to write one address are one address.
  url.hostname = known;
  if (url.port === PORTS[url.protocol]) url.port = "";
  const shown = oneLine((keepsSecrets ? url : maskUrl(url)).href);
  const host = known.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return shown.length > LONGEST_URL ? undefined : { url: shown, host };
}

/** Names that mean something in one network only. */
const LOCAL_NAME =
  /^[^.:]+$|\.(?:local|localhost|localdomain|internal|intranet|lan|corp|home\.arpa)$/;

/** Whether a host is a name that nobody else can look up. */
export function isLocalName(host: string): boolean {
  return LOCAL_NAME.test(host);
}
