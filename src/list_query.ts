/**
 * Which sources a list has, and in which form.
 *
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";

/** The forms of a list, in the order of the help. */
export const LIST_FORMATS = ["plain", "csv", "cdb", "nftables", "jsonl"] as const;

/** The form of a list. */
export type ListFormat = typeof LIST_FORMATS[number];

/** Which sources a list has. */
export interface ListQuery {
  /** Sources that were silent for longer are left out, milliseconds; undefined: all that are known. */
  readonly withinMs: number | undefined;
  readonly minAttempts: number;
  readonly minSensors: number;
  /** Only sources whose login succeeded on a honeypot. */
  readonly gotIn: boolean;
}

/** A list of the configuration. */
export interface ListRule extends ListQuery {
  readonly name: string;
  readonly format: ListFormat;
  /** Absolute, or below the folder `lists` beside the buffer. */
  readonly file: string;
  /** By how much it may change at once; undefined: see `mayChange()` of `src/lists/change.ts`. */
  readonly maxChangePercent: number | undefined;
}

/** The folder of lists beside a buffer. */
export const listFolder = (bufferPath: string): string => join(dirname(bufferPath), "lists");

/** The path of a list's file, which is written as it is or below that folder. */
export const listPath = (file: string, bufferPath: string): string =>
  isAbsolute(file) ? file : join(listFolder(bufferPath), file);
