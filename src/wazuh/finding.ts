/**
 * A Wazuh 5.x finding, each field proven (docs/contracts/wazuh.md 5). 5.x has no alerts, no numbered rules
 * and no composites: one finding stands for one event, and says in ECS words what 4.x said by rule.
 *
 * @module
 */
import { canonicalAddress } from "../address.ts";
import type { Attempt, Technique } from "../model.ts";
import type { Alert } from "./alert.ts";
import { addressesIn, attemptsOfAlert, common, type Evidence, isHarmless } from "./attempts.ts";
import { readSourceGeo } from "./geo_location.ts";
import { isSshdName, parseSshdLine } from "./ssh/sshd_line.ts";
import { parseTimestamp } from "./time.ts";
import { type Fields, isFields, own } from "../json.ts";

/** A finding in the words of a 4.x alert, with the fields that only findings have. `fullLog` is `event.original`. */
export interface Finding extends Alert {
  /** `event.action`, in lower case. */
  readonly action: string | undefined;
  /** `event.outcome`, in lower case. */
  readonly outcome: string | undefined;
  /** `event.category`, in lower case. */
  readonly categories: readonly string[];
  /** Nothing in `user.name` can be mistaken for the address of the other side. */
  readonly isNameHarmless: boolean;
  /** Addresses in `message`: whatever it says, it was made from the same event. */
  readonly messageAddresses: readonly string[];
}

type Lookup = (path: string) => unknown;

/** The `format` of a line that our monitor template writes (deploy/wazuh5). */
const FLAT_FORMAT = "wazuh5-flat";

/** Names of the flat template by the field of the finding that each one carries. */
const FLAT_NAMES: ReadonlyMap<string, string> = new Map([
  ["wazuh.event.id", "id"],
  ["event.id", "event_id"],
  ["event.doc_id", "event_doc_id"],
  ["_id", "document_id"],
  ["@timestamp", "timestamp"],
  ["wazuh.cluster.node", "cluster_node"],
  ["wazuh.cluster.name", "cluster_name"],
  ["wazuh.agent.id", "agent_id"],
  ["wazuh.agent.name", "agent_name"],
  ["wazuh.agent.groups", "agent_groups"],
  ["wazuh.protocol.location", "location"],
  ["wazuh.rule.id", "rule_id"],
  ["wazuh.rule.title", "rule_title"],
  ["wazuh.rule.mitre.technique.id", "technique_ids"],
  ["wazuh.rule.mitre.technique.name", "technique_names"],
  ["wazuh.rule.mitre.subtechnique.id", "subtechnique_ids"],
  ["wazuh.rule.mitre.subtechnique.name", "subtechnique_names"],
  ["event.action", "event_action"],
  ["event.outcome", "event_outcome"],
  ["event.category", "event_categories"],
  ["event.original", "event_original"],
  ["process.name", "process_name"],
  ["source.ip", "source_ip"],
  ["source.port", "source_port"],
  ["user.name", "user_name"],
]);

/** Names longer than this are nobody's; the limit keeps a hostile finding out of the buffer. */
const LONGEST_NAME = 255;

/** Whether a value has the shape of a finding or of our flat line; its fields are not proven yet. */
export function isFindingShape(value: unknown): value is Fields {
  if (!isFields(value)) return false;
  return own(value, "format") === FLAT_FORMAT ||
    (fieldAt(value, "wazuh.rule.id") ?? fieldAt(value, "wazuh.rule.title")) !== undefined;
}

/**
 * Reads a finding: nested keys, dotted keys such as `"source.ip"`, any mix of them, or our flat line.
 *
 * @returns undefined when it is not a finding, and for one without any id, which nothing could distinguish from
 * its copies
 */
export function readFinding(value: unknown): Finding | undefined {
  if (!isFindingShape(value)) return undefined;
  const get: Lookup = own(value, "format") === FLAT_FORMAT
    ? (path) => flatField(value, path)
    : (path) => fieldAt(value, path);
  const name = (path: string) => text(get(path))?.slice(0, LONGEST_NAME) || undefined;
  const id = name("wazuh.event.id") ?? name("event.id") ?? name("event.doc_id") ?? name("_id");
  if (id === undefined) return undefined;
  const [node, cluster] = [name("wazuh.cluster.node"), name("wazuh.cluster.name")];
  const fullLog = readOriginal(get);
  const userName = get("user.name");
  const agentName = name("wazuh.agent.name") ?? "";
  return {
    key: { manager: node ?? cluster ?? "wazuh-5", id },
    at: readTime(get("@timestamp")) ?? readTime(get("event.created")),
    ruleId: name("wazuh.rule.id") ?? "",
    techniques: readTechniques(get),
    isFailure: true,
    sensor: {
      // Agents move between the nodes of a cluster, which must not make two sensors of one.
      manager: cluster ?? node ?? "wazuh-5",
      id: name("wazuh.agent.id") ?? "",
      name: agentName,
    },
    agentName,
    hostname: undefined,
    labels: new Map(texts(get("wazuh.agent.groups")).map((group) => [`group.${group}`, "true"])),
    location: name("wazuh.protocol.location") ?? "",
    fullLog,
    previousOutput: [],
    programName: get("process.name") === undefined
      ? programOf(fullLog ?? "")
      : text(get("process.name")) ?? "",
    decoderName: texts(get("wazuh.integration.decoders")).at(-1),
    claimedSource: text(get("source.ip")),
    integration: undefined,
    data: {
      srcip: text(get("source.ip")),
      srcport: text(get("source.port")),
      srcuser: text(userName),
    },
    sourceLocation: readSourceGeo(get),
    action: name("event.action")?.toLowerCase(),
    outcome: name("event.outcome")?.toLowerCase(),
    categories: texts(get("event.category")).map((category) => category.toLowerCase()),
    isNameHarmless: userName === undefined || isHarmless(text(userName)),
    messageAddresses: fullLog === undefined
      ? listOf(get("message")).flatMap((one) => addressesIn(text(one) ?? ""))
      : [],
  };
}

/** The value at a path whose steps may be keys of their own or joined by dots in any way. */
function fieldAt(fields: Fields, path: string): unknown {
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    const inner = own(fields, path.slice(0, dot));
    const found = isFields(inner) ? fieldAt(inner, path.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return own(fields, path);
}

/** Mustache writes nothing for a field that the document does not have. */
function flatField(line: Fields, path: string): unknown {
  const name = FLAT_NAMES.get(path);
  const value = name === undefined ? undefined : own(line, name);
  return value === "" ? undefined : value;
}

/** To OpenSearch a field and a list of one are the same; of a longer list nobody says which one. */
function text(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof one === "number" && Number.isFinite(one)) return String(one);
  return typeof one === "string" ? one : undefined;
}

/** More groups, categories or techniques than this has no real finding. */
const MOST_TEXTS = 50;

function listOf(value: unknown): readonly unknown[] {
  return (Array.isArray(value) ? value as unknown[] : [value]).slice(0, MOST_TEXTS);
}

function texts(value: unknown): readonly string[] {
  return listOf(value).filter((one): one is string =>
    typeof one === "string" && one !== "" && one.length <= LONGEST_NAME
  );
}

/**
 * @returns the empty line for an `event.original` that is not a text: it is there, but confirms nothing.
 * Without one, `message` stands in if it is a line of sshd
 */
function readOriginal(get: Lookup): string | undefined {
  const original = get("event.original");
  if (original !== undefined && original !== "") return text(original) ?? "";
  const message = text(get("message"));
  return message !== undefined && parseSshdLine(message) !== undefined ? message : undefined;
}

/** The indexer accepts dates as text and as milliseconds. */
function readTime(value: unknown): number | undefined {
  const time = text(value) ?? "";
  const isEpoch = /^\d{12,14}$/.test(time);
  return parseTimestamp(isEpoch ? new Date(Number(time)).toISOString() : time);
}

const TECHNIQUE_FIELDS: readonly string[] = [
  "wazuh.rule.mitre.subtechnique",
  "wazuh.rule.mitre.technique",
  "threat.technique.subtechnique",
  "threat.technique",
];

/** A technique is left out where one of its sub-techniques says it more precisely, as 4.x does. */
function readTechniques(get: Lookup): readonly Technique[] {
  const found = new Map<string, Technique>();
  for (const field of TECHNIQUE_FIELDS) {
    const [ids, names] = [listOf(get(`${field}.id`)), listOf(get(`${field}.name`))];
    ids.forEach((id, index) => {
      if (typeof id !== "string" || !/^T\d{4}(\.\d{3})?$/.test(id) || found.has(id)) return;
      const name = names.length === ids.length
        ? text(names[index])?.slice(0, LONGEST_NAME)
        : undefined;
      found.set(id, { id, name });
    });
  }
  const techniques = [...found.values()];
  return techniques.filter(({ id }) => !techniques.some((one) => one.id.startsWith(`${id}.`)));
}

/** Header of a syslog line up to the program; neither host name nor program has a space. */
const HEADER =
  /^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) {1,2}(?:[^ ]{0,254}[^ :] {1,2})?([^ :[]{1,64})(?:\[\d{1,10}\])?: /;

function programOf(line: string): string | undefined {
  return HEADER.exec(line)?.[1];
}

/**
 * Whether a finding means that somebody failed to log in by SSH. Rules of 5.x have UUIDs that differ
 * by installation and titles that carry values, so nothing is selected by rule: the event itself must
 * say so, and both `process.name` and the header of the line must be sshd's where they are there,
 * which leaves out su, sudo, vsftpd and others (docs/contracts/wazuh.md 5).
 */
export function isSshFailure(finding: Finding): boolean {
  const { action, outcome, categories } = finding;
  const fullLog = finding.fullLog ?? "";
  if (![finding.programName, programOf(fullLog) ?? "sshd"].every((one) => isSshdName(one ?? ""))) {
    return false;
  }
  const line = parseSshdLine(fullLog);
  if (outcome === "success" || line?.succeeded) return false;
  if (action === "authentication-failure") return true;
  if (outcome === "failure" && categories.includes("authentication")) return true;
  // Our flat line in its shortest form does not say what the event was. Its log line does.
  const isUnlabelled = action === undefined && outcome === undefined && categories.length === 0;
  return isUnlabelled && line !== undefined && line.evidence !== "session-end";
}

const NO_RULES: ReadonlySet<string> = new Set();

/**
 * Reads the attempt of a finding. As with 4.x alerts the line of sshd decides: its address wins over
 * `source.ip`, which the engine's decoder read from the same line, and which whoever chose the user
 * name may have put there (`root from ADDRESS`, docs/contracts/wazuh.md 3.2). Where that line is
 *
 * - not one of sshd's known ones, `source.ip` counts only when `user.name` is harmless, the line ends
 *   as sshd ends one with that address, and no other address stands in it;
 * - not there at all, `source.ip` counts only when `user.name` is harmless and `message` names no other
 *   address. That is as much as can be asked: a decoder that was fooled may have cut the forged part
 *   off. So the template of deploy/wazuh5 always sends the line.
 *
 * @param now milliseconds since the epoch, for a finding without a readable time
 * @param countsRefusedKeys as for `attemptsOfAlert()`
 */
export function attemptsOfFinding(
  finding: Finding,
  now: number,
  countsRefusedKeys = false,
): Evidence {
  const { fullLog, data, isNameHarmless } = finding;
  if (fullLog !== undefined) {
    const isDoubtful = !isNameHarmless && parseSshdLine(fullLog) === undefined;
    return isDoubtful
      ? { reason: "no_address" }
      : attemptsOfAlert(finding, NO_RULES, now, countsRefusedKeys);
  }
  if (typeof data.srcip !== "string" || !isNameHarmless) return { reason: "no_address" };
  const sourceIp = canonicalAddress(data.srcip);
  if (sourceIp === undefined) return { reason: "host_name" };
  if (finding.messageAddresses.some((one) => one !== sourceIp)) return { reason: "no_address" };
  const attempt: Attempt = {
    ...common(finding, now),
    sourceIp,
    evidence: "sshd",
    count: 1,
    username: typeof data.srcuser === "string" ? data.srcuser.slice(0, LONGEST_NAME) : undefined,
    pid: 0,
  };
  return { attempts: [attempt], spoofedSrcip: false };
}
