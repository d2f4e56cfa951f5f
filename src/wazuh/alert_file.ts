/**
 * From the text of alerts to items, each of which is decided on by itself. Pure; one damaged value never
 * costs its neighbours.
 *
 * @module
 */
import type { IgnoreReason } from "../model.ts";
import type { Alert } from "./alert.ts";
import { readAlertLine } from "./alert_line.ts";
import { valuesOf } from "./json_values.ts";
import { unwrap } from "./shapes.ts";

/**
 * One item of a file: a 4.x alert that was read from its line, a JSON value that is still to be read, or
 * the reason why there is neither. `where` is for people: `line 3`, `item 2`.
 */
export type Item =
  | { readonly alert: Alert; readonly text: string; readonly where: string }
  | { readonly value: unknown; readonly where: string }
  | { readonly reason: IgnoreReason; readonly where: string };

/** integratord's text format: no agent, no id, no user in it (docs/contracts/wazuh.md 1.3). */
const TEXT_FORMAT = "alertdate=";

/** So many values are parsed in a few milliseconds. */
const FEW_VALUES = 100_000;
const COMMA = 44;
const OPEN_LIST = 91;
const OPEN_FIELDS = 123;

/**
 * Splits an alert file: one JSON value, an array of them, one on each line, or several over many lines.
 *
 * Bytes that are not UTF-8 become U+FFFD, since the rest of such an alert is still evidence. A mark at
 * the start says that a file is UTF-16, which PowerShell 5 writes.
 */
export function readAlertFile(bytes: Uint8Array): readonly Item[] {
  return readAlertText(new TextDecoder(encodingOf(bytes)).decode(bytes));
}

/** The encoding of a text by the mark at its start. */
export function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
}

/** Does the same as `readAlertFile()` with its text. */
export function readAlertText(text: string): readonly Item[] {
  return readAlertValue(text) ?? readLines(text.trim());
}

/** Reads a text that is one value; undefined: it is not JSON, but may be lines of it. */
export function readAlertValue(text: string): readonly Item[] | undefined {
  const trimmed = text.trim();
  const alert = readAlertLine(trimmed);
  if (alert !== undefined) return [{ alert, text: trimmed, where: "the alert" }];
  if (trimmed === "") return [{ reason: "empty_file", where: "the whole file" }];
  if (trimmed.startsWith(TEXT_FORMAT)) return [{ reason: "text_format", where: "the whole file" }];
  if (hasTooManyValues(trimmed)) return [{ reason: "malformed", where: "the whole file" }];
  try {
    const value: unknown = JSON.parse(trimmed);
    if (!Array.isArray(value)) return unwrapItem(value, "the alert");
    if (value.length === 0) return [{ reason: "empty_file", where: "the whole file" }];
    return value.flatMap((item: unknown, index) => unwrapItem(item, `item ${index + 1}`));
  } catch {
    return undefined;
  }
}

/** Alerts have a comma or bracket in 25 characters; to parse a megabyte of `[[],[],` takes long. */
function hasTooManyValues(text: string): boolean {
  if (text.length < FEW_VALUES) return false;
  const most = Math.max(FEW_VALUES, text.length / 12);
  let found = 0;
  for (let at = 0; at < text.length && found <= most; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === OPEN_LIST || code === OPEN_FIELDS) found++;
  }
  return found > most;
}

function readLines(text: string): readonly Item[] {
  const lines = text.split("\n");
  const items: Item[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const where = lines.length === 1 ? "the whole file" : `line ${index + 1}`;
    for (const item of readLine(line, where)) items.push(item);
  }
  if (!items.some((item) => "reason" in item && item.reason === "not_json")) return items;
  return readValues(text, items);
}

/** @param lines what the lines came to that are read one by one: they stay where no value is longer */
function readValues(text: string, lines: readonly Item[]): readonly Item[] {
  const items: Item[] = [];
  for (const found of valuesOf(text)) {
    const where = `line ${found.line}`;
    if (found.text === undefined) items.push({ reason: "not_json", where });
    else for (const item of readLine(found.text, where)) items.push(item);
  }
  const isNotValues = items.every((item) => "reason" in item);
  if (!isNotValues) return items;
  const isNotLines = lines.every((item) => "reason" in item);
  return isNotLines ? [{ reason: "not_json", where: "the whole file" }] : lines;
}

/** Reads one line of NDJSON: one alert, or a wrapper of several. */
export function readLine(line: string, where: string): readonly Item[] {
  const alert = readAlertLine(line);
  if (alert !== undefined) return [{ alert, text: line, where }];
  if (hasTooManyValues(line)) return [{ reason: "malformed", where }];
  try {
    return unwrapItem(JSON.parse(line), where);
  } catch {
    return [{ reason: "not_json", where }];
  }
}

/** The alerts of one value; a wrapper without any counts as an empty file. */
function unwrapItem(value: unknown, where: string): readonly Item[] {
  const found = unwrap(value);
  if (found.length === 0) return [{ reason: "empty_file", where }];
  return found.map((one, index) => ({
    value: one,
    where: found.length === 1 ? where : `${where}, ${index + 1} of ${found.length}`,
  }));
}
