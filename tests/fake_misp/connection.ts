/**
 * HTTP/1.1 over a plain connection: small, but one that can be cut or left hanging anywhere.
 *
 * @module
 */
import type { Answer } from "./answers.ts";

/** A request as it came in. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  302: "Found",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Request Entity Too Large",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** How to send an answer. */
export interface Sending {
  /** Whether the connection remains open for the next request. */
  readonly keep: boolean;
  /** False for HEAD. */
  readonly withBody: boolean;
  /** Awaited in the middle of the body: for faults. */
  readonly pause: (() => Promise<void>) | undefined;
}

/** One accepted connection. */
export class Connection implements Disposable {
  readonly #conn: Deno.Conn;
  #buffer = new Uint8Array(0);
  #ended = false;
  #filling: Promise<boolean> | undefined;

  /** @param conn The accepted connection. */
  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Cuts the connection. */
  [Symbol.dispose](): void {
    if (this.#ended) this.#buffer = new Uint8Array(0);
    this.#ended = true;
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }

  /** Resolves when the client has gone away. */
  async gone(): Promise<void> {
    while (await this.#fill());
  }

  /** @returns The next request; undefined when the client sends no more. */
  async read(): Promise<RawRequest | undefined> {
    const head = await this.#readUntil("\r\n\r\n");
    if (head === undefined) return undefined;
    const [first = "", ...lines] = head.split("\r\n");
    const [method = "", path = ""] = first.split(" ");
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    if (headers.get("expect")?.toLowerCase() === "100-continue") {
      await this.#write(new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    const chunked = headers.get("transfer-encoding")?.toLowerCase() === "chunked";
    const sent = chunked
      ? await this.#readChunks()
      : await this.#readBytes(Number(headers.get("content-length") ?? 0));
    if (sent === undefined) return undefined;
    const body = headers.get("content-encoding") === "gzip" ? await unzip(sent) : sent;
    return { method, path, headers, body };
  }

  /** Sends an answer. */
  async send(answer: Answer, how: Sending): Promise<void> {
    const body = new TextEncoder().encode(answer.body);
    const last = how.keep ? [] : [["Connection", "close"] as const];
    const headers = [...answer.headers.filter(([name]) => name !== "Connection"), ...last];
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const head = new TextEncoder().encode(
      `HTTP/1.1 ${answer.status} ${REASONS[answer.status] ?? "Unknown"}\r\n${lines}` +
        `Content-Length: ${body.length}\r\n\r\n`,
    );
    const shown = how.withBody ? body : new Uint8Array(0);
    const middle = how.pause === undefined ? shown.length : shown.length >> 1;
    await this.#write(concat([head, shown.subarray(0, middle)]));
    if (how.pause === undefined) return;
    await how.pause();
    await this.#write(shown.subarray(middle));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(await this.#conn.write(rest));
  }

  /** @returns Whether more came in. */
  #fill(): Promise<boolean> {
    this.#filling ??= this.#readOnce().finally(() => this.#filling = undefined);
    return this.#filling;
  }

  async #readOnce(): Promise<boolean> {
    if (this.#ended) return false;
    const chunk = new Uint8Array(65_536);
    const count = await this.#conn.read(chunk).catch(() => null);
    if (count === null) this.#ended = true;
    else this.#buffer = concat([this.#buffer, chunk.subarray(0, count)]);
    return !this.#ended;
  }

  async #readUntil(mark: string): Promise<string | undefined> {
    const decoder = new TextDecoder("latin1");
    for (;;) {
      const text = decoder.decode(this.#buffer);
      const end = text.indexOf(mark);
      if (end >= 0) {
        this.#buffer = this.#buffer.slice(end + mark.length);
        return text.slice(0, end);
      }
      if (!await this.#fill()) return undefined;
    }
  }

  async #readBytes(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let missing = length;
    while (missing > 0) {
      const part = this.#buffer.slice(0, missing);
      this.#buffer = this.#buffer.slice(part.length);
      parts.push(part);
      missing -= part.length;
      if (missing > 0 && !await this.#fill()) return undefined;
    }
    return concat(parts);
  }

  async #readChunks(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (;;) {
      const size = Number.parseInt(await this.#readUntil("\r\n") ?? "", 16);
      if (Number.isNaN(size)) return undefined;
      const part = await this.#readBytes(size);
      if (part === undefined || await this.#readUntil("\r\n") === undefined) return undefined;
      if (size === 0) return concat(parts);
      parts.push(part);
    }
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function unzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
