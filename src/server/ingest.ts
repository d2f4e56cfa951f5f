/**
 * Alerts by HTTP. The answer comes after the commit, since a sender does not repeat a request that was
 * answered
 * (docs/contracts/wazuh.md 6).
 *
 * @module
 */
import type { Decision } from "../model.ts";
import { type Item, readAlertFile, readAlertValue } from "../wazuh/alert_file.ts";
import { beginningOf } from "./ingest/beginning.ts";
import { BodyError, ENDED_EARLY, piecesOf } from "./ingest/body.ts";
import {
  beginsOverLines,
  groupsOf,
  inParts,
  itemsOfArray,
  itemsOfLines,
  itemsOfValues,
} from "../intake/items.ts";
import { inTime } from "./ingest/in_time.ts";
import { hasGoodLine } from "./ingest/good_line.ts";
import type { ReadTimeout } from "./ingest/read_timeout.ts";
import { type Accept, type Reply, Tally } from "./ingest/tally.ts";
import type { Turns } from "./ingest/turns.ts";
import { Work } from "./ingest/work.ts";
import { messageOf } from "../errors.ts";

export type { Reply };

/** What the route of alerts needs. */
export interface IngestParts {
  /** Longest body that is one value, longest line and longest element of an array; bytes, unpacked. */
  readonly maxBodyBytes: number;
  /** How long a sender may take for each further 64 KiB. */
  readonly readTimeout: ReadTimeout;
  /** How long a sender waits for what it sent to be stored. */
  readonly storeTimeout: ReadTimeout;
  /** Shared by all bodies. */
  readonly turns: Turns;
  readonly decide: (item: Item) => Decision;
  readonly accept: Accept;
  /**
   * The same for a body of lines, without group commit. It blocks the event loop during the commit: Deno
   * 2.9 goes on to read chunks that nobody asked for, and keeps all of them (denoland/deno#36869).
   */
  readonly acceptAtOnce: Accept;
  readonly log: (level: "warning" | "error", message: string) => void;
}

/** So that a sender repeats what nobody read. */
const ENDING = "the service ends before it has read the body; send all again";

/**
 * Stores the alerts of a request: one, an array, a wrapper, or any number of lines.
 *
 * @param sender whose turn it is
 * @param isEnding whether the server shuts down: then the runtime cuts bodies that are under way (Deno 2.9.6
 * does, 2.5.7 does not; observed), as if their senders had gone away
 */
export async function ingest(
  parts: IngestParts,
  request: Request,
  sender: string,
  isEnding: () => boolean = () => false,
): Promise<Reply> {
  const { readTimeout, storeTimeout, turns, maxBodyBytes } = parts;
  const accept = inTime(parts.accept, storeTimeout);
  const acceptAtOnce = inTime(parts.acceptAtOnce, storeTimeout);
  const work = new Work({ turns, sender, signal: () => request.signal, ms: readTimeout.ms });
  const tally = new Tally(parts.decide);
  try {
    const pieces = inSteps(piecesOf(request, readTimeout, work.receive), work);
    const { shape, bytes, rest } = await beginningOf(pieces, maxBodyBytes);
    if (shape === "too long") {
      const error = `the body is longer than ${maxBodyBytes} bytes; send one alert a line`;
      return tally.reply(413, { error });
    }
    if (shape === "array") {
      await takeAll(tally, itemsOfArray(rest, maxBodyBytes), work, acceptAtOnce);
      return tally.reply(tally.isAllBad ? 400 : 200);
    }
    if (shape === "lines" || shape === "values") {
      const itemsOf = shape === "lines" ? itemsOfLines : itemsOfValues;
      await takeAll(tally, itemsOf(rest, maxBodyBytes), work, acceptAtOnce);
      return tally.reply(tally.isAllBad ? 400 : 200);
    }
    const items = shape === "short" ? readAlertFile(bytes) : await itemsOfValue(bytes, work);
    if (items !== undefined) {
      await takeAll(tally, groupsOf(items), work, accept);
      return replyToWhole(tally, bytes);
    }
    const itemsOf = beginsOverLines(bytes) ? itemsOfValues : itemsOfLines;
    await takeAll(tally, itemsOf(inParts(bytes), maxBodyBytes), work, acceptAtOnce);
    return tally.reply(tally.isAllBad ? 400 : 200);
  } catch (error) {
    if (error instanceof BodyError) {
      return error.message === ENDED_EARLY && isEnding()
        ? tally.reply(503, { error: ENDING })
        : tally.reply(error.status, { error: error.message });
    }
    const reason = messageOf(error);
    parts.log("error", `POST ${new URL(request.url).pathname.slice(0, 7)}: ${reason}`);
    return tally.reply(503, { error: "some alerts could not be stored; send all again" });
  }
}

/** Waits for a turn before each part of a body. */
async function* inSteps(
  pieces: AsyncIterable<Uint8Array>,
  work: Work,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (const part of inParts(piece)) {
      const turn = work.step();
      if (turn !== undefined) await turn;
      yield part;
      work.pause();
    }
  }
}

async function takeAll(
  tally: Tally,
  groups: AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>,
  work: Work,
  accept: Accept,
): Promise<void> {
  const store = () => work.timed(tally.waiting, () => tally.store(accept));
  try {
    for await (const group of groups) {
      const turn = work.step();
      if (turn !== undefined) await turn;
      const size = work.storeSize;
      for (const item of group) {
        tally.add(item);
        if (tally.waiting < size && !tally.hasTooManyBad) continue;
        await store();
        const next = work.step();
        if (next !== undefined) await next;
      }
    }
  } catch (error) {
    // What came before the damage is as good as without it.
    if (error instanceof BodyError) await tally.store(accept);
    throw error;
  }
  await tally.store(accept);
}

/**
 * The items of a long value; undefined where the bytes are several values over many lines, or lines, of
 * which the first is damaged.
 */
async function itemsOfValue(
  bytes: Uint8Array,
  work: Work,
): Promise<readonly Item[] | undefined> {
  const items = readAlertValue(new TextDecoder().decode(bytes));
  if (items !== undefined) return items;
  if (beginsOverLines(bytes)) return undefined;
  for await (const isGood of hasGoodLine(bytes)) {
    if (isGood) return undefined;
    const turn = work.step();
    if (turn !== undefined) await turn;
  }
  return [{ reason: "not_json", where: "the whole file" }];
}

/** What notification channels send as a test (docs/contracts/wazuh.md 5). */
const TEST_MESSAGE = /^(?:this is a )?test message\b/i;

/** The test message of a notification channel is plain text, whatever its content type says. */
function replyToWhole(tally: Tally, body: Uint8Array): Reply {
  if (!tally.isAllBad) return tally.reply(200);
  const start = new TextDecoder().decode(body.subarray(0, 100)).trimStart();
  return TEST_MESSAGE.test(start)
    ? tally.reply(200, {
      note: "this is not an alert, but may be the test message of a notification channel",
    })
    : tally.reply(400);
}
