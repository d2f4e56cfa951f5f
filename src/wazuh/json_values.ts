/**
 * Several JSON values one after the other, each over as many lines as it likes: what `jq .` writes.
 *
 * @module
 */

/** A value and the line where it begins, from 1; without `text` it is damaged. */
export interface FoundValue {
  readonly text?: string;
  readonly line: number;
}

/** What may stand between values: blanks, and the record separator of RFC 7464. */
const BETWEEN: ReadonlySet<string> = new Set([" ", "\t", "\r", "\n", "\u001e", "\ufeff"]);

/** A damaged text is looked at so often at most that the time stays in proportion to its length. */
const MOST_PASSES = 4;

/**
 * Finds the values of a text. After damage the search goes on at the next line that begins with a bracket
 * in its first column: indented ones are inside of a value, whose text others chose.
 */
export function* valuesOf(text: string): Generator<FoundValue> {
  let line = 1;
  let budget = MOST_PASSES * text.length;
  for (let at = 0; at < text.length;) {
    if (BETWEEN.has(text[at]!)) {
      if (text[at] === "\n") line++;
      at++;
      continue;
    }
    const { end, looked } = budget > 0 ? valueEnd(text, at) : { end: -1, looked: 0 };
    budget -= looked;
    const value = end < 0 ? undefined : text.slice(at, end);
    const isWhole = value !== undefined && isJson(value);
    yield isWhole ? { text: value, line } : { line };
    const next = isWhole ? end : nextStart(text, value === undefined ? at : end);
    line += lineFeeds(text.slice(at, next));
    at = next;
  }
}

/** The next line that begins with a bracket. */
function nextStart(text: string, from: number): number {
  START.lastIndex = from;
  return START.test(text) ? START.lastIndex : text.length;
}

const START = /\n(?=[{[])/g;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Texts, brackets, and line feeds, which stand in no text of JSON. */
const TOKEN = /"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"?|[[\]{}]/g;

/**
 * Where a value ends: that of a bracket at the other one, any else at its line's end; -1 when it does not end; and how many characters were
 * looked at.
 */
function valueEnd(text: string, start: number): { readonly end: number; readonly looked: number } {
  if (text[start] !== "{" && text[start] !== "[") {
    const end = text.indexOf("\n", start);
    return { end: end < 0 ? text.length : end, looked: 0 };
  }
  TOKEN.lastIndex = start;
  let depth = 0;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    const token = found[0];
    const end = TOKEN.lastIndex;
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (token.length === 1 || !token.endsWith('"')) return { end: -1, looked: end - start };
    if (depth === 0) return { end, looked: end - start };
  }
  return { end: -1, looked: text.length - start };
}
