/**
 * A Wazuh 4.x alert, each field proven (docs/contracts/wazuh.md 4.1). Attackers choose parts of it.
 *
 * @module
 */
import { canonicalAddress } from "../address.ts";
import type { AlertKey, Location, Sensor, Technique } from "../model.ts";
import { readGeoLocation } from "./geo_location.ts";
import { parseTimestamp } from "./time.ts";
import { type Fields, own } from "../json.ts";

/** The fields of an alert that are used. */
export interface Alert {
  readonly key: AlertKey;
  /** Milliseconds since the epoch, UTC; undefined when the alert has no readable time. */
  readonly at: number | undefined;
  readonly ruleId: string;
  readonly techniques: readonly Technique[];
  /** Whether the rule's groups say that somebody failed to log in. */
  readonly isFailure: boolean;
  readonly sensor: Sensor;
  readonly agentName: string;
  /** The host that the line names, where no agent of its own brought it. */
  readonly hostname: string | undefined;
  /** Dotted names and their texts: `honeypot.type` is `cowrie`. */
  readonly labels: ReadonlyMap<string, string>;
  readonly location: string;
  /** Undefined: the sender left it out. */
  readonly fullLog: string | undefined;
  /** Lines of the base alerts of a composite, newest first. */
  readonly previousOutput: readonly string[];
  readonly programName: string | undefined;
  readonly decoderName: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** `data.srcip`: the address that Wazuh's decoder considers the source. */
  readonly claimedSource: string | undefined;
  /** `data.integration`: which integration sent it, where one did. */
  readonly integration: string | undefined;
  /** Where `data.srcip` is. */
  readonly sourceLocation: Location | undefined;
}

const NOTHING: Fields = {};

function section(fields: Fields, name: string): Fields {
  const value = own(fields, name);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Fields
    : NOTHING;
}

/**
 * A text field of the alert; numbers count as their digits, anything else as absent. To an indexer a
 * field and a list of one are the same.
 */
export function textField(fields: Fields, name: string): string | undefined {
  const found = own(fields, name);
  const value: unknown = Array.isArray(found) && found.length === 1 ? found[0] : found;
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return typeof value === "string" ? value : undefined;
}

/** Names longer than this are nobody's; the limit keeps a hostile alert out of the buffer. */
const LONGEST_NAME = 255;

function nameField(fields: Fields, name: string): string | undefined {
  const text = textField(fields, name);
  return text === undefined || text === "" ? undefined : text.slice(0, LONGEST_NAME);
}

/**
 * Reads an alert.
 *
 * @returns undefined when it is not an alert: not an object, or without the rule or the id that every
 * Wazuh 4.x alert has
 */
export function readAlert(value: unknown): Alert | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const alert = value as Fields;
  const rule = section(alert, "rule");
  const ruleId = nameField(rule, "id");
  const id = nameField(alert, "id");
  if (ruleId === undefined || id === undefined) return undefined;
  const agent = section(alert, "agent");
  const managerName = nameField(section(alert, "manager"), "name") ?? "unknown-manager";
  const manager = nameField(section(alert, "cluster"), "node") ?? managerName;
  const data = section(alert, "data");
  const predecoder = section(alert, "predecoder");
  const ofAgent = {
    manager: managerName,
    id: nameField(agent, "id") ?? "",
    name: nameField(agent, "name") ?? "",
  };
  const hostname = isAgentless(ofAgent) ? nameField(predecoder, "hostname") : undefined;
  const location = (textField(alert, "location") ?? "").slice(0, LONGEST_NAME);
  return {
    key: { manager, id },
    at: parseTimestamp(own(alert, "timestamp")),
    ruleId,
    techniques: readTechniques(section(rule, "mitre")),
    isFailure: texts(own(rule, "groups")).some((group) => FAILURE_GROUPS.has(group)),
    sensor: sensorBehind(ofAgent, hostname, location),
    agentName: ofAgent.name,
    hostname,
    labels: "labels" in agent ? flatten(section(agent, "labels")) : NO_LABELS,
    location,
    fullLog: readFullLog(alert),
    previousOutput: linesOf(textField(alert, "previous_output")),
    programName: textField(predecoder, "program_name"),
    decoderName: textField(section(alert, "decoder"), "name"),
    data,
    claimedSource: textField(data, "srcip"),
    integration: textField(data, "integration"),
    sourceLocation: "GeoLocation" in alert
      ? readGeoLocation(section(alert, "GeoLocation"))
      : undefined,
  };
}

/** Whether an alert is of the manager itself, or of what sends it syslog: both are its agent 000. */
export function isAgentless({ id }: Sensor): boolean {
  return id === "000" || id === "";
}

/**
 * The sensor that an alert is about: behind the manager's agent 000 the host that the line names, else
 * the address that sent it. Two honeypots that log to one manager are two sensors.
 *
 * @param agent the agent of the alert
 */
export function sensorBehind(
  agent: Sensor,
  hostname: string | undefined,
  location: string,
): Sensor {
  if (!isAgentless(agent)) return agent;
  const name = hostname ?? canonicalAddress(location);
  if (name === undefined) return agent;
  const lower = name.toLowerCase();
  const isManager = lower === agent.name.toLowerCase() || lower === agent.manager.toLowerCase();
  return isManager ? agent : { manager: agent.manager, id: `${agent.id}/${lower}`, name };
}

/** @returns the empty line for what is there and not a text: it confirms nothing */
function readFullLog(alert: Fields): string | undefined {
  const line = textField(alert, "full_log");
  if (line !== undefined) return line === "" ? undefined : line;
  return (own(alert, "full_log") ?? undefined) === undefined ? undefined : "";
}

// Most alerts have neither: what they share is made once, for the sake of floods.
const NO_LABELS: ReadonlyMap<string, string> = new Map();
const NO_LINES: readonly string[] = [];

/** The lines of `previous_output`. */
export function linesOf(text: string | undefined): readonly string[] {
  return text === undefined ? NO_LINES : text.split("\n").filter((line) => line !== "");
}

const MOST_TECHNIQUES = 20;

/** Ids and names are lists of their own, of different length at times: only equal ones are paired. */
function readTechniques(mitre: Fields): readonly Technique[] {
  const ids = texts(own(mitre, "id"));
  const names = texts(own(mitre, "technique"));
  const isPaired = names.length === ids.length;
  const techniques: Technique[] = [];
  for (let index = 0; index < ids.length && techniques.length < MOST_TECHNIQUES; index++) {
    const id = ids[index]!;
    if (TECHNIQUE_ID.test(id)) techniques.push({ id, name: isPaired ? names[index] : undefined });
  }
  return techniques;
}

/** Groups of single rules and of composite ones (docs/contracts/wazuh.md 3). */
export const FAILURE_GROUPS: ReadonlySet<string> = new Set([
  "authentication_failed",
  "authentication_failures",
]);

const TECHNIQUE_ID = /^T\d{4}(\.\d{3})?$/;

function texts(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value as unknown[] : [value];
  return list.filter((item): item is string => typeof item === "string" && item.length < 200);
}

const DEEPEST_LABEL = 8;

function flatten(labels: Fields, prefix = "", depth = 0): Map<string, string> {
  const flat = new Map<string, string>();
  for (const name of Object.keys(labels)) {
    const text = textField(labels, name);
    if (text !== undefined) flat.set(prefix + name, text);
    else if (depth < DEEPEST_LABEL) {
      const inner = flatten(section(labels, name), `${prefix}${name}.`, depth + 1);
      for (const [key, value] of inner) flat.set(key, value);
    }
  }
  return flat;
}
