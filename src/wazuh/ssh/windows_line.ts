/**
 * Reads events of OpenSSH on Windows, which logs to the channel `OpenSSH/Operational`
 * (docs/contracts/wazuh.md 3.5).
 *
 * @module
 */
import { type Fields, isFields, own } from "../../json.ts";
import { readMessage } from "./sshd_message.ts";
import type { SshdLine } from "./sshd_said.ts";

/** Whether the decoded fields of an alert are those of an event of Windows. */
export function isWindowsEvent(data: Fields): boolean {
  return "win" in data && isFields(own(data, "win"));
}

const PROCESS = /^sshd(?:-session|-auth)?(?:\.exe)?$/;

/**
 * Reads the message of sshd in an event of Windows. Only `payload` counts, which is sshd's whole
 * message: Wazuh also writes `message`, where the same text stands in quotation marks.
 *
 * @param data the decoded fields of the alert
 * @returns undefined for an event of another provider or program, and for a message that is not about
 * authentication
 */
export function parseWindowsEvent(data: Fields): SshdLine | undefined {
  const win = sectionOf(data, "win");
  const system = sectionOf(win, "system");
  const event = sectionOf(win, "eventdata");
  const [program, payload] = [own(event, "process"), own(event, "payload")];
  if (own(system, "providerName") !== "OpenSSH" || typeof payload !== "string") return undefined;
  if (typeof program !== "string" || !PROCESS.test(program)) return undefined;
  const read = readMessage(payload);
  const pid = own(system, "processID");
  const isNumber = typeof pid === "string" && /^\d{1,10}$/.test(pid);
  if (read !== undefined && isNumber) read.pid = Number(pid);
  return read;
}

function sectionOf(fields: Fields, name: string): Fields {
  const value = own(fields, name);
  return isFields(value) ? value : {};
}
