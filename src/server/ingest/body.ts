/**
 * Bodies of requests: unpacked, never longer than allowed, never slower than allowed.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { ReadTimeout } from "./read_timeout.ts";

/** A body that is not read to its end: the status that says why, and a line for the sender. */
export class BodyError extends Error {
  override name = "BodyError";
  readonly status: 400 | 408 | 415;

  constructor(status: 400 | 408 | 415, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

const UNPACKERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  zstd: createZstdDecompress,
};

/** What `Content-Encoding` may say. */
export const ENCODINGS: readonly string[] = [...Object.keys(UNPACKERS), "identity"];

/** Bytes that must come within the time that a sender is given; whole bodies may be shorter. */
const ENOUGH = 64 * 1024;

const BROKE_OFF = "the body broke off";
const TOO_SLOW = "the body came too slowly";

/**
 * The pieces of a body, unpacked as `Content-Encoding` says.
 *
 * @param patience how long the sender may take for each further {@link ENOUGH} bytes
 * @throws {BodyError} an encoding that is not known, damaged data, a sender that is too slow or goes
 */
export async function* piecesOf(
  request: Request,
  readTimeout: ReadTimeout,
): AsyncGenerator<Uint8Array> {
  const encoding = (request.headers.get("Content-Encoding") ?? "identity").trim().toLowerCase();
  const isPlain = encoding === "identity" || encoding === "";
  if (isPlain && isShort(request)) return yield await wholeInTime(request, readTimeout);
  if (request.body === null) return;
  const received = inTime(request.body, readTimeout);
  if (isPlain) return yield* received;
  const unpacked = unpackerOf(encoding);
  if (unpacked === undefined) {
    const known = Object.keys(UNPACKERS).join(", ");
    throw new BodyError(415, `Content-Encoding "${encoding}" is not known; send ${known} or none`);
  }
  const source = Readable.from(received);
  source.on("error", (error) => (unpacked as unknown as Readable).destroy(error));
  source.pipe(unpacked);
  try {
    for await (const piece of unpacked as unknown as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError(400, `the body is not whole ${encoding} data`);
  } finally {
    source.destroy();
  }
}

function unpackerOf(encoding: string): NodeJS.ReadWriteStream | undefined {
  if (!Object.hasOwn(UNPACKERS, encoding)) return undefined;
  try {
    return UNPACKERS[encoding]!();
  } catch {
    // Older runtimes know zstd by name only.
    return undefined;
  }
}

/**
 * Whether no more than {@link ENOUGH} bytes can come. The runtime holds a sender to `Content-Length`, but
 * not one that sends chunks as well (RFC 9112 6.3).
 */
function isShort({ headers }: Request): boolean {
  const length = headers.get("Content-Length");
  return length !== null && Number(length) <= ENOUGH && !headers.has("Transfer-Encoding");
}

/**
 * A short body in one piece. The runtime makes no stream for it while nobody asks for `request.body`;
 * with one a request takes up to twice the time.
 */
async function wholeInTime(request: Request, readTimeout: ReadTimeout): Promise<Uint8Array> {
  const whole = request.bytes().catch((error: unknown) => {
    throw new BodyError(400, BROKE_OFF, { cause: error });
  });
  const late = Promise.withResolvers<never>();
  const wait = readTimeout.begin(() => late.reject(new BodyError(408, TOO_SLOW)));
  try {
    // What still comes after that is the runtime's to throw away.
    return await Promise.race([whole, late.promise]);
  } finally {
    readTimeout.end(wait);
  }
}

/**
 * What is too slow is cancelled, which ends a read that waits. (A race against a promise that lasts as
 * long as the body would keep every piece of it in memory until then.)
 */
async function* inTime(
  body: ReadableStream<Uint8Array>,
  readTimeout: ReadTimeout,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const cancel = () => reader.cancel().catch(() => undefined);
  let isTooSlow = false;
  let isWaiting = false;
  const giveUp = () => {
    // While what it sent is being stored, it is not the sender who is slow.
    if (!isWaiting) return void (wait = readTimeout.begin(giveUp));
    isTooSlow = true;
    void cancel();
  };
  let wait = readTimeout.begin(giveUp);
  let sinceBegin = 0;
  let isOver = false;
  try {
    for (;;) {
      isWaiting = true;
      const { done, value } = await reader.read().catch((error: unknown) => {
        // A sender that goes away is no fault of ours.
        throw new BodyError(400, BROKE_OFF, { cause: error });
      });
      isWaiting = false;
      if (isTooSlow) throw new BodyError(408, TOO_SLOW);
      isOver = done;
      if (value === undefined) return;
      yield value;
      sinceBegin += value.length;
      if (sinceBegin < ENOUGH) continue;
      readTimeout.end(wait);
      wait = readTimeout.begin(giveUp);
      sinceBegin = 0;
    }
  } finally {
    readTimeout.end(wait);
    if (!isOver) await cancel();
  }
}
