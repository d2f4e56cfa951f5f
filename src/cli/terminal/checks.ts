/**
 * What `doctor` finds, and how it is printed.
 *
 * @module
 */
import { oneLine } from "./log.ts";
import { NO_TERMINAL, type Screen, styled, widthOf } from "./screen.ts";

/** The result of one check. */
export interface Check {
  readonly name: string;
  readonly state: "ok" | "warning" | "failure";
  readonly found: string;
  /** The next step. */
  readonly hint?: string;
}

/** Something is as it should be. */
export const ok = (name: string, found: string): Check => ({ name, state: "ok", found });

/** Something works, but not as it should. */
export function warning(name: string, found: string, hint: string): Check {
  return { name, state: "warning", found, hint };
}

/** Something does not work. */
export function failure(name: string, found: string, hint: string): Check {
  return { name, state: "failure", found, hint };
}

const MARKS: Readonly<Record<Check["state"], string>> = {
  ok: "ok   ",
  warning: "warn ",
  failure: "FAIL ",
};

/** Most columns, and those where there is no terminal. */
const WIDTH = 100;
/** Fewest columns: words must fit behind the marks. */
const LEAST_WIDTH = 20;
const INDENT = "     ";

/** Checks as text: a line each where it fits, with the next step below. */
export function checksText(checks: readonly Check[], screen: Screen = NO_TERMINAL): string {
  const width = Math.max(LEAST_WIDTH, Math.min(WIDTH, screen.columns ?? WIDTH));
  return checks.flatMap(({ name, state, found, hint }) => {
    const [first = "", ...more] = wrapped(
      MARKS[state] + `${name}: ${oneLine(found)}`,
      INDENT,
      width,
    );
    const mark = state === "failure" ? styled(MARKS[state], "red", screen) : MARKS[state];
    return [
      mark + first.slice(MARKS[state].length),
      ...more,
      ...(hint === undefined ? [] : wrapped(`${INDENT}-> ${oneLine(hint)}`, `${INDENT}   `, width)),
    ];
  }).join("\n");
}

/**
 * Lines of at most the width; a longer word gets its own line.
 *
 * @param indent what every line but the first begins with
 * @param width columns
 */
export function wrapped(text: string, indent: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
