/**
 * The webhook: one request, and whether it was accepted, was not, or may have been.
 *
 * @module
 */
import { SECOND } from "../clock.ts";
import { HttpClient, retryAfter, TooLong } from "../http.ts";
import type { Message } from "./message.ts";

/** What became of a message. Reasons are one line and hold no secret. */
export type Sent =
  | { readonly kind: "accepted" }
  /** It did not arrive, or was not accepted. `afterMs`: the receiver asked for a pause of so long. */
  | { readonly kind: "not_accepted"; readonly reason: string; readonly afterMs?: number }
  /** It was sent, and there is no answer. */
  | { readonly kind: "unknown"; readonly reason: string };

/** What messages are sent to. */
export interface Receiver {
  /** Looks, before anything is sent, whether it can be reached. @returns why it cannot */
  reach(): Promise<string | undefined>;
  /** @param key the same for the same login, whoever sends it */
  send(message: Message, key: string, now: number): Promise<Sent>;
}

/** How to reach a webhook. */
export interface WebhookOptions {
  /** Its path and query may be secret. */
  readonly url: string;
  /** PEM text of the authority that issued its certificate; undefined: a public one did. */
  readonly caCertificate: string | undefined;
  /** How long one request may take, milliseconds. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10 * SECOND;
/** Longest answer that is read, bytes: chats answer `ok`. */
const LONGEST_ANSWER = 64 * 1024;

/** A request of which nothing was sent. */
const NOT_SENT = /client error \(Connect\)|are blocked/;

/** A webhook over HTTP. Redirects are not followed: the message is for this address and no other. */
export class Webhook implements Receiver {
  readonly #options: WebhookOptions;
  readonly #url: URL;
  readonly #timeoutMs: number;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  async reach(): Promise<string | undefined> {
    const { hostname, port, protocol, host } = this.#url;
    const connecting = Deno.connect({
      hostname: hostname.replaceAll(/^\[|\]$/g, ""),
      port: Number(port || (protocol === "https:" ? 443 : 80)),
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#timeoutMs);
    });
    try {
      const connection = await Promise.race([connecting, late]);
      if (connection === undefined) {
        connecting.then((one) => one.close(), () => undefined);
        return `${host} cannot be reached within ${this.#timeoutMs / SECOND} s`;
      }
      connection.close();
      return undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) return this.#notPermitted();
      return `${host} cannot be reached`;
    } finally {
      clearTimeout(timer);
    }
  }

  async send({ contentType, body }: Message, key: string, now: number): Promise<Sent> {
    using http = this.#client();
    const { host, href: url } = this.#url;
    try {
      const { status, headers } = await http.request({
        ...{ method: "POST", url, body },
        headers: { "Content-Type": contentType, "Idempotency-Key": key },
      });
      if (status >= 200 && status < 300) return { kind: "accepted" };
      const reason = status < 400
        ? `${host} answered ${status}: redirects are not followed; set notify.webhook_url to ` +
          "the new address"
        : `${host} answered ${status}; check notify.webhook_url`;
      const afterMs = retryAfter(headers, now);
      return { kind: "not_accepted", reason, ...(afterMs === undefined ? {} : { afterMs }) };
    } catch (error) {
      return this.#meaningOf(error, http);
    }
  }

  #meaningOf(error: unknown, http: HttpClient): Sent {
    const { host } = this.#url;
    if (error instanceof TooLong) {
      return { kind: "unknown", reason: `${host} sent an answer that is too long` };
    }
    const failure = http.failureOf(error);
    switch (failure.kind) {
      case "not_permitted":
        return { kind: "not_accepted", reason: this.#notPermitted() };
      case "timed_out":
        return {
          kind: "unknown",
          reason: `${host} did not answer within ${this.#timeoutMs / SECOND} s`,
        };
      case "failed":
        return NOT_SENT.test(wholeText(error))
          ? { kind: "not_accepted", reason: `${host} cannot be reached: ${failure.reason}` }
          : { kind: "unknown", reason: `${host} did not answer: ${failure.reason}` };
    }
  }

  #client(): HttpClient {
    const { pathname, search } = this.#url;
    const secret = pathname + search;
    return new HttpClient({
      caCertificate: this.#options.caCertificate,
      timeoutMs: () => this.#timeoutMs,
      longestAnswer: LONGEST_ANSWER,
      secret: secret.length < 2 ? undefined : { text: secret, shownAs: "/(secret)" },
    });
  }

  #notPermitted(): string {
    const { host } = this.#url;
    return `this binary may not connect to ${host}; compile it with --notify-host ${host}`;
  }
}

/** What an error and its causes say; the runtimes put it into different ones of them. */
function wholeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message} ${error.cause === undefined ? "" : wholeText(error.cause)}`;
}
