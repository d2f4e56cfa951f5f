/**
 * Cuts blocks of bytes into lines: the one splitter for files that grow, files that are replayed and
 * bodies of requests. Pure.
 *
 * @module
 */

/** A longer line is not an alert; it is not kept while its end has not come. Bytes. */
export const LONGEST_LINE = 16 * 1024 * 1024;

/** How many of the latest bytes are kept to recognise the file again. */
export const TAIL = 256;

const LINE_FEED = 10;
/** Smallest memory for a line without an end, bytes. */
const SMALLEST_REST = 64 * 1024;
const NOTHING = new Uint8Array();

/** Whole lines, and how far the file is read with them. */
export interface Lines {
  /** One after the other, each with its line feed: most of them are looked at and never cut out. */
  readonly text: string;
  /** Lines before `text` that are left out, because they are too long: 0 or 1. */
  readonly tooLong: number;
  /** Behind the last line feed. */
  readonly offset: number;
}

/** Cuts blocks into lines; a line that has no end yet waits for the next block. */
export class LineCutter {
  readonly #decoder = new TextDecoder();
  readonly #longest: number;
  /** The line that has no end yet, in memory that is used again for the next one. */
  #rest = NOTHING;
  #kept = 0;
  /** Length of that line in the file: more than is kept when it is too long. */
  #restLength = 0;
  #isTooLong = false;
  #offset: number;
  #tail: Uint8Array;

  /**
   * @param options `offset`: where the first block begins, which is at the beginning of a line;
   * `tail`: the bytes before it; `longest`: bytes of the longest line that is not left out
   */
  constructor(
    options: {
      readonly offset?: number;
      readonly tail?: Uint8Array;
      readonly longest?: number;
    } = {},
  ) {
    this.#offset = options.offset ?? 0;
    this.#tail = options.tail ?? NOTHING;
    this.#longest = options.longest ?? LONGEST_LINE;
  }

  /** Where the line begins that has no end yet. */
  get offset(): number {
    return this.#offset;
  }

  /** Adds the next block; its bytes may change afterwards. */
  take(block: Uint8Array): Lines {
    const end = block.lastIndexOf(LINE_FEED) + 1;
    if (end === 0) {
      this.#keep(block);
      return { text: "", tooLong: 0, offset: this.#offset };
    }
    this.#isTooLong ||= this.#restLength + block.indexOf(LINE_FEED) > this.#longest;
    const whole = this.#withRest(block.subarray(0, end));
    this.#offset += this.#restLength + end;
    this.#tail = lastOf(this.#tail, whole);
    let tooLong = 0;
    let text = this.#decoder.decode(whole);
    if (this.#isTooLong) {
      tooLong = 1;
      text = text.slice(text.indexOf("\n") + 1);
    }
    this.#isTooLong = false;
    this.#kept = 0;
    this.#restLength = 0;
    if (end < block.length) this.#keep(block.subarray(end));
    return { text, tooLong, offset: this.#offset };
  }

  /** The line at the end of a file that does not grow any more, though it has no line feed. */
  takeRest(): Lines {
    if (this.#restLength === 0) return { text: "", tooLong: 0, offset: this.#offset };
    const { text, tooLong } = this.take(Uint8Array.of(LINE_FEED));
    this.#offset--;
    return { text, tooLong, offset: this.#offset };
  }

  /** The bytes right before {@link offset}, up to {@link TAIL} of them: they tell files apart. */
  get tail(): Uint8Array {
    return this.#tail;
  }

  #keep(bytes: Uint8Array): void {
    this.#restLength += bytes.length;
    if (this.#restLength <= this.#longest) this.#append(bytes);
    else {
      this.#isTooLong = true;
      const last = lastOf(this.#rest.subarray(0, this.#kept), bytes);
      this.#kept = 0;
      this.#append(last);
    }
  }

  #withRest(end: Uint8Array): Uint8Array {
    if (this.#kept === 0) return end;
    this.#append(end);
    return this.#rest.subarray(0, this.#kept);
  }

  #append(bytes: Uint8Array): void {
    const length = this.#kept + bytes.length;
    if (length > this.#rest.length) {
      const larger = new Uint8Array(Math.max(SMALLEST_REST, length + length / 2));
      larger.set(this.#rest.subarray(0, this.#kept));
      this.#rest = larger;
    }
    this.#rest.set(bytes, this.#kept);
    this.#kept = length;
  }
}

function lastOf(before: Uint8Array, next: Uint8Array): Uint8Array {
  if (next.length >= TAIL) return next.slice(-TAIL);
  const both = new Uint8Array(before.length + next.length);
  both.set(before);
  both.set(next, before.length);
  return both.slice(-TAIL);
}
