/**
 * Bytes of a file that grows, as lines with the places where they end. Pure.
 *
 * @module
 */

/** A longer line is no alert; it is not kept while its end has not come. Bytes. */
export const LONGEST_LINE = 16 * 1024 * 1024;

/** How much of what was read is kept to know the file again, bytes. */
export const TAIL = 256;

const LINE_FEED = 10;
/** The next rest may be a little longer. */
const ROOM = 64 * 1024;
const NOTHING = new Uint8Array();

/** Lines that are whole, and how far the file is read with them. */
export interface Lines {
  /** One after the other, each with its line feed: most of them are looked at and never cut out. */
  readonly text: string;
  /** Lines whose text was left out for its length. */
  readonly tooLong: number;
  /** Behind the last line feed. */
  readonly offset: number;
}

/** Cuts blocks into lines; what has no end yet waits. */
export class LineCutter {
  readonly #decoder = new TextDecoder();
  #rest: Uint8Array[] = [];
  #restLength = 0;
  #isTooLong = false;
  #offset: number;
  /** Where a block and the rest before it are put together: not made anew for each block. */
  #joined = NOTHING;

  #tail: Uint8Array;

  /**
   * @param offset where the first block begins: at the beginning of a line
   * @param tail what stands before it
   */
  constructor(offset: number, tail: Uint8Array) {
    this.#offset = offset;
    this.#tail = tail;
  }

  /** Where the line begins that has no end yet. */
  get offset(): number {
    return this.#offset;
  }

  /** Takes the next block; its bytes may change afterwards. */
  take(block: Uint8Array): Lines {
    const end = block.lastIndexOf(LINE_FEED) + 1;
    if (end === 0) {
      this.#keep(block);
      return { text: "", tooLong: 0, offset: this.#offset };
    }
    this.#isTooLong ||= this.#restLength + block.indexOf(LINE_FEED) > LONGEST_LINE;
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
    this.#rest = [];
    this.#restLength = 0;
    if (end < block.length) this.#keep(block.subarray(end));
    return { text, tooLong, offset: this.#offset };
  }

  /** The line at the end of a file that gets no longer, though it has no end. */
  takeRest(): Lines {
    if (this.#restLength === 0) return { text: "", tooLong: 0, offset: this.#offset };
    const { text, tooLong } = this.take(Uint8Array.of(LINE_FEED));
    this.#offset--;
    return { text, tooLong, offset: this.#offset };
  }

  /** What stands right before {@link offset}, up to {@link TAIL} bytes: it tells files apart. */
  get tail(): Uint8Array {
    return this.#tail;
  }

  #keep(bytes: Uint8Array): void {
    this.#restLength += bytes.length;
    if (this.#restLength <= LONGEST_LINE) this.#rest.push(bytes.slice());
    else {
      this.#isTooLong = true;
      this.#rest = [lastOf(this.#rest.at(-1) ?? NOTHING, bytes)];
    }
  }

  #withRest(end: Uint8Array): Uint8Array {
    if (this.#rest.length === 0) return end;
    const length = this.#rest.reduce((sum, one) => sum + one.length, end.length);
    if (length > this.#joined.length) this.#joined = new Uint8Array(length + ROOM);
    let at = 0;
    for (const part of [...this.#rest, end]) {
      this.#joined.set(part, at);
      at += part.length;
    }
    return this.#joined.subarray(0, length);
  }
}

function lastOf(before: Uint8Array, next: Uint8Array): Uint8Array {
  if (next.length >= TAIL) return next.slice(-TAIL);
  const both = new Uint8Array(before.length + next.length);
  both.set(before);
  both.set(next, before.length);
  return both.slice(-TAIL);
}
