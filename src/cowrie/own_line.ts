/**
 * Lines of a Cowrie's own `cowrie.json`, without Wazuh around them: read as the alert that Wazuh would
 * make of them, so that one reader is enough.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { isFields, own } from "../json.ts";
import { type Alert, textField } from "../wazuh/alert.ts";
import { parseTimestamp } from "../wazuh/time.ts";

/** Stands for the manager of lines that no manager has seen. */
export const COWRIE_FILE = "cowrie";

const LONGEST_NAME = 255;

/**
 * Reads a line.
 *
 * @param value its JSON
 * @returns undefined: it is not a Cowrie's own line
 */
export function readCowrieLine(value: unknown): Alert | undefined {
  if (!isFields(value)) return undefined;
  const event = own(value, "eventid");
  if (typeof event !== "string" || !event.startsWith("cowrie.")) return undefined;
  const name = textField(value, "sensor")?.slice(0, LONGEST_NAME) ?? "";
  return {
    key: { manager: COWRIE_FILE, id: idOf(value) },
    at: parseTimestamp(own(value, "timestamp")),
    ruleId: "",
    techniques: [],
    isFailure: false,
    sensor: { manager: COWRIE_FILE, id: name, name },
    agentName: name,
    hostname: undefined,
    labels: new Map(),
    location: COWRIE_FILE,
    fullLog: undefined,
    previousOutput: [],
    programName: undefined,
    decoderName: "json",
    data: value,
    claimedSource: undefined,
    integration: undefined,
    sourceLocation: undefined,
  };
}

/**
 * What makes a line unique: all that it says, whatever the order of its fields and its white space. The
 * time has microseconds, and the session is one of 2^48.
 */
function idOf(value: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(Object.keys(value).sort().map((name) => [name, value[name]]));
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
