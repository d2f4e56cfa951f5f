/**
 * What the program can say when something is wrong: the texts of its sources, found by a simple scan.
 *
 * @module
 */

/** Functions and methods that are handed such a text. */
const CALLS = [
  ...[
    "log",
    "warn",
    "failure",
    "warning",
    "refused",
    "unavailable",
    "unreadable",
    "notMisp",
    "lack",
  ],
  ...["withNotes", "console.error", "notes.push", "reasons.push", "warnings.push"],
];

/** Fields and variables that hold one. */
const FIELDS = [
  ...["reason", "line", "wrong", "what", "hint", "error", "note", "notes", "found", "TOO_LARGE"],
  "MAY_NOT_PUBLISH",
];

/** Where such a text stands, by kind: behind what it is handed to, put into or returned by. */
const PLACES = {
  error: /\bthrow new [\w.]+\(|\bnew (?:\w*Error|Failure|Unusable|TooLong)\(/g,
  super: /\bsuper\(/g,
  call: new RegExp(String.raw`#?\b(?:${CALLS.join("|").replaceAll(".", "\\.")})\(`, "g"),
  field: new RegExp(String.raw`\b(?:${FIELDS.join("|")})\b *(?::|=)(?!=|>)\s*`, "g"),
  return: /\breturn (?=["`])/g,
  lines: /\blines: Partial<[^=]*= *\{/g,
} as const;

/** A kind of place where a message stands. */
export type Kind = keyof typeof PLACES;

/** Two words, and no SQL. */
const SENTENCE = /^(?!SELECT|PRAGMA|UPDATE).*[a-z'"…]+[,:;]? [a-z<("…]/i;

/** A text of the sources: its fixed pieces, in order. */
export interface Message {
  readonly kind: Kind;
  readonly pieces: readonly string[];
  readonly line: number;
}

/**
 * The messages of a module. A text counts from two words on: names of reasons and states are told by
 * README.
 */
export function messagesOf(source: string): readonly Message[] {
  const code = withoutComments(source);
  const found = new Map<number, Message>();
  for (const kind of Object.keys(PLACES) as readonly Kind[]) {
    for (const { index, 0: place } of code.matchAll(PLACES[kind])) {
      for (const { at, pieces } of literalsBehind(code, index + place.length)) {
        const text = pieces.join("…").trim();
        const isTold = place.endsWith("log(") && pieces.length > 1 ? /[a-z]{4}/ : SENTENCE;
        // A message is on one line.
        if (text.includes("\n") || !isTold.test(text) || found.has(at)) continue;
        found.set(at, { kind, pieces, line: code.slice(0, at).split("\n").length });
      }
    }
  }
  return [...found.values()].sort((one, other) => one.line - other.line);
}

/** Comments become blanks; a text that holds two slashes stays. */
function withoutComments(source: string): string {
  return source.replaceAll(
    /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm,
    (comment) => comment.replaceAll(/[^\n]/g, " "),
  );
}

interface Literal {
  readonly at: number;
  readonly pieces: readonly string[];
}

const QUOTES = "\"'`";

/** The texts up to the end of the expression, or of the arguments, that begins here. */
function* literalsBehind(code: string, start: number): Generator<Literal> {
  let depth = 0;
  for (let at = start; at < code.length; at++) {
    const sign = code[at]!;
    if (QUOTES.includes(sign)) {
      const literal = literalAt(code, at);
      yield { at, pieces: literal.pieces };
      at = literal.end - 1;
    } else if ("([{".includes(sign)) depth++;
    else if (")]}".includes(sign)) {
      if (--depth < 0) return;
    } else if (depth === 0 && sign === ";") return;
    else if (depth === 0 && sign === "," && /[:=]\s*$/.test(code.slice(start - 3, start))) return;
  }
}

/** The fixed pieces of a text, and where it ends. */
function literalAt(code: string, start: number): { pieces: string[]; end: number } {
  const quote = code[start];
  const pieces: string[] = [];
  let piece = "";
  let at = start + 1;
  while (at < code.length && code[at] !== quote) {
    if (code[at] === "\\") {
      piece += code[at + 1] === "n" ? " " : code[at + 1] ?? "";
      at += 2;
    } else if (quote === "`" && code.startsWith("${", at)) {
      at = endOfPlaceholder(code, at + 2);
      pieces.push(piece);
      piece = "";
    } else piece += code[at++];
  }
  return { pieces: [...pieces, piece], end: at + 1 };
}

function endOfPlaceholder(code: string, start: number): number {
  let at = start;
  for (let depth = 1; depth > 0 && at < code.length; at++) {
    if (QUOTES.includes(code[at]!)) at = literalAt(code, at).end - 1;
    else if (code[at] === "{") depth++;
    else if (code[at] === "}") depth--;
  }
  return at;
}
