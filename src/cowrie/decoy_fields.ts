/**
 * Fields of an alert by their paths, whatever stands there: what a honeypot writes, attackers choose.
 *
 * @module
 */
import { canonicalAddress } from "../address.ts";
import { type Fields, isFields, own } from "../json.ts";
import type { Alert } from "../wazuh/alert.ts";

/** Names longer than this are cut. */
const LONGEST_NAME = 255;

/** The value at a path of an alert (`src/decoy_format.ts`); undefined: there is none. */
export function valueAt(alert: Alert, path: string): unknown {
  if (path.startsWith("data.")) return valueIn(alert.data, path.slice("data.".length));
  switch (path) {
    case "decoder.name":
      return alert.decoderName;
    case "location":
      return alert.location;
    case "predecoder.program_name":
      return alert.programName;
    case "rule.id":
      return alert.ruleId;
    default:
      return undefined;
  }
}

/** The value at a path of an object, whose keys may have dots themselves: indexers join them so. */
export function valueIn(fields: Fields, path: string): unknown {
  const whole = own(fields, path);
  if (whole !== undefined) return whole;
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    const inner = single(own(fields, path.slice(0, dot)));
    const value = isFields(inner) ? valueIn(inner, path.slice(dot + 1)) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

/** To an indexer a field and a list of one are the same. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] as unknown : value;
}

/** A text, or what Wazuh would have made one: a number, a truth. */
export function textOf(value: unknown): string | undefined {
  const one = single(value);
  if (typeof one === "string") return one;
  const isPlain = typeof one === "boolean" || (typeof one === "number" && Number.isFinite(one));
  return isPlain ? String(one) : undefined;
}

/** A name as it was sent: Wazuh leaves empty texts out, and makes a list of a text that looks like one. */
export function nameOf(value: unknown): string {
  const text = textOf(value) ?? (Array.isArray(value) ? JSON.stringify(value) : "");
  return text.slice(0, LONGEST_NAME);
}

/** An address before its port: `192.0.2.7:22`, `[2001:db8::7]:22`. */
const WITH_PORT = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15}))(?::\d{1,5})?$/;

/** @returns undefined for whatever else stands there: a name, or an address with a zone */
export function addressIn(text: string): string | undefined {
  const plain = canonicalAddress(text);
  if (plain !== undefined) return plain;
  const [, bracketed, quad] = WITH_PORT.exec(text.slice(0, 60)) ?? [];
  return canonicalAddress(bracketed ?? quad ?? "");
}
