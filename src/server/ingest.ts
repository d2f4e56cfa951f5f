/**
 * Alerts by HTTP. The answer comes after the commit, since a sender does not repeat a request that was
 * answered
 * (docs/contracts/wazuh.md 6).
 *
 * @module
 */
import type { Accepted } from "../buffer/intake.ts";
import type { Decision, IgnoreReason } from "../model.ts";
import { LineCutter, type Lines } from "../intake/lines.ts";
import { type Item, readAlertFile, readLine } from "../wazuh/alert_file.ts";
import type { IngestAnswer, IngestError } from "./answers.ts";
import { BodyError, piecesOf } from "./ingest/body.ts";
import type { ReadTimeout } from "./ingest/read_timeout.ts";
import { messageOf } from "../errors.ts";

type Accept = (decisions: readonly Decision[]) => Promise<Accepted>;

/** What the route of alerts needs. */
export interface IngestParts {
  /** Longest body that is not lines, and longest line; bytes, decompressed. */
  readonly maxBodyBytes: number;
  /** How long a sender may take for each further 64 KiB. */
  readonly readTimeout: ReadTimeout;
  readonly decide: (item: Item) => Decision;
  readonly accept: Accept;
  /**
   * The same for a body of lines, without group commit. It blocks the event loop during the commit: Deno
   * 2.9 goes on to read chunks that nobody asked for, and keeps all of them (denoland/deno#36869).
   */
  readonly acceptAtOnce: Accept;
  readonly log: (level: "warning" | "error", message: string) => void;
}

/** The outcome of a body. */
export interface Reply {
  readonly status: 200 | 400 | 408 | 413 | 415 | 503;
  readonly body: IngestAnswer;
}

/** Alerts in one commit. */
const BATCH = 1000;
const MOST_ERRORS = 100;
/** A body up to this size is read as a whole, whatever its shape; bytes. */
const SHORT = 64 * 1024;
const LINE_FEED = 10;

/** Stores the alerts of a request: one, an array, a wrapper, or any number of lines. */
export async function ingest(parts: IngestParts, request: Request): Promise<Reply> {
  const tally = new Tally(parts);
  try {
    const body = await new Body(piecesOf(request, parts.readTimeout)).start(parts.maxBodyBytes);
    if (body === "too long") {
      const error = `the body is longer than ${parts.maxBodyBytes} bytes; send one alert a line`;
      return tally.reply(413, { error });
    }
    if (body instanceof Uint8Array) {
      const items = readAlertFile(body);
      for (let start = 0; start < items.length; start += BATCH) {
        await tally.take(items.slice(start, start + BATCH), parts.accept);
      }
      return tally.replyToWhole(body);
    }
    for await (const items of itemsOf(body, parts.maxBodyBytes)) {
      await tally.take(items, parts.acceptAtOnce);
    }
    return tally.reply(tally.isNothingUnderstood ? 400 : 200);
  } catch (error) {
    if (error instanceof BodyError) return tally.reply(error.status, { error: error.message });
    const reason = messageOf(error);
    parts.log("error", `POST ${new URL(request.url).pathname.slice(0, 7)}: ${reason}`);
    return tally.reply(503, { error: "some alerts could not be stored; send all again" });
  }
}

/** What notification channels send as a test (docs/contracts/wazuh.md 5). */
const TEST_MESSAGE = /^(?:this is a )?test message\b/i;

/** Adds up the outcomes of the alerts of one body. */
class Tally {
  readonly #parts: IngestParts;
  readonly #ignored = new Map<IgnoreReason, number>();
  readonly #errors: IngestError[] = [];
  #accepted = 0;
  #duplicate = 0;
  #items = 0;
  #bad = 0;

  constructor(parts: IngestParts) {
    this.#parts = parts;
  }

  async take(items: readonly Item[], accept: Accept): Promise<void> {
    const bad: IngestError[] = [];
    const decisions = items.map((item, index) => {
      const decision = this.#parts.decide(item);
      if (decision.kind === "ignored" && decision.key === undefined) {
        bad.push({ index: this.#items + index, where: item.where, reason: decision.reason });
      }
      return decision;
    });
    const { accepted, duplicate, ignored } = await accept(decisions);
    // The answer counts only what is committed.
    this.#accepted += accepted;
    this.#duplicate += duplicate;
    for (const [reason, n] of ignored) {
      this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + n);
    }
    this.#items += items.length;
    this.#bad += bad.length;
    this.#errors.push(...bad.slice(0, MOST_ERRORS - this.#errors.length));
  }

  reply(status: Reply["status"], more: { error?: string; note?: string } = {}): Reply {
    const further = this.#bad - this.#errors.length;
    const body = {
      accepted: this.#accepted,
      duplicate: this.#duplicate,
      ignored: Object.fromEntries(this.#ignored),
      errors: this.#errors,
      ...(further === 0 ? {} : { further_errors: further }),
      ...more,
    };
    return { status, body };
  }

  get isNothingUnderstood(): boolean {
    return this.#items > 0 && this.#bad === this.#items;
  }

  /** The test message of a notification channel is plain text, whatever its content type says. */
  replyToWhole(body: Uint8Array): Reply {
    if (!this.isNothingUnderstood) return this.reply(200);
    const start = new TextDecoder().decode(body.subarray(0, 100)).trimStart();
    return TEST_MESSAGE.test(start)
      ? this.reply(200, {
        note: "this is not an alert, but may be the test message of a notification channel",
      })
      : this.reply(400);
  }
}

/** The start of a body decides how the rest is read. */
class Body {
  readonly #pieces: AsyncGenerator<Uint8Array>;

  constructor(pieces: AsyncGenerator<Uint8Array>) {
    this.#pieces = pieces;
  }

  /** The whole body where it is short or one value; its pieces where it is lines. */
  async start(
    most: number,
  ): Promise<Uint8Array | "too long" | AsyncIterable<Uint8Array>> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    let hasLine = false;
    let isChecked = false;
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done) return joined(pieces, length);
      pieces.push(value);
      length += value.length;
      hasLine ||= value.includes(LINE_FEED);
      if (!isChecked && hasLine && length > Math.min(SHORT, most)) {
        isChecked = true;
        if (beginsWithLine(joined(pieces, length))) return this.#from(pieces);
      }
      if (length <= most) continue;
      await this.#pieces.return(undefined);
      return "too long";
    }
  }

  async *#from(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces;
      yield* this.#pieces;
    } finally {
      // Also where storing failed before the rest was read.
      await this.#pieces.return(undefined);
    }
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Whether the first line is one whole JSON value. */
function beginsWithLine(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes).trimStart();
  try {
    JSON.parse(text.slice(0, Math.max(0, text.indexOf("\n"))));
    return true;
  } catch {
    return false;
  }
}

/** The items of lines, in batches. */
async function* itemsOf(
  pieces: AsyncIterable<Uint8Array>,
  longest: number,
): AsyncGenerator<readonly Item[]> {
  const cutter = new LineCutter({ longest });
  let lines = 0;
  let batch: Item[] = [];
  const add = ({ text, tooLong }: Lines) => {
    if (tooLong > 0) batch.push({ reason: "too_large", where: `line ${++lines}` });
    if (text === "") return;
    for (const line of text.slice(0, -1).split("\n")) {
      const where = `line ${++lines}`;
      if (isLonger(line, longest)) batch.push({ reason: "too_large", where });
      else if (line.trim() !== "") batch.push(...readLine(line, where));
    }
  };
  for await (const piece of pieces) {
    add(cutter.take(piece));
    if (batch.length < BATCH) continue;
    for (let start = 0; start < batch.length; start += BATCH) {
      yield batch.slice(start, start + BATCH);
    }
    batch = [];
  }
  add(cutter.takeRest());
  if (batch.length > 0) yield batch;
}

/** Whether a line has more bytes; a character has 3 at most, as JavaScript counts characters. */
function isLonger(line: string, bytes: number): boolean {
  if (line.length * 3 <= bytes) return false;
  return line.length > bytes || new TextEncoder().encode(line).length > bytes;
}
