/**
 * Attribute values: what MISP refuses for a type, and what it stores instead of what was sent.
 *
 * @module
 */
import { normaliseAddress } from "./addresses.ts";
import { bytesOf, COLUMN_BYTES, withoutFourBytes } from "./input.ts";
import { normaliseDatetime } from "./times.ts";

/** The stored form of a value, or MISP's complaint. */
export type Checked =
  | { readonly value: string; readonly error?: never }
  | { readonly error: string; readonly value?: never };

/**
 * Checks and rewrites a value.
 *
 * @param type A known attribute type.
 * @param given What was sent, as text.
 * @returns What is stored, or what is wrong.
 */
export function checkValue(type: string, given: string): Checked {
  const value = withoutFourBytes(given.trim());
  if (value === "") return { error: "Value cannot be empty." };
  if (bytesOf(value) > COLUMN_BYTES) {
    return {
      error: "The entered string is too long and would get truncated. Please consider adding the " +
        "data as an attachment instead",
    };
  }
  switch (type) {
    case "ip-src":
    case "ip-dst":
      return orError(normaliseAddress(value), "IP address has an invalid format.");
    case "ip-src|port":
    case "ip-dst|port":
      return checkAddressAndPort(value);
    case "counter":
    case "size-in-bytes":
      return orError(
        /^\d+$/.test(value) ? value : undefined,
        "The value has to be a whole number greater or equal 0.",
      );
    case "port":
      return orError(
        isPort(value) ? value : undefined,
        "Port numbers have to be integers between 1 and 65535.",
      );
    case "integer":
      return orError(/^-?\d+$/.test(value) ? value : undefined, "The value has to be an integer.");
    case "float":
      return orError(
        /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? value : undefined,
        "The value has to be a number.",
      );
    case "boolean":
      return orError(
        { "0": "0", "1": "1", false: "0", true: "1" }[value.toLowerCase()],
        "The value has to be either true or false.",
      );
    case "datetime":
      return orError(normaliseDatetime(value), "Datetime has to be in the ISO 8601 format.");
    case "AS":
      return checkAs(value);
    case "hassh-md5":
      return orError(
        /^[0-9a-f]{32}$/i.test(value) ? value.toLowerCase() : undefined,
        "Checksum has an invalid length or format.",
      );
    case "sha256":
      return orError(
        /^[0-9a-f]{64}$/i.test(value) ? value.toLowerCase() : undefined,
        "Checksum has an invalid length or format.",
      );
    case "ssh-fingerprint":
      return orError(
        isFingerprint(value) ? value : undefined,
        "SSH fingerprint must be in MD5 or SHA256 format.",
      );
    case "url":
    case "filename":
      return orError(
        value.includes("\n") ? undefined : value,
        "Value must not contain new line character.",
      );
    case "domain":
    case "hostname":
      return orError(
        /^[\w-]+(\.[\w-]+)+$/.test(value) ? value.toLowerCase() : undefined,
        "Domain name has an invalid format.",
      );
    default:
      return { value };
  }
}

/**
 * A value as the database compares it: case and accents do not count.
 *
 * @param value A stored value.
 * @returns A text that is equal for equal values.
 */
export function collated(value: string): string {
  return value.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().trimEnd();
}

function orError(value: string | undefined, error: string): Checked {
  return value === undefined ? { error } : { value };
}

function isPort(value: string): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function checkAddressAndPort(value: string): Checked {
  const [address = "", port = "", ...more] = value.split("|");
  if (more.length > 0 || !isPort(port)) return { error: "Composite type has an invalid format." };
  const normal = normaliseAddress(address);
  return orError(normal && `${normal}|${port}`, "IP address has an invalid format.");
}

/** 32 bytes in base64 with or without padding behind `SHA256:`, or an MD5. */
function isFingerprint(value: string): boolean {
  if (value.startsWith("SHA256:")) return /^[A-Za-z0-9+/]{43}=?$/.test(value.slice(7));
  return /^[0-9a-f]{32}$/i.test(value.replace(/^MD5:/, "").replaceAll(":", ""));
}

function checkAs(value: string): Checked {
  const number = value.replace(/^as/i, "");
  return orError(/^\d+$/.test(number) ? number : undefined, "AS number has an invalid format.");
}
