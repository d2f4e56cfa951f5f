/**
 * Every configuration key: its kind, its default, what is allowed. README's table, the environment
 * names, `config --schema` and the checks all come from this one list.
 *
 * @module
 */

/** The values of each kind of key. */
interface Kinds {
  readonly text: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly list: readonly string[];
  readonly choice: string;
}

/** What a value may be; `list` is a list of texts. */
export type Kind = keyof Kinds;

/** A configuration value. */
export type Value = Kinds[Kind];

/** One configuration key. */
export interface Key {
  readonly kind: Kind;
  /** The default; undefined: the key is optional. */
  readonly fallback: Value | undefined;
  readonly about: string;
  readonly choices?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly whole?: boolean;
  /** A list of one item may be written as a text. */
  readonly orText?: boolean;
  /** An empty list would switch the program off. */
  readonly atLeastOne?: boolean;
  /** Never printed by any command. */
  readonly secret?: boolean;
  /** Checks a text, or each item of a list. @returns what is allowed, where it is not */
  readonly check?: (text: string) => string | undefined;
}

/** The name of the binary and of its files: that of the Python original's `<integration>` block. */
export const PROGRAM = "custom-misp_ssh_bruteforce-publish";

/** Rules of Wazuh 4.14 that report a failed SSH login, or an accepted one (docs/contracts/wazuh.md 3). */
export const DEFAULT_RULES = [
  ...["2501", "2502", "5503", "5551", "5710", "5712", "5715", "5716", "5718", "5719"],
  ...["5720", "5758", "5760", "5763", "40101", "40111", "40112", "51003", "51007"],
  ...["51093", "99903", "99904"],
] as const;

/**
 * Rules of Wazuh that a `rules.ids` without them leaves out. Those of group `authentication_failed` that
 * report a wrong configuration (docs/contracts/wazuh.md 3) are among them always.
 */
export const KNOWN_RULES: readonly string[] = [...DEFAULT_RULES, "5728", "5738", "5755"];

/** Tags of every event, exactly as the taxonomies write them (docs/contracts/misp.md 4). */
export const DEFAULT_TAGS = [
  "tlp:green",
  "PAP:GREEN",
  'rsit:intrusion-attempts="brute-force"',
  'honeypot-basic:interaction-level="low"',
  'honeypot-basic:data-capture="attacks"',
  'honeypot-basic:communication-interface="network-interface"',
  'honeypot-basic:role="server"',
  'cssa:origin="honeypot"',
  'cssa:sharing-class="unvetted"',
  'admiralty-scale:source-reliability="b"',
  'admiralty-scale:information-credibility="2"',
  'misp:automation-level="unsupervised"',
  'misp:event-type="observation"',
] as const;

const httpUrl = (text: string) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return "an http or https address";
  if (url.username + url.password !== "") return "an address without a user name in it";
  if (/[?#]/.test(text)) return "an address without a query (?) or a fragment (#)";
  return undefined;
};
const ruleId = (text: string) => /^\d{1,6}$/.test(text) ? undefined : "rule numbers";
const network = (text: string) =>
  /^[0-9a-f.:]+(\/\d{1,3})?$/i.test(text)
    ? undefined
    : "addresses or networks such as 192.0.2.0/24";
const listen = (text: string) =>
  /^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i.test(text)
    ? undefined
    : "HOST:PORT, such as 127.0.0.1:8787";

const optionalText = (about: string) => ({ kind: "text", about, fallback: undefined }) as const;

const text = (about: string, fallback: string) => ({ kind: "text", about, fallback }) as const;

/** The keys with their exact kinds, from which the types of values are derived. */
function exactKeys(root: string) {
  return {
    "misp.url": {
      ...optionalText("Address of the MISP instance; without it events go to the feed folder only"),
      check: httpUrl,
    },
    "misp.api_key": {
      ...optionalText("Authentication key; better in a file of its own"),
      secret: true,
    },
    "misp.api_key_file": optionalText("File that holds the authentication key"),
    "misp.ca_file": optionalText("PEM file of the authority that signed MISP's certificate"),
    "misp.timeout_seconds": {
      kind: "number",
      fallback: 30,
      minimum: 1,
      maximum: 600,
      about: "How long one request to MISP may take",
    },
    "misp.event_per": {
      kind: "choice",
      choices: ["source", "day"],
      fallback: "source",
      about: "One event for each attacker, or one a day for all",
    },
    "misp.reopen_after_days": {
      kind: "number",
      fallback: 30,
      minimum: 1,
      maximum: 3650,
      about: "An attacker silent for so long gets a new event",
    },
    "misp.distribution": {
      kind: "number",
      fallback: 0,
      minimum: 0,
      maximum: 3,
      whole: true,
      about: "Who may see the event: 0 own organisation, 1 community, 2 connected, 3 all",
    },
    "misp.threat_level": {
      kind: "number",
      fallback: 3,
      minimum: 1,
      maximum: 4,
      whole: true,
      about: "1 high, 2 medium, 3 low, 4 undefined",
    },
    "misp.analysis": {
      kind: "number",
      fallback: 0,
      minimum: 0,
      maximum: 2,
      whole: true,
      about: "0 initial, 1 ongoing, 2 completed",
    },
    "misp.publish": {
      kind: "boolean",
      fallback: true,
      about: "Publish the event once MISP has stored all of it",
    },
    "misp.tags": {
      kind: "list",
      fallback: DEFAULT_TAGS,
      about: "Tags of every event; those of the ATT&CK techniques are added",
    },
    "misp.publish_interval_minutes": {
      kind: "number",
      fallback: 0,
      minimum: 0,
      maximum: 10080,
      about: "An event is updated in MISP at most once in so long; 0: whenever an attack is due",
    },
    "misp.max_parallel": {
      kind: "number",
      fallback: 4,
      minimum: 1,
      maximum: 32,
      whole: true,
      about: "How many events are sent to MISP at a time",
    },
    "misp.publisher": optionalText(
      "Name from which the uuids of events are made, unique to you; keep it. Default: the manager's",
    ),
    "feed.directory": optionalText(
      "MISP feed folder; used when misp.url is not set, or as well when set. Default: feed/ beside the buffer",
    ),
    "buffer.path": text("The SQLite buffer", `${root}/queue/custom-misp/buffer.db`),
    "buffer.period_minutes": {
      kind: "number",
      fallback: 15,
      minimum: 0,
      maximum: 1440,
      about: "An attack is due when its source was silent for so long; 0: at once",
    },
    "buffer.max_hold_minutes": {
      kind: "number",
      fallback: 60,
      minimum: 0,
      maximum: 10080,
      about: "An attack is due so long after it began, silent or not",
    },
    "buffer.dedupe_days": {
      kind: "number",
      fallback: 7,
      minimum: 1,
      maximum: 365,
      about: "How long the id of an alert is stored",
    },
    "buffer.max_bytes": {
      kind: "number",
      fallback: 1_073_741_824,
      minimum: 1_048_576,
      maximum: 1_099_511_627_776,
      about: "Bytes above which old detail is evicted, and counted; sources and alerts never are",
    },
    "forward.url": {
      ...optionalText(
        "Address of a remote `serve` that gets the alerts; then no events are made here",
      ),
      check: httpUrl,
    },
    "forward.token_file": optionalText("File that holds the token for it (`serve token new`)"),
    "forward.ca_file": optionalText("PEM file of the authority that signed its certificate"),
    "honeypot.agent_prefixes": {
      kind: "list",
      fallback: ["honeypot-"],
      about: "Agents whose name begins so, in upper or lower case, are honeypots",
    },
    "honeypot.agent_labels": {
      kind: "list",
      fallback: [],
      about: "Agents with such a label are honeypots: `honeypot.type` or `honeypot.type=cowrie`",
    },
    "honeypot.telnet": {
      kind: "boolean",
      fallback: false,
      about: "Accept attempts at the Telnet server of a Cowrie, too",
    },
    "rules.ids": {
      kind: "list",
      fallback: DEFAULT_RULES,
      atLeastOne: true,
      about: "Rules that report a failed SSH authentication",
      check: ruleId,
    },
    "guard.allow_networks": {
      kind: "list",
      fallback: [],
      about: "Addresses and networks that are never published",
      check: network,
    },
    "guard.publish_private": {
      kind: "boolean",
      fallback: false,
      about: "Publish private, documentation and other special ranges too: for labs and tests",
    },
    "guard.warninglists_directory": optionalText(
      "Folder of MISP warning lists, as NAME.json or NAME/list.json",
    ),
    "guard.min_attempts": {
      kind: "number",
      fallback: 1,
      minimum: 1,
      maximum: 1_000_000,
      whole: true,
      about: "A source with fewer attempts so far is not published",
    },
    "privacy.usernames": {
      kind: "choice",
      choices: ["top", "all", "count"],
      fallback: "top",
      about: "User names in events: the ten most tried that look like names, all, or their number",
    },
    "privacy.max_usernames": {
      kind: "number",
      fallback: 100,
      minimum: 0,
      maximum: 10_000,
      whole: true,
      about: "Different user names kept per attack; the rest is counted",
    },
    "privacy.sensor_names": {
      kind: "choice",
      choices: ["pseudonym", "name"],
      fallback: "pseudonym",
      about: "How events name the honeypots",
    },
    "privacy.passwords": {
      kind: "boolean",
      fallback: false,
      about: "Keep the passwords tried at a Cowrie; events contain the ten most tried",
    },
    "geoip.database": {
      kind: "list",
      orText: true,
      fallback: [],
      about: "MMDB files, such as GeoLite2-City and GeoLite2-ASN; they complete each other",
    },
    "server.listen": {
      ...text("Where `serve` listens", "127.0.0.1:8787"),
      check: listen,
    },
    "server.tokens_file": optionalText(
      "File of names and hashes of tokens (`serve token new`); without it only this machine is answered",
    ),
    "server.tls_cert": optionalText(
      "PEM file of the certificate; read again within a minute of a change",
    ),
    "server.tls_key": optionalText("PEM file of its private key"),
    "server.open_pages": {
      kind: "boolean",
      fallback: false,
      about: "Show pages, metrics and feed without a token, too",
    },
    "server.allow_networks": {
      kind: "list",
      fallback: [],
      about: "Addresses and networks that are answered; an empty list: all",
      check: network,
    },
    "server.max_parallel": {
      kind: "number",
      fallback: 100,
      minimum: 0,
      maximum: 10_000,
      whole: true,
      about: "Requests of one token at a time; 0: no limit",
    },
    "server.max_requests_per_minute": {
      kind: "number",
      fallback: 0,
      minimum: 0,
      maximum: 10_000_000,
      whole: true,
      about: "Requests of one token in a minute; 0: no limit",
    },
    "server.patience_seconds": {
      kind: "number",
      fallback: 30,
      minimum: 1,
      maximum: 3600,
      about: "How long a sender may take for each further 64 KiB of a body",
    },
    "server.max_body_bytes": {
      kind: "number",
      fallback: 8 * 1024 * 1024,
      minimum: 1024,
      maximum: 1024 ** 3,
      whole: true,
      about: "Longest body that `serve` accepts, or longest line of a body of lines",
    },
    "log.file": text("Log file", `${root}/logs/integrations.log`),
    "log.level": {
      kind: "choice",
      choices: ["debug", "info", "warning", "error"],
      fallback: "info",
      about: "Least important message that is logged",
    },
    "log.format": {
      kind: "choice",
      choices: ["text", "json"],
      fallback: "text",
      about: "Form of a log line",
    },
  } as const satisfies Readonly<Record<string, Key>>;
}

type Keys = ReturnType<typeof exactKeys>;

/** The name of a key, such as `misp.url`. */
export type KeyName = keyof Keys;

/** What a key holds once its value was checked. */
export type ValueOf<Name extends KeyName> =
  | (Keys[Name] extends { choices: readonly (infer Choice)[] } ? Choice : Kinds[Keys[Name]["kind"]])
  | (Keys[Name] extends { fallback: undefined } ? undefined : never);

/**
 * The keys, in the order of README's table.
 *
 * @param root Wazuh's folder, `/var/ossec` on an ordinary manager
 */
export function configurationKeys(root: string): Readonly<Record<string, Key>> {
  return exactKeys(root);
}

/** The environment variable of a key: `misp.api_key_file` is `WM_MISP_API_KEY_FILE`. */
export function environmentName(key: string): string {
  return `WM_${key.toUpperCase().replace(".", "_")}`;
}
