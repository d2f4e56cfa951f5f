/**
 * The keys of the sections honeypot, rules, guard, session, privacy and geoip, and `lists`: which evidence
 * becomes intelligence.
 *
 * @module
 */
import { DEFAULT_RULES } from "./defaults.ts";
import { type Key, networkOrName, optionalText, ruleId } from "./key.ts";

/** The keys with their exact kinds, from which the types of values are derived. */
export const evidenceKeys = () => ({
  "honeypot.agent_prefixes": {
    kind: "list",
    fallback: ["honeypot-"],
    about:
      "Agents whose name begins so, in upper or lower case, are honeypots; with `*`: the whole name",
  },
  "honeypot.agent_labels": {
    kind: "list",
    fallback: [],
    about: "Agents with such a label are honeypots: `honeypot.type` or `honeypot.type=cowrie`",
  },
  "honeypot.hostnames": {
    kind: "list",
    fallback: [],
    about:
      "Hosts that send syslog to the manager without an agent and are honeypots, such as `hp-*`",
  },
  "honeypot.locations": {
    kind: "list",
    fallback: [],
    about: "Alerts from such a location are a honeypot's: `/var/log/hp/*` or a sender's address",
  },
  "honeypot.telnet": {
    kind: "boolean",
    fallback: false,
    about: "Accept attempts at the Telnet server of a Cowrie or another decoy, too",
  },
  "honeypot.formats": {
    kind: "formats",
    fallback: [],
    about: 'Formats of further honeypots that write JSON: docs/wazuh.md, "Other honeypots"',
  },
  "honeypot.count_refused_keys": {
    kind: "boolean",
    fallback: false,
    about:
      "A connection that ends while a known user authenticates is a probe: for key-only servers",
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
    about:
      "Addresses, networks and host names that are never published; a name covers those below it",
    check: networkOrName,
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
  "session.enabled": {
    kind: "boolean",
    fallback: true,
    about:
      "Read what attackers do in the sessions of a Cowrie: clients, commands, files, keys, tunnels",
  },
  "session.max_commands": {
    kind: "number",
    fallback: 50,
    minimum: 0,
    maximum: 1_000,
    whole: true,
    about: "Different commands kept per source; the rest is counted",
  },
  "session.max_command_bytes": {
    kind: "number",
    fallback: 512,
    minimum: 128,
    maximum: 16_384,
    whole: true,
    about: "Longer commands are cut; their length and hash are kept",
  },
  "session.max_items": {
    kind: "number",
    fallback: 50,
    minimum: 0,
    maximum: 1_000,
    whole: true,
    about: "Different files, addresses, keys, tunnels and clients kept per source, of each kind",
  },
  "session.expire_after_days": {
    kind: "number",
    fallback: 0,
    minimum: 0,
    maximum: 3650,
    about: "A file or URL that no session of its source brought for so long loses to_ids; 0: never",
  },
  "privacy.usernames": {
    kind: "choice",
    choices: ["top", "all", "count"],
    fallback: "top",
    about: "User names in events: the ten most tried that look like names, all, or their number",
  },
  "privacy.commands": {
    kind: "choice",
    choices: ["top", "all", "count"],
    fallback: "top",
    about: "Commands in events: the ten most frequent, all, or their number; then none is stored",
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
    about: "Keep the passwords tried at decoys such as Cowrie; events contain the ten most tried",
  },
  "geoip.database": {
    kind: "list",
    orText: true,
    fallback: [],
    about: "MMDB files, such as GeoLite2-City and GeoLite2-ASN; they complete each other",
  },
  "lists": {
    kind: "lists",
    fallback: [],
    about: "Lists of attackers for firewalls and for Wazuh: docs/lists.md",
  },
} as const satisfies Readonly<Record<string, Key>>);
