/**
 * Reads the YAML that the project writes itself: block mappings and sequences, flow ones on one line,
 * plain and quoted scalars, `|`, `>-` and comments. Whatever else stands there is an error, so that
 * nothing is read otherwise than its own program reads it.
 *
 * @module
 */

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** @throws {SyntaxError} for a key that comes twice, and for each thing that is not known here */
export function parseYaml(source: string): unknown {
  const lines = source.trimEnd().split("\n").map((raw): Line => {
    if (raw.includes("\t")) throw new SyntaxError(`a tab: ${raw}`);
    const text = raw.trimStart();
    return { indent: text === "" ? Infinity : raw.length - text.length, text };
  });
  const reader = new Reader(lines);
  const value = reader.node(0);
  reader.end();
  return value;
}

class Reader {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = [...lines];
  }

  /** The next line that is not empty and not a comment. */
  #peek(): Line | undefined {
    while (/^(#|$)/.test(this.#lines[this.#at]?.text ?? "x")) this.#at++;
    return this.#lines[this.#at];
  }

  end(): void {
    const left = this.#peek();
    if (left !== undefined) throw new SyntaxError(`out of its block: ${left.text}`);
  }

  /** A block that is indented so far at least; null where there is none. */
  node(indent: number): unknown {
    const first = this.#peek();
    if (first === undefined || first.indent < indent) return null;
    return isItem(first) ? this.#sequence(first.indent) : this.#mapping(first.indent);
  }

  #sequence(indent: number): unknown[] {
    const items: unknown[] = [];
    for (let line = this.#peek(); line?.indent === indent && isItem(line); line = this.#peek()) {
      const text = line.text.slice(1).trimStart();
      const within = indent + line.text.length - text.length;
      if (/^[\w./-]+:( |$)/.test(text)) {
        // The mapping begins behind the dash.
        this.#lines[this.#at] = { indent: within, text };
        items.push(this.#mapping(within));
      } else {
        this.#at++;
        items.push(text === "" ? this.node(indent + 1) : this.#value(text, indent));
      }
    }
    return items;
  }

  #mapping(indent: number): Record<string, unknown> {
    const found = new Map<string, unknown>();
    for (let line = this.#peek(); line?.indent === indent && !isItem(line); line = this.#peek()) {
      const [, key, text] = /^([\w./-]+):(?: +(.*))?$/.exec(line.text) ?? [];
      if (key === undefined) throw new SyntaxError(`not a key: ${line.text}`);
      if (found.has(key)) throw new SyntaxError(`twice: ${line.text}`);
      this.#at++;
      const isEmpty = text === undefined || text.startsWith("#");
      const next = isEmpty ? this.#peek() : undefined;
      // Items may stand as far to the left as their key.
      const within = next !== undefined && isItem(next) ? indent : indent + 1;
      found.set(key, isEmpty ? this.node(within) : this.#value(text, indent));
    }
    return Object.fromEntries(found);
  }

  #value(text: string, indent: number): unknown {
    if (text === "|") return `${this.#indented(indent).join("\n")}\n`;
    if (text === ">-") return this.#indented(indent).join(" ");
    const flow = new Flow(text);
    const value = flow.value("");
    flow.end();
    return value;
  }

  #indented(indent: number): readonly string[] {
    const own: Line[] = [];
    for (; (this.#lines[this.#at]?.indent ?? 0) > indent; this.#at++) {
      own.push(this.#lines[this.#at]!);
    }
    while (own.at(-1)?.text === "") own.pop();
    const left = Math.min(...own.map((line) => line.indent));
    return own.map(({ indent, text }) => text && " ".repeat(indent - left) + text);
  }
}

const isItem = ({ text }: Line) => text === "-" || text.startsWith("- ");

/** What stands on one line. */
class Flow {
  #rest: string;

  constructor(text: string) {
    this.#rest = text;
  }

  end(): void {
    if (!/^( *| +#.*)$/.test(this.#rest)) throw new SyntaxError(`too much: ${this.#rest}`);
  }

  #take(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.#rest)?.[0];
    this.#rest = this.#rest.slice(found?.length ?? 0);
    return found;
  }

  /** @param stops signs that end a plain scalar here */
  value(stops: string): unknown {
    if (this.#take(/^\[ */) !== undefined) return this.#list("]", () => this.value(",\\]"));
    if (this.#take(/^\{ */) !== undefined) {
      return Object.fromEntries(this.#list("}", () => {
        const key = this.#take(/^[\w-]+(?=: )/);
        if (key === undefined) throw new SyntaxError(`not a key: ${this.#rest}`);
        this.#take(/^: +/);
        return [key, this.value(",}")] as const;
      }));
    }
    const quoted = this.#take(/^"(?:[^"\\]|\\["\\])*"/);
    if (quoted !== undefined) return JSON.parse(quoted);
    const literal = this.#take(/^'(?:[^']|'')*'/);
    if (literal !== undefined) return literal.slice(1, -1).replaceAll("''", "'");
    const plain = this.#take(
      new RegExp(`^(?!- )[^\\s"'&*!|>%@\`\\[{${stops}](?:(?! #)[^${stops}])*`),
    );
    if (plain === undefined || /: |:$/.test(plain)) {
      throw new SyntaxError(`not a value: ${plain ?? this.#rest}`);
    }
    return scalar(plain.trimEnd());
  }

  #list<T>(close: string, item: () => T): readonly T[] {
    const items: T[] = [];
    while (!this.#rest.startsWith(close)) {
      items.push(item());
      if (this.#take(/^ *, */) === undefined) break;
    }
    this.#take(/^ */);
    if (!this.#rest.startsWith(close)) throw new SyntaxError(`without ${close}: ${this.#rest}`);
    this.#rest = this.#rest.slice(1);
    return items;
  }
}

function scalar(text: string): unknown {
  if (/^(true|false|null)$/.test(text)) return JSON.parse(text);
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text;
}
