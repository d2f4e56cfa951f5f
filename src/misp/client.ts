/**
 * Requests to a MISP instance.
 *
 * @module
 */
import { type Answer, type Failure, HttpClient, type HttpProxy, TooLong } from "../http.ts";

/** There is no answer: refused, cut off, timed out, or a certificate that is not trusted. */
export class Unreachable extends Error {
  override name = "Unreachable";
  /** Whether the same request may be answered a moment later. */
  readonly mayPass: boolean;

  constructor(message: string, options: ErrorOptions & { readonly mayPass?: boolean } = {}) {
    super(message, options);
    this.mayPass = options.mayPass ?? false;
  }
}

/** How to reach an instance. */
export interface ClientOptions {
  readonly url: string;
  readonly apiKey: string;
  /** PEM text of an authority of the site's own. */
  readonly caCertificate: string | undefined;
  readonly timeoutMs: number;
  /** Undefined: MISP is reached directly. */
  readonly proxy?: HttpProxy | undefined;
}

/** What the runtime says when a proxy refuses `CONNECT`, and when it asks for a login. */
const REFUSED_BY_PROXY = /tunnel/i;
const LOGIN_AT_PROXY = /proxy auth/i;

/** The longest answer that is read, bytes: an event's answer is far shorter. */
const LONGEST_ANSWER = 64 * 1024 * 1024;

/** A MISP instance, reached over connections that are kept alive. */
export class MispClient implements Disposable {
  readonly #options: ClientOptions;
  readonly #base: string;
  readonly #http: HttpClient;
  #isClosed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, "");
    const { apiKey, caCertificate, proxy } = options;
    this.#http = new HttpClient({
      proxy,
      caCertificate,
      timeoutMs: () => options.timeoutMs,
      longestAnswer: LONGEST_ANSWER,
      secret: { text: apiKey, shownAs: "(key)" },
    });
  }

  /** How long a request may take until its answer is read, milliseconds. */
  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#http[Symbol.dispose]();
  }

  /**
   * Sends one request. It does not follow redirects: one to the login page means that MISP did not
   * accept the key (docs/contracts/misp.md 8.1).
   *
   * @param timeoutMs how long it may take, milliseconds; that of the options by default
   * @throws {Unreachable} when there is no whole answer in time
   * @throws {TooLong} when the answer is longer than 64 MiB
   */
  async request(
    method: "GET" | "POST",
    path: string,
    body?: string,
    timeoutMs = this.timeoutMs,
  ): Promise<Answer> {
    const headers = {
      "Authorization": this.#options.apiKey,
      "Accept": "application/json",
      "Content-Type": "application/json",
    };
    try {
      return await this.#http.request({ method, url: this.#base + path, headers, body, timeoutMs });
    } catch (error) {
      if (error instanceof TooLong) throw error;
      const failure = this.#http.failureOf(error);
      const ofProxy = this.#explainProxy(failure);
      const mayPass = failure.kind === "failed" && ofProxy === undefined && !this.#isClosed;
      throw new Unreachable(ofProxy ?? this.#explain(failure), { cause: error, mayPass });
    }
  }

  /** Undefined: it is not the proxy that does not let us through. */
  #explainProxy(failure: Failure): string | undefined {
    const { proxy } = this.#options;
    if (proxy === undefined) return undefined;
    const { host } = new URL(this.#base);
    const proxyHost = new URL(proxy.url).host;
    if (failure.kind === "not_permitted" && this.#http.isProxyForbidden) {
      return `this binary may not connect to the proxy ${proxyHost}; compile it with --misp-proxy ` +
        proxyHost;
    }
    if (failure.kind !== "failed") return undefined;
    if (LOGIN_AT_PROXY.test(failure.reason)) {
      return `the proxy ${proxyHost} asks for another user or password; put USER:PASSWORD into the ` +
        "file that misp.proxy_auth_file names";
    }
    if (REFUSED_BY_PROXY.test(failure.reason)) {
      return `the proxy ${proxyHost} does not connect to ${host}; have it allow CONNECT to there`;
    }
    return undefined;
  }

  #explain(failure: Failure): string {
    const { host } = new URL(this.#base);
    const { proxy } = this.#options;
    switch (failure.kind) {
      case "not_permitted":
        return `this binary may not connect to ${host}; compile it with --misp-host ${host}`;
      case "timed_out":
        return `MISP at ${host} did not answer within ${this.#options.timeoutMs / 1000} s`;
      case "failed":
        if (proxy !== undefined) {
          const by = new URL(proxy.url).host;
          return `MISP at ${host} cannot be reached by the proxy ${by}: ${failure.reason}`;
        }
        return `MISP at ${host} cannot be reached: ${failure.reason}`;
    }
  }
}
