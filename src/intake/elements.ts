/**
 * Cuts blocks of bytes into the elements of a JSON array, so that an array of any length is read in
 * bounded memory. It looks at quotation marks and brackets only: whether an element is JSON, its reader
 * finds out. Pure.
 *
 * @module
 */

/** An element's text, or undefined where it is too long. */
export type Element = string | undefined;

const LINE_FEED = 10;
const QUOTE = 34;
const COMMA = 44;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_FIELDS = 123;
const CLOSE_FIELDS = 125;

/** What changes the state outside of a string, and what does inside. */
const OUTSIDE = flags(QUOTE, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_FIELDS, CLOSE_FIELDS, LINE_FEED);
const INSIDE = flags(QUOTE, BACKSLASH, LINE_FEED);

function flags(...bytes: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte] = 1;
  return table;
}

/** Cuts the blocks of one array, the first of which begins with `[` or with white space. */
export class ElementCutter {
  readonly #longest: number;
  /** The start of an element whose end has not come. */
  #kept = new Uint8Array();
  #keptLength = 0;
  #isTooLong = false;
  /** Open brackets; 1 is the array's own. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #elements = 0;
  #lines = 0;

  /** @param longest bytes of the longest element that is not left out */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** How many line feeds were read. */
  get lines(): number {
    return this.#lines;
  }

  /**
   * Adds the next block; its bytes may change when all elements were taken.
   *
   * @yields elements, which are at least one for each comma
   * @returns what follows the end of the array; undefined before it
   */
  *take(block: Uint8Array): Generator<Element, Uint8Array | undefined> {
    let start = 0;
    for (let at = 0; at < block.length; at++) {
      const byte = block[at]!;
      if (this.#isEscaped) {
        this.#isEscaped = false;
        if (byte === LINE_FEED) this.#lines++;
        continue;
      }
      if ((this.#isInString ? INSIDE : OUTSIDE)[byte] === 0) continue;
      if (byte === LINE_FEED) this.#lines++;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isInString = !this.#isInString;
      else if (byte === COMMA) {
        if (this.#depth !== 1) continue;
        this.#elements++;
        yield this.#element(block.subarray(start, at));
        start = at + 1;
      } else if (byte === OPEN_LIST || byte === OPEN_FIELDS) {
        if (++this.#depth === 1) start = at + 1;
      } else if (--this.#depth === 0) {
        const last = this.#element(block.subarray(start, at));
        if (this.#elements > 0 || last === undefined || last.trim() !== "") yield last;
        return block.subarray(at + 1);
      }
    }
    if (start < block.length) this.#keep(block.subarray(start));
    return undefined;
  }

  /** The text of an element that the data ended in. */
  takeRest(): Element {
    return this.#element(new Uint8Array());
  }

  #element(end: Uint8Array): Element {
    if (this.#keptLength + end.length > this.#longest) this.#isTooLong = true;
    let text: Element;
    if (!this.#isTooLong) {
      let whole = end;
      if (this.#keptLength > 0) {
        this.#keep(end);
        whole = this.#kept.subarray(0, this.#keptLength);
      }
      text = new TextDecoder().decode(whole);
    }
    this.#keptLength = 0;
    this.#isTooLong = false;
    return text;
  }

  #keep(bytes: Uint8Array): void {
    const length = this.#keptLength + bytes.length;
    if (length > this.#longest) this.#isTooLong = true;
    if (this.#isTooLong) return;
    if (length > this.#kept.length) {
      const larger = new Uint8Array(Math.max(64 * 1024, length + length / 2));
      larger.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#keptLength);
    this.#keptLength = length;
  }
}
