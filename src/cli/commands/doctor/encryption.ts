/**
 * Whether a secret leaves this machine as plain text.
 *
 * @module
 */
import { type Check, warning } from "../../terminal/checks.ts";

/** Hosts whose connections do not leave this machine. */
const LOOPBACK = /^(127\.|localhost$|\[::1\]$)/;

/**
 * Warns of an address that is neither encrypted nor on this machine.
 *
 * @param name the configuration key of the address
 * @param secret what is sent there: `key` or `token`
 */
export function checkEncryption(name: string, url: string, secret: string): readonly Check[] {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || LOOPBACK.test(hostname)) return [];
  return [warning(name, `${url} is not encrypted: the ${secret} can be read`, "use https")];
}
