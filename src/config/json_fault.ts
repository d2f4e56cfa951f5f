/**
 * Where a text stops being JSON. V8 mostly says no position, and quotes the text around the error, which
 * may be the key of MISP.
 *
 * @module
 */

const BLANKS = /[ \t\n\r]*/y;

const SCALAR =
  // deno-lint-ignore no-control-regex -- JSON allows none of them in a text
  /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

// deno-lint-ignore no-control-regex -- as above
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** What may come next. */
type State = "value" | "first_value" | "key" | "first_key" | "colon" | "after";

/** A line and a column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The place of the first character that cannot be there; the end, where something is missing. */
export function jsonFault(text: string): Position {
  const before = text.slice(0, faultAt(text)).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function faultAt(text: string): number {
  const open: string[] = [];
  let state: State = "value";
  let at = 0;
  const matches = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.test(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    matches(BLANKS);
    const sign = text[at];
    const inside = open.at(-1);
    const isClosing = sign !== undefined && sign === inside &&
      (state === "after" || state === "first_value" || state === "first_key");
    if (isClosing) {
      open.pop();
      at++;
      state = "after";
    } else if (state === "after") {
      if (sign !== "," || inside === undefined) return at;
      at++;
      state = inside === "}" ? "key" : "value";
    } else if (state === "colon") {
      if (sign !== ":") return at;
      at++;
      state = "value";
    } else if (state === "key" || state === "first_key") {
      if (!matches(STRING)) return at;
      state = "colon";
    } else if (sign === "{" || sign === "[") {
      open.push(sign === "{" ? "}" : "]");
      at++;
      state = sign === "{" ? "first_key" : "first_value";
    } else if (matches(SCALAR)) state = "after";
    else return at;
  }
}
