/**
 * What `doctor` finds, and how it is shown.
 *
 * @module
 */
import { oneLine } from "./log.ts";

/** One thing looked at. */
export interface Check {
  readonly name: string;
  readonly state: "ok" | "warning" | "failure";
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export const ok = (name: string, found: string): Check => ({ name, state: "ok", found });

export const warning = (name: string, found: string, remedy: string): Check => ({
  ...{ name, state: "warning", found, remedy },
});

export const failure = (name: string, found: string, remedy: string): Check => ({
  ...{ name, state: "failure", found, remedy },
});

const MARKS: Readonly<Record<Check["state"], string>> = {
  ok: "ok   ",
  warning: "warn ",
  failure: "FAIL ",
};

const WIDTH = 100;
const INDENT = "     ";

/** Checks for people: one line each where it fits, what to do below. */
export function checksText(checks: readonly Check[]): string {
  return checks.flatMap(({ name, state, found, remedy }) => [
    ...wrapped(MARKS[state] + `${name}: ${oneLine(found)}`, INDENT),
    ...(remedy === undefined ? [] : wrapped(`${INDENT}-> ${oneLine(remedy)}`, `${INDENT}   `)),
  ]).join("\n");
}

/** Lines of at most the width; a word that is longer stands alone. */
function wrapped(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
