/**
 * The remote `serve` that alerts are forwarded to: one request, and what its answer means.
 *
 * @module
 */
import { type Answer, HttpClient, retryAfter } from "../http.ts";
import { isFields } from "../json.ts";

/** How to reach it. */
export interface ReceiverOptions {
  /** Without `/alerts`. */
  readonly url: string;
  /** Undefined: none is shown; on its own machine a `serve` may want none. */
  readonly token: string | undefined;
  /** PEM text of an authority of the site's own. */
  readonly caCertificate: string | undefined;
  /** How long one request may take, milliseconds. */
  readonly timeoutMs: number;
}

/** What came of alerts that were sent. Reasons are one line and hold no secret. */
export type Reply =
  /** They are stored there, but for the ones that are none; those by their place, from 0. */
  | {
    readonly kind: "taken";
    readonly duplicate: number;
    /** Those that became no attempt there, by reason. */
    readonly ignored: ReadonlyMap<string, number>;
    readonly bad: readonly { readonly index: number; readonly reason: string }[];
  }
  /** Not these, not so: one of them may be the trouble. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nothing is taken now. `afterMs`: it said how long to stay away. */
  | { readonly kind: "unavailable"; readonly reason: string; readonly afterMs?: number };

/** What alerts are sent to. */
export interface Receiver {
  /** @param lines one alert each */
  send(lines: readonly string[], now: number): Promise<Reply>;
  /** What is wrong between here and there; undefined: it is a `serve`, and takes our token. */
  probe(now: number): Promise<string | undefined>;
}

/** Longest answer that is read, bytes: it has a hundred errors at most. */
const LONGEST_ANSWER = 1024 * 1024;

/** A `serve`, spoken to over kept-alive connections. */
export class HttpReceiver implements Receiver, Disposable {
  readonly #options: ReceiverOptions;
  readonly #address: string;
  readonly #host: string;
  readonly #http: HttpClient;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#address = `${options.url.replace(/\/+$/, "")}/alerts`;
    this.#host = new URL(this.#address).host;
    const { token, caCertificate, timeoutMs } = options;
    this.#http = new HttpClient({
      caCertificate,
      timeoutMs,
      longestAnswer: LONGEST_ANSWER,
      secret: token === undefined ? undefined : { text: token, shownAs: "(token)" },
    });
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  async send(lines: readonly string[], now: number): Promise<Reply> {
    const text = new Blob([lines.join("\n"), "\n"]).stream();
    const packed = new Response(text.pipeThrough(new CompressionStream("gzip")));
    const answer = await this.#post(await packed.bytes(), { "Content-Encoding": "gzip" });
    return typeof answer === "string"
      ? { kind: "unavailable", reason: answer }
      : this.#meaningOf(answer, lines.length, now);
  }

  async probe(now: number): Promise<string | undefined> {
    const answer = await this.#post(new Uint8Array(), {});
    if (typeof answer === "string") return answer;
    // Nothing is no alert, says who reads alerts.
    if (answer.status === 400 && countsOf(answer.json) !== undefined) return undefined;
    const meaning = this.#meaningOf(answer, 0, now);
    if (meaning.kind !== "taken") return meaning.reason;
    return this.#notOurs(answer.status);
  }

  /** @returns the answer, or why there was none */
  async #post(
    body: Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer | string> {
    const { token } = this.#options;
    try {
      return await this.#http.request({
        method: "POST",
        url: this.#address,
        headers: {
          ...headers,
          ...(token === undefined ? {} : { "Authorization": `Bearer ${token}` }),
          "Accept": "application/json",
          "Content-Type": "application/x-ndjson",
        },
        body,
      });
    } catch (error) {
      return this.#explain(error);
    }
  }

  #meaningOf(answer: Answer, sent: number, now: number): Reply {
    const { status, headers, json } = answer;
    const said = messageOf(json);
    const unavailable = (reason: string): Reply => {
      const afterMs = retryAfter(headers, now);
      return { kind: "unavailable", reason, ...(afterMs === undefined ? {} : { afterMs }) };
    };
    if (status >= 200 && status < 300) return this.#taken(answer, sent);
    if (status < 400) {
      return unavailable(
        `${this.#host} answered ${status}, it has moved: set forward.url to where it is`,
      );
    }
    switch (status) {
      case 401:
        return unavailable(
          `${this.#host} answered 401${said}: put a token that it knows into the file that ` +
            "forward.token_file names",
        );
      case 403:
        return unavailable(`${this.#host} answered 403${said}: it does not let this machine in`);
      case 404:
      case 405:
        return unavailable(
          `${this.#host} answered ${status}${said}: forward.url must be the address of a \`serve\``,
        );
      case 408:
      case 425:
      case 429:
        return unavailable(`${this.#host} answered ${status}${said}`);
    }
    if (status >= 500) return unavailable(`${this.#host} answered ${status}${said}`);
    const [bad] = countsOf(json)?.bad ?? [];
    const why = said === "" && bad !== undefined ? `: ${bad.reason}` : said;
    return { kind: "refused", reason: `${this.#host} answered ${status}${why}` };
  }

  /** Only what adds up was understood. */
  #taken({ status, json }: Answer, sent: number): Reply {
    const counts = countsOf(json);
    if (counts === undefined) return { kind: "unavailable", reason: this.#notOurs(status) };
    const { accepted, duplicate, ignored, bad, further } = counts;
    const told = [...ignored.values()].reduce((sum, n) => sum + n, accepted + duplicate);
    if (told !== sent) {
      const reason =
        `${this.#host} answered ${status} and told of ${told} alerts, sent were ${sent}`;
      return { kind: "refused", reason };
    }
    // More are none than it names: of fewer it names all.
    if (further > 0 || bad.some(({ index }) => index >= sent)) {
      return { kind: "refused", reason: `${this.#host} found ${bad.length + further} no alerts` };
    }
    return { kind: "taken", duplicate, ignored, bad };
  }

  #notOurs(status: number): string {
    return `${this.#host} answered ${status}, but not as a \`serve\` does: is forward.url right?`;
  }

  #explain(error: unknown): string {
    const failure = this.#http.failureOf(error);
    switch (failure.kind) {
      case "not_permitted":
        return `this binary may not connect to ${this.#host}; compile it with --forward-host ` +
          this.#host;
      case "timed_out":
        return `${this.#host} did not answer within ${this.#options.timeoutMs / 1000} s`;
      case "failed":
        return `${this.#host} cannot be reached: ${failure.reason}`;
    }
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && value as number >= 0;

/** What an answer of a `serve` counts; undefined: it is none. */
function countsOf(json: unknown) {
  if (!isFields(json)) return undefined;
  const { accepted, duplicate, ignored, errors, further_errors: further = 0 } = json;
  if (!isCount(accepted) || !isCount(duplicate) || !isCount(further)) return undefined;
  if (!isFields(ignored) || !Array.isArray(errors)) return undefined;
  const reasons = Object.entries(ignored);
  if (!reasons.every((entry): entry is [string, number] => isCount(entry[1]))) return undefined;
  const bad: { readonly index: number; readonly reason: string }[] = [];
  for (const error of errors as readonly unknown[]) {
    if (!isFields(error) || !isCount(error.index)) return undefined;
    bad.push({ index: error.index, reason: String(error.reason).slice(0, 100) });
  }
  return { accepted, duplicate, ignored: new Map(reasons), bad, further };
}

function messageOf(json: unknown): string {
  const error = isFields(json) ? json.error : undefined;
  return typeof error === "string" ? `: ${error.replaceAll(/\s+/g, " ").slice(0, 200)}` : "";
}
