/**
 * One HTTP request and its answer: in time, of a limited length, and nothing believed yet.
 *
 * @module
 */
import { HOUR, SECOND } from "./clock.ts";
import { faultPoint } from "./fault_point.ts";
import { secretMask } from "./secret_mask.ts";

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as JSON; undefined when it is not JSON. */
  readonly json: unknown;
  /** The beginning of a body that is not JSON, without the secret. */
  readonly text?: string;
}

/** A request. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
  /** How long it may take until its answer is read, milliseconds; that of the options by default. */
  readonly timeoutMs?: number | undefined;
}

/** A proxy that a site names; those of the environment are never used (docs/security.md). */
export interface HttpProxy {
  /** `http://HOST:PORT`. */
  readonly url: string;
  /** `USER:PASSWORD`; undefined: it asks for none. */
  readonly credentials: string | undefined;
}

/** How a server is reached. */
export interface HttpOptions {
  /** By `CONNECT` where the server speaks TLS. Undefined: without a proxy. */
  readonly proxy?: HttpProxy | undefined;
  /** PEM text of an authority of the site's own. */
  readonly caCertificate: string | undefined;
  /** How long a request may take until its answer is read, milliseconds. */
  readonly timeoutMs: () => number;
  /** The longest answer that is read, bytes. */
  readonly longestAnswer: number;
  /** A text that must not appear in an answer or an error, and what stands there instead. */
  readonly secret: { readonly text: string; readonly shownAs: string } | undefined;
}

/** Why a request has no answer. */
export type Failure =
  /** The program's own permissions do not allow this host. */
  | { readonly kind: "not_permitted" }
  | { readonly kind: "timed_out" }
  /** The reason is one line. */
  | { readonly kind: "failed"; readonly reason: string };

/** An answer that is longer than the limit: it would be as long if it were asked for again. */
export class TooLong extends Error {
  override name = "TooLong";
}

/** How much of an answer is read at a time, bytes. */
const CHUNK = 32 * 1024;

const MIB = 1024 * 1024;

/** How much of a body that is not JSON is kept, characters: the title of a page is in it. */
const LONGEST_TEXT = 4096;

/** A character of JSON that needs no escape, in an escape. */
const ESCAPED_ASCII = /\\(?:u00[2-7]|\/)/i;

/** A client that keeps its connections alive. */
export class HttpClient implements Disposable {
  readonly #options: HttpOptions;
  /** What the runtime said instead where the proxy is not permitted. */
  readonly #http: Deno.HttpClient | Deno.errors.NotCapable;
  /** Answers reach logs and screens, and a proxy may repeat in one what it was sent. */
  readonly #withoutSecret: (text: string) => string;
  /** Buffers that answers are read into: the stream would allocate 64 KiB for each read. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  constructor(options: HttpOptions) {
    this.#options = options;
    const { secret, proxy } = options;
    const masks = [
      ...(secret === undefined ? [] : [secretMask(secret.text, secret.shownAs)]),
      ...proxySecrets(proxy).map((text) => secretMask(text, "(proxy's password)")),
    ];
    this.#withoutSecret = (text) => masks.reduce((masked, mask) => mask(masked), text);
    this.#http = createClient(options);
  }

  [Symbol.dispose](): void {
    if (!(this.#http instanceof Error)) this.#http.close();
  }

  /** Whether the program's own permissions do not allow the proxy. */
  get isProxyForbidden(): boolean {
    return this.#http instanceof Error;
  }

  /**
   * Sends one request. It does not follow redirects: the secret is for this address and no other.
   *
   * @throws {TooLong} when the answer exceeds the limit
   * @throws what `fetch` throws when there is no whole answer in time; `failureOf()` says which it is
   */
  async request({ method, url, headers, body, timeoutMs }: HttpRequest): Promise<Answer> {
    if (this.#http instanceof Error) throw this.#http;
    // AbortSignal.timeout() would hold on to each request until its time is over.
    const readTimeout = new AbortController();
    const timer = setTimeout(
      () => readTimeout.abort(new DOMException("The answer took too long", "TimeoutError")),
      timeoutMs ?? this.#options.timeoutMs(),
    );
    const init: RequestInit & { client: Deno.HttpClient } = {
      method,
      headers,
      redirect: "manual",
      signal: readTimeout.signal,
      client: this.#http,
      ...(body === undefined ? {} : { body }),
    };
    try {
      const response = await fetch(url, init);
      faultPoint("http-sent-before-response");
      const body = await this.#textOf(response);
      const json = this.#parsed(body);
      const answer = { status: response.status, headers: this.#headersOf(response), json };
      if (json !== undefined) return answer;
      // Masked before it is cut: half of a secret would not be found.
      const text = this.#withoutSecret(body.slice(0, 2 * LONGEST_TEXT)).slice(0, LONGEST_TEXT);
      return { ...answer, text };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Classifies what `request()` threw. */
  failureOf(error: unknown): Failure {
    if (error instanceof Deno.errors.NotCapable) return { kind: "not_permitted" };
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return { kind: "timed_out" };
    }
    return { kind: "failed", reason: this.#withoutSecret(innermostReason(error)) };
  }

  async #textOf(response: Response): Promise<string> {
    if (response.body === null) return "";
    const { longestAnswer } = this.#options;
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
      if (bytes > longestAnswer) {
        await reader.cancel();
        throw new TooLong(`the answer exceeds ${longestAnswer / MIB} MiB`);
      }
      text += decoder.decode(value, { stream: true });
    }
    this.#spare.push(buffer);
    return text + decoder.decode();
  }

  #parsed(text: string): unknown {
    const json = parse(this.#withoutSecret(text));
    // Escapes may hide what would be found in plain text.
    return ESCAPED_ASCII.test(text) && json !== undefined
      ? parse(this.#withoutSecret(JSON.stringify(json)))
      : json;
  }

  /** Reports say where a redirect leads, and what answered. */
  #headersOf({ headers }: Response): Headers {
    const masked = new Headers(headers);
    for (const name of ["Location", "Server"]) {
      const value = headers.get(name);
      if (value !== null) masked.set(name, this.#withoutSecret(value));
    }
    return masked;
  }
}

function createClient(
  { caCertificate, proxy }: HttpOptions,
): Deno.HttpClient | Deno.errors.NotCapable {
  const [username = "", ...rest] = proxy?.credentials?.split(":") ?? [];
  const basicAuth = proxy?.credentials === undefined
    ? {}
    : { basicAuth: { username, password: rest.join(":") } };
  try {
    return Deno.createHttpClient({
      ...(caCertificate === undefined ? {} : { caCerts: [caCertificate] }),
      ...(proxy === undefined ? {} : { proxy: { url: proxy.url, ...basicAuth } }),
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return error;
    throw error;
  }
}

/** A password of fewer characters occurs by chance. */
const SHORTEST_PASSWORD = 6;

function proxySecrets(proxy: HttpProxy | undefined): readonly string[] {
  const { credentials } = proxy ?? {};
  if (credentials === undefined) return [];
  const password = credentials.slice(credentials.indexOf(":") + 1);
  return password.length < SHORTEST_PASSWORD ? [credentials] : [credentials, password];
}

/** The innermost message says what happened; the outer ones repeat the address. */
function innermostReason(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  const message = inner instanceof Error ? inner.message : String(inner);
  return message.replaceAll(/\s+/g, " ").slice(0, 200);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The longest pause that an answer may ask for, milliseconds. A longer one would look like one that a
 * clock asked for which was set back since.
 */
export const LONGEST_PAUSE_MS = HOUR;

/**
 * The pause that `Retry-After` asks for, by seconds or by a date.
 *
 * @param now milliseconds UTC
 * @returns milliseconds, at most `LONGEST_PAUSE_MS`; undefined when the answer asks for none
 */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const asked = headers.get("Retry-After") ?? "";
  const pauseMs = /^\s*\d+\s*$/.test(asked) ? Number(asked) * SECOND : Date.parse(asked) - now;
  return pauseMs > 0 ? Math.min(pauseMs, LONGEST_PAUSE_MS) : undefined;
}
