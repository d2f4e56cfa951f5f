/**
 * Alerts that no one has sent yet: lines of every form of sshd under hostile user names, and fixtures
 * with damage done to them.
 *
 * @module
 */
import fc from "fast-check";

export type Json = Record<string, unknown>;

/** Addresses that only ever stand where an attacker can write. No attack comes from them. */
export const FORGED = ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"] as const;

/** One form of a line of sshd. */
export interface LineForm {
  readonly write: (name: string, source: string, port: number) => string;
  /** PAM logs it itself: no escapes. */
  readonly isRaw?: boolean;
  /** Logged for the child that spoke to the client: escaped twice. */
  readonly isPreauth?: boolean;
}

const PAM = "logname= uid=0 euid=0 tty=ssh ruser= rhost=";

/** The forms of `Failed`, `Postponed`, `Partial` and `Accepted`. */
const AUTHENTICATION: readonly LineForm[] = [
  "Failed password for ",
  "Failed password for invalid user ",
  "Failed none for invalid user ",
  "Failed keyboard-interactive/pam for ",
  "Failed keyboard-interactive/pam for invalid user ",
  "Failed publickey for invalid user ",
  "Partial password for ",
  "Accepted password for ",
].map((start) => ({ write: (n, s, p) => `${start}${n} from ${s} port ${p} ssh2` }));

/** The forms that end a connection. */
const ENDS: readonly LineForm[] = [
  "Connection closed by invalid user ",
  "Connection closed by authenticating user ",
  "Connection reset by invalid user ",
  "Disconnected from invalid user ",
].map((start) => ({ write: (n, s, p) => `${start}${n} ${s} port ${p}`, isPreauth: true }));

/** What PAM says of a failure. */
const PAM_LINES: readonly LineForm[] = [
  "pam_unix(sshd:auth): authentication failure; ",
  "PAM 2 more authentication failures; ",
  "PAM 1 more authentication failure; ",
].map((start) => ({ write: (n, s) => `${start}${PAM}${s}  user=${n}`, isRaw: true }));

/** Every form, each with a name; the last one is of no known version. */
export const LINE_FORMS: readonly LineForm[] = [
  ...AUTHENTICATION,
  ...ENDS,
  ...PAM_LINES,
  {
    write: (n, s, p) =>
      `Failed publickey for invalid user ${n} from ${s} port ${p} ssh2: RSA SHA256:x`,
  },
  { write: (n, s, p) => `Postponed publickey for ${n} from ${s} port ${p} ssh2`, isPreauth: true },
  { write: (n, s, p) => `Invalid user ${n} from ${s} port ${p}` },
  { write: (n, s) => `Invalid user ${n} from ${s}` },
  { write: (n, s) => `error: PAM: Authentication failure for illegal user ${n} from ${s}` },
  { write: (n, s) => `error: PAM: Permission denied for ${n} from ${s}` },
  {
    write: (n, s, p) =>
      `error: maximum authentication attempts exceeded for ${n} from ${s} port ${p} ssh2`,
    isPreauth: true,
  },
  {
    write: (n, s, p) =>
      `Disconnecting invalid user ${n} ${s} port ${p}: Too many authentication failures`,
    isPreauth: true,
  },
  {
    write: (n, s, p) =>
      `Disconnecting user ${n} ${s} port ${p}: Change of username or service not allowed: (${n},a) -> (b,a)`,
    isPreauth: true,
  },
  { write: (n, s) => `User ${n} from ${s} not allowed because not listed in AllowUsers` },
  { write: (n) => `User ${n} not allowed because account is locked` },
  { write: (n) => `input_userauth_request: invalid user ${n}`, isPreauth: true },
  { write: (n, s, p) => `Bad protocol version identification '${n}' from ${s} port ${p}` },
  { write: (n, s, p) => `Received disconnect from ${s} port ${p}:11: ${n}`, isPreauth: true },
  {
    write: (n, s, p) => `Unable to negotiate with ${s} port ${p}: no match: ${n}`,
    isPreauth: true,
  },
  { write: (n, s, p) => `fresh wording for ${n} from ${s} port ${p} ssh2` },
];

/** What each byte is written as. */
const ESCAPES: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === 92) return "\\\\";
  if (byte >= 32 && byte < 127) return String.fromCharCode(byte);
  return `\\${"abtnvfr"[byte - 7] ?? byte.toString(8).padStart(3, "0")}`;
});
const utf8 = new TextEncoder();

/** strnvis(3) as sshd calls it for syslog. */
export function escaped(text: string): string {
  // Most need nothing.
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(text)) return text;
  let written = "";
  for (const byte of utf8.encode(text)) written += ESCAPES[byte];
  return written;
}

/** The message as sshd hands it to syslog, which takes 500 bytes. */
export function messageOf(form: LineForm, name: string, source: string, port: number): string {
  const written = form.write(name, source, port);
  if (form.isRaw) return written;
  return (form.isPreauth ? `${escaped(escaped(written))} [preauth]` : escaped(written)).slice(
    0,
    500,
  );
}

const forgedTail = fc.tuple(
  fc.constantFrom(...FORGED),
  fc.constantFrom(
    "root from % port 22 ssh2",
    "root from %",
    "root from % port 22",
    " from % port 22 ssh2 [preauth]",
    "x % port 22",
    "x % port 22 [preauth]",
    "%",
    " % port 22: Too many authentication failures",
    "x  user=y rhost=%",
    "x rhost=%  user=root",
    "x for illegal user y from %",
    "x from % not allowed because listed in DenyUsers",
    "x' from % port 22",
    "x\nFailed password for root from % port 22 ssh2",
    "Aug 23 06:14:06 h sshd[1]: Failed password for root from % port 1 ssh2",
    "message repeated 9 times: [ Failed password for root from % port 1 ssh2]",
    " from % port 22 ssh2: RSA SHA256:y",
  ),
).map(([address, tail]) => tail.replace("%", address));

/** Pieces of names: forgeries, what lines are made of, and what no one expects in a name. */
const piece = fc.oneof(
  { weight: 3, arbitrary: forgedTail },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        "root",
        "admin",
        "",
        " ",
        "\\",
        "]",
        "[preauth]",
        " [preauth]",
        " from ",
        " port ",
        " ssh2",
      ],
      ...[
        "__proto__",
        "constructor",
        "toString",
        "invalid user ",
        "müller",
        "🐻",
        "\ufeffx",
        "\ud800",
      ],
      ...[
        "\0",
        "\n",
        "\r",
        "\x1b[2J",
        "\u2028",
        "\u202e",
        "%s%n",
        "${x}",
        "a".repeat(100),
        "\\303",
      ],
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 10 }) },
);

/** A user name as an attacker would choose it; sshd keeps 100 bytes, PAM all of it. */
export const hostileName: fc.Arbitrary<string> = fc.array(piece, { maxLength: 3 }).map((parts) =>
  parts.join("")
);

/** Where attacks come from. */
export const source: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(fc.integer({ min: 20, max: 99 }), fc.nat(255), fc.nat(255)).map(([a, b, c]) =>
    `${a}.${b}.${c}.7`
  ),
  fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).map(([a, b]) =>
    `2a02:${a.toString(16)}:${b.toString(16)}::7`
  ),
);

/** Values that no field expects. Of those of a megabyte there are few: each costs milliseconds. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 2000,
    arbitrary: fc.constantFrom<unknown>(
      ...[null, true, 0, -1, 5760, 1e308, "", " ", "5760", "\ud800", "\udfff\ud800", "\0\n\x1b"],
      ...["__proto__", "constructor", "8.8.8.8", "root from 8.8.8.8", "999.1.1.1", "a.example"],
      ...[
        "from 8.8.8.8 port 22 ssh2 ",
        "2026-13-45T99:99:99Z",
        "sshd",
        "json",
        "cowrie.login.failed",
      ],
    ),
  },
  {
    weight: 600,
    arbitrary: fc.constantFrom(
      ...[
        "[]",
        "{}",
        '["8.8.8.8"]',
        '["a","b"]',
        "[[[[]]]]",
        '{"ip":"8.8.8.8"}',
        '{"id":{"id":[]}}',
      ],
      ...['{"__proto__":{"id":"5760","name":"honeypot-x"}}', '{"constructor":{"prototype":1}}'],
      ...['{"length":1e9}', '{"toString":null}', "[null,1,{}]", '{"name":["honeypot-x"]}'],
    ).map((text) => JSON.parse(text) as unknown),
  },
  { weight: 300, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(" from 8.8.8.8 port 1 ssh2 ", "8.8.8.8 ", "\n", "\\303", "a.").map((
      text,
    ) => text.repeat(1_000_000 / text.length)),
  },
);

/** One damage done to a field; which field it is, is told by a number. */
export interface Mutation {
  readonly kind: "replace" | "delete" | "copy" | "add" | "wrap" | "forge" | "cut" | "double";
  readonly at: number;
  readonly to: number;
  readonly value: unknown;
}

/** Damage to fields; `kinds` are those that may happen. */
export function mutations(kinds: readonly Mutation["kind"][]): fc.Arbitrary<readonly Mutation[]> {
  const mutation = fc.record({
    kind: fc.constantFrom(...kinds),
    at: fc.nat(10_000),
    to: fc.nat(10_000),
    value: oddValue,
  });
  return fc.array(mutation, { minLength: 1, maxLength: 4 });
}

type Slot = readonly [holder: Json, key: string];

/** Every field, arrays' items too. */
function slotsOf(value: unknown, slots: Slot[] = []): Slot[] {
  if (typeof value !== "object" || value === null) return slots;
  for (const key of Object.keys(value)) {
    slots.push([value as Json, key]);
    slotsOf((value as Json)[key], slots);
  }
  return slots;
}

/** Own field, even for `__proto__`, which an assignment would not make. */
function put([holder, key]: Slot, value: unknown): void {
  if (key !== "__proto__") {
    holder[key] = value;
    return;
  }
  Object.defineProperty(holder, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** Of what JSON can say. A structured clone takes much longer. */
const copyOf = (value: unknown): unknown =>
  typeof value === "object" ? JSON.parse(JSON.stringify(value)) : value;

const NEW_KEYS = ["__proto__", "constructor", "hasOwnProperty", "source.ip", "data", "ctx", "hits"];
const CLAIMS = new Set(["srcip", "source.ip", "source_ip", "ip", "address", "srcuser", "dstuser"]);
const LINES = new Set([
  ...["full_log", "previous_output", "original", "event.original", "event_original", "text"],
]);

/** What a JSON text is read as after damage was done to it; still nothing that JSON cannot say. */
export function damaged(json: string, damage: readonly Mutation[]): unknown {
  const root = JSON.parse(json) as Json;
  for (const { kind, at, to, value } of damage) {
    const names = kind === "forge"
      ? CLAIMS
      : kind === "cut" || kind === "double"
      ? LINES
      : undefined;
    const all = slotsOf(root);
    const slots = names === undefined
      ? all
      : all.filter(([holder, key]) => names.has(key) && typeof holder[key] === "string");
    const slot = slots[at % slots.length];
    if (slot === undefined) continue;
    const [holder, key] = slot;
    const old = holder[key];
    const text = String(kind === "cut" || kind === "double" ? old : "");
    const cut = text.length === 0 ? 0 : to % text.length;
    if (kind === "replace") put(slot, copyOf(value));
    else if (kind === "delete") delete holder[key];
    else if (kind === "copy") put(slots[to % slots.length]!, copyOf(old));
    else if (kind === "add") put([holder, NEW_KEYS[to % NEW_KEYS.length]!], copyOf(value));
    else if (kind === "wrap") put(slot, to % 2 === 0 ? [old] : { [key]: old });
    else if (kind === "forge") put(slot, "8.8.8.8");
    else if (kind === "cut") put(slot, to % 2 === 0 ? text.slice(0, cut) : text.slice(cut));
    else put(slot, text.slice(0, cut) + text + text.slice(cut));
  }
  return JSON.parse(JSON.stringify(root)) as unknown;
}
