/**
 * Bodies of requests, decompressed, within the read timeout.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { asUtf8, isGzip, peeked } from "../../intake/plain_blocks.ts";
import { encodingOf } from "../../wazuh/alert_file.ts";
import type { ReadTimeout } from "./read_timeout.ts";

/** A body that cannot be read to its end: the status of the answer, and a line for the sender. */
export class BodyError extends Error {
  override name = "BodyError";
  readonly status: 400 | 408 | 413 | 415;

  constructor(status: BodyError["status"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

const DECOMPRESSORS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  zstd: createZstdDecompress,
};

/** The values that `Content-Encoding` may have. */
export const ENCODINGS: readonly string[] = [...Object.keys(DECOMPRESSORS), "identity"];

/** Bytes that must arrive within each read timeout; whole bodies may be shorter. */
const TIMED_BYTES = 64 * 1024;

/** What a sender would read that disconnects. */
export const ENDED_EARLY = "the body ended too early";
const TOO_SLOW = "the body arrived too slowly";

/** Lines of alerts shrink to a tenth, at most to a hundredth. */
const MOST_RATIO = 200;
/** So much may come of any number of bytes. */
const FREE_UNPACKED = 1024 * 1024;

/**
 * The pieces of a body as UTF-8, decompressed as `Content-Encoding` says. A sender that has put a file
 * into the body may have left that header out: then the first bytes say what it is.
 *
 * @param readTimeout how long the sender may take for each further {@link TIMED_BYTES} bytes
 * @param onReceive is called with each number of bytes that arrived, packed or not
 * @throws {BodyError} for an unknown encoding, damaged data, data that unpacks to more than
 * {@link MOST_RATIO} times its size, and a sender that is too slow or disconnects
 */
export async function* piecesOf(
  request: Request,
  readTimeout: ReadTimeout,
  onReceive: (bytes: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const encoding = (request.headers.get("Content-Encoding") ?? "identity").trim().toLowerCase();
  const isPlain = encoding === "identity" || encoding === "";
  let receivedBytes = 0;
  let received: AsyncGenerator<Uint8Array>;
  if (isPlain && isShort(request)) {
    const whole = await wholeInTime(request, readTimeout);
    if (!isGzip(whole) && encodingOf(whole) === "utf-8") return yield whole;
    receivedBytes = whole.length;
    received = once(whole);
  } else {
    if (request.body === null) return;
    received = inTime(request.body, readTimeout, (bytes) => {
      receivedBytes += bytes;
      onReceive(bytes);
    });
  }
  const unpack = (pieces: AsyncGenerator<Uint8Array>, how: string) =>
    unpacked(pieces, how, () => receivedBytes);
  if (!isPlain) return yield* asUtf8(unpack(received, encoding));
  const { start, all } = await peeked(received);
  yield* asUtf8(isGzip(start) ? unpack(all, "gzip") : all);
}

async function* once(whole: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(whole);
}

/** @param receivedBytes how many bytes have come, packed */
async function* unpacked(
  received: AsyncGenerator<Uint8Array>,
  encoding: string,
  receivedBytes: () => number,
): AsyncGenerator<Uint8Array> {
  const decompressed = decompressorOf(encoding);
  if (decompressed === undefined) {
    const known = Object.keys(DECOMPRESSORS).join(", ");
    throw new BodyError(
      415,
      `Content-Encoding "${encoding}" is not supported; send ${known} or none`,
    );
  }
  const source = Readable.from(received);
  source.on("error", (error) => (decompressed as unknown as Readable).destroy(error));
  source.pipe(decompressed);
  try {
    let unpackedBytes = 0;
    for await (const piece of decompressed as unknown as AsyncIterable<Buffer>) {
      unpackedBytes += piece.length;
      if (unpackedBytes > FREE_UNPACKED + MOST_RATIO * receivedBytes()) {
        throw new BodyError(
          413,
          `the body unpacks to more than ${MOST_RATIO} times its size; send it unpacked`,
        );
      }
      yield piece;
    }
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError(400, `the body is not complete ${encoding} data`);
  } finally {
    source.destroy();
  }
}

function decompressorOf(encoding: string): NodeJS.ReadWriteStream | undefined {
  if (!Object.hasOwn(DECOMPRESSORS, encoding)) return undefined;
  try {
    return DECOMPRESSORS[encoding]!();
  } catch {
    // Deno 2.5 has no zstd behind its name.
    return undefined;
  }
}

/**
 * Whether the body has at most {@link TIMED_BYTES} bytes. The runtime enforces `Content-Length`, but not
 * where the sender uses chunks as well (RFC 9112 6.3).
 */
function isShort({ headers }: Request): boolean {
  const length = headers.get("Content-Length");
  return length !== null && Number(length) <= TIMED_BYTES && !headers.has("Transfer-Encoding");
}

/**
 * A short body in one piece. Without `request.body` the runtime makes no stream, with which a request
 * takes up to twice the time.
 */
async function wholeInTime(request: Request, readTimeout: ReadTimeout): Promise<Uint8Array> {
  const whole = request.bytes().catch((error: unknown) => {
    throw new BodyError(400, ENDED_EARLY, { cause: error });
  });
  const late = Promise.withResolvers<never>();
  const wait = readTimeout.begin(() => late.reject(new BodyError(408, TOO_SLOW)));
  try {
    // The runtime discards what arrives after that.
    return await Promise.race([whole, late.promise]);
  } finally {
    readTimeout.end(wait);
  }
}

/**
 * Cancels a body that is too slow, which ends a pending read. (A race against a promise that lasts as
 * long as the body would keep each of its pieces in memory until then.)
 */
async function* inTime(
  body: ReadableStream<Uint8Array>,
  readTimeout: ReadTimeout,
  onReceive: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const cancel = () => reader.cancel().catch(() => undefined);
  let isTooSlow = false;
  let isWaiting = false;
  const onTimeout = () => {
    // While a piece is being stored, the sender is not the slow one.
    if (!isWaiting) return void (wait = readTimeout.begin(onTimeout));
    isTooSlow = true;
    void cancel();
  };
  let wait = readTimeout.begin(onTimeout);
  let sinceBegin = 0;
  let isOver = false;
  try {
    for (;;) {
      isWaiting = true;
      const { done, value } = await reader.read().catch((error: unknown) => {
        // The sender disconnected.
        throw new BodyError(400, ENDED_EARLY, { cause: error });
      });
      isWaiting = false;
      if (isTooSlow) throw new BodyError(408, TOO_SLOW);
      isOver = done;
      if (value === undefined) return;
      onReceive(value.length);
      yield value;
      sinceBegin += value.length;
      if (sinceBegin < TIMED_BYTES) continue;
      readTimeout.end(wait);
      wait = readTimeout.begin(onTimeout);
      sinceBegin = 0;
    }
  } finally {
    readTimeout.end(wait);
    if (!isOver) await cancel();
  }
}
