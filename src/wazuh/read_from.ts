/**
 * Where in an alert its address was read, for people.
 *
 * @module
 */
import type { Alert } from "./alert.ts";
import { saidIn } from "./attempts.ts";
import { isWindowsEvent } from "./ssh/windows_line.ts";

/**
 * Where the address of an attempt stood.
 *
 * @param alert one that has attempts
 * @param isFinding in the words of 5.x
 */
export function readFrom(alert: Alert, isFinding: boolean): string {
  const [line, claim] = isFinding ? ["event.original", "source.ip"] : ["full_log", "data.srcip"];
  const { fullLog, data } = alert;
  if (fullLog === undefined && !isWindowsEvent(data)) return claim;
  if (saidIn(alert, fullLog ?? "") === undefined) return `the end of ${line}, as ${claim} has it`;
  const isEvent = isWindowsEvent(data) && alert.programName === undefined;
  return isEvent ? "data.win.eventdata.payload" : line;
}
