/**
 * Requests to a MISP instance.
 *
 * @module
 */
import { type Answer, type Failure, HttpClient, TooLong } from "../http.ts";

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
}

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
    const { apiKey, caCertificate } = options;
    this.#http = new HttpClient({
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
      const mayPass = failure.kind === "failed" && !this.#isClosed;
      throw new Unreachable(this.#explain(failure), { cause: error, mayPass });
    }
  }

  #explain(failure: Failure): string {
    const { host } = new URL(this.#base);
    switch (failure.kind) {
      case "not_permitted":
        return `this binary may not connect to ${host}; compile it with --misp-host ${host}`;
      case "timed_out":
        return `MISP at ${host} did not answer within ${this.#options.timeoutMs / 1000} s`;
      case "failed":
        return `MISP at ${host} cannot be reached: ${failure.reason}`;
    }
  }
}
