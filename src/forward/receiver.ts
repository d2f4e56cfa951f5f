/**
 * The remote `serve` that alerts are forwarded to: one request, and the meaning of its answer.
 *
 * @module
 */
import { type Answer, HttpClient, retryAfter } from "../http.ts";
import { isFields } from "../json.ts";

/** How to reach the remote `serve`. */
export interface ReceiverOptions {
  /** Without `/alerts`. */
  readonly url: string;
  /** Undefined: the request has none. A `serve` on the same machine may not ask for one. */
  readonly token: string | undefined;
  /** PEM text of the authority that issued its certificate; undefined: a public one did. */
  readonly caCertificate: string | undefined;
  /** How long one request may take, milliseconds. */
  readonly timeoutMs: number;
}

/** What became of alerts that were sent. Reasons are one line and hold no secret. */
export type Reply =
  /** They are stored there, except for the entries that are not alerts. */
  | {
    readonly kind: "accepted";
    readonly duplicate: number;
    /** How many of them became no attempt there, by reason. */
    readonly ignored: ReadonlyMap<string, number>;
    /** The entries that are not alerts, by their index from 0. */
    readonly bad: readonly { readonly index: number; readonly reason: string }[];
  }
  /** This batch is not accepted as it is; a single alert of it may be the reason. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nothing is accepted now. `afterMs`: it asked for a pause of so long. */
  | { readonly kind: "unavailable"; readonly reason: string; readonly afterMs?: number };

/** What alerts are sent to. */
export interface Receiver {
  /** @param lines one alert each */
  send(lines: readonly string[], now: number): Promise<Reply>;
  /** @returns why nothing can be sent; undefined: it is a `serve` that accepts our token */
  probe(now: number): Promise<string | undefined>;
}

/** Longest answer that is read, bytes. It names a hundred errors at most. */
const LONGEST_ANSWER = 1024 * 1024;

/** A remote `serve`, over connections that are kept alive. */
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
    // A `serve` refuses an empty body with the counts of its answers.
    if (answer.status === 400 && countsOf(answer.json) !== undefined) return undefined;
    const meaning = this.#meaningOf(answer, 0, now);
    if (meaning.kind !== "accepted") return meaning.reason;
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
    if (status >= 200 && status < 300) return this.#accepted(answer, sent);
    if (status < 400) {
      return unavailable(
        `${this.#host} answered ${status}: it has moved; set forward.url to its new address`,
      );
    }
    switch (status) {
      case 401:
        return unavailable(
          `${this.#host} answered 401${said}: put a token that it knows into the file that ` +
            "forward.token_file names",
        );
      case 403:
        return unavailable(`${this.#host} answered 403${said}: it does not admit this machine`);
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

  /** The batch was understood only if the counts add up. */
  #accepted({ status, json }: Answer, sent: number): Reply {
    const counts = countsOf(json);
    if (counts === undefined) return { kind: "unavailable", reason: this.#notOurs(status) };
    const { accepted, duplicate, ignored, bad, further } = counts;
    const reported = [...ignored.values()].reduce((sum, n) => sum + n, accepted + duplicate);
    if (reported !== sent) {
      const alerts = reported === 1 ? "alert" : "alerts";
      const reason =
        `${this.#host} answered ${status} and reported ${reported} ${alerts} for a batch of ${sent}`;
      return { kind: "refused", reason };
    }
    // It does not name all of them: smaller batches find the others.
    if (further > 0 || bad.some(({ index }) => index >= sent)) {
      const count = bad.length + further;
      const entries = count === 1 ? "entry" : "entries";
      const reason = `${this.#host} rejected ${count} ${entries} as not alerts`;
      return { kind: "refused", reason };
    }
    return { kind: "accepted", duplicate, ignored, bad };
  }

  #notOurs(status: number): string {
    return `${this.#host} answered ${status}, but not as a \`serve\` does; check forward.url`;
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

/** The counts in an answer of a `serve`; undefined: another program answered. */
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
