/**
 * HTTP to MISP: one request, one answer, nothing believed yet.
 *
 * @module
 */
import { faultPoint } from "../fault_point.ts";

/** What MISP answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

/** No answer: refused, cut off, timed out, or a certificate that does not check. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

/** An answer that is not read to its end: asked again, it would be as long. */
export class TooLong extends Error {
  override name = "TooLong";
}

/** How to reach an instance. */
export interface ClientOptions {
  readonly url: string;
  readonly apiKey: string;
  /** PEM text of an authority of the site's own. */
  readonly caCertificate: string | undefined;
  readonly timeoutMs: number;
}

/** Longest answer that is read, bytes: that of an event is far shorter. */
const LONGEST_ANSWER = 64 * 1024 * 1024;

/** How much of an answer is read at a time, bytes. */
const CHUNK = 32 * 1024;

/** A MISP instance, spoken to over kept-alive connections. */
export class MispClient implements Disposable {
  readonly #options: ClientOptions;
  readonly #base: string;
  readonly #http: Deno.HttpClient;
  /** What answers are read into: the stream would take a new 64 KiB for each read. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, "");
    const { caCertificate } = options;
    this.#http = Deno.createHttpClient(
      caCertificate === undefined ? {} : { caCerts: [caCertificate] },
    );
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }

  /**
   * Sends one request. Redirects are not followed: one to the login page means that the key was not
   * taken (docs/contracts/misp.md 8.1).
   *
   * @throws {Unreachable} when there was no whole answer in time
   * @throws {TooLong} when the answer has no end in sight
   */
  async request(method: "GET" | "POST", path: string, body?: string): Promise<Answer> {
    // AbortSignal.timeout() would hold on to each request until its time is over.
    const readTimeout = new AbortController();
    const timer = setTimeout(() => readTimeout.abort(timedOut()), this.#options.timeoutMs);
    const init: RequestInit & { client: Deno.HttpClient } = {
      method,
      headers: {
        "Authorization": this.#options.apiKey,
        "Accept": "application/json",
        "Content-Type": "application/json",
      },
      redirect: "manual",
      signal: readTimeout.signal,
      client: this.#http,
      ...(body === undefined ? {} : { body }),
    };
    try {
      const response = await fetch(this.#base + path, init);
      faultPoint("http-sent-before-response");
      const text = await this.#readText(response);
      const json = parse(this.#withoutKey(text));
      return { status: response.status, headers: response.headers, json };
    } catch (error) {
      if (error instanceof TooLong) throw error;
      throw new Unreachable(this.#explain(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #readText(response: Response): Promise<string> {
    if (response.body === null) return "";
    const reader = response.body.getReader({ mode: "byob" });
    const decoder = new TextDecoder();
    let buffer = this.#spare.pop() ?? new Uint8Array(CHUNK);
    let text = "";
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read(buffer);
      if (value === undefined) return text;
      buffer = new Uint8Array(value.buffer);
      if (done) break;
      bytes += value.length;
      if (bytes > LONGEST_ANSWER) {
        await reader.cancel();
        throw new TooLong(`the answer is longer than ${LONGEST_ANSWER / 1024 / 1024} MiB`);
      }
      text += decoder.decode(value, { stream: true });
    }
    this.#spare.push(buffer);
    return text + decoder.decode();
  }

  /** What is said of an answer reaches logs and screens, and a proxy may repeat what it was sent. */
  #withoutKey(text: string): string {
    const { apiKey } = this.#options;
    return text.includes(apiKey) ? text.replaceAll(apiKey, "(key)") : text;
  }

  #explain(error: unknown): string {
    const host = new URL(this.#base).host;
    if (error instanceof Deno.errors.NotCapable) {
      return `this binary may not connect to ${host}; compile it with --misp-host ${host}`;
    }
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return `MISP at ${host} did not answer within ${this.#options.timeoutMs / 1000} s`;
    }
    const message = error instanceof Error ? causeOf(error) : String(error);
    return `MISP at ${host} cannot be reached: ${message}`;
  }
}

function timedOut(): DOMException {
  return new DOMException("The answer took too long", "TimeoutError");
}

/** The innermost message says what happened; the outer ones repeat the address. */
function causeOf(error: Error): string {
  const inner = error.cause instanceof Error ? causeOf(error.cause) : error.message;
  return inner.replaceAll(/\s+/g, " ").slice(0, 200);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
