/**
 * What can go wrong between a client and MISP, on order.
 *
 * @module
 */
import { type Answer, exception, html, internalError, loginRedirect } from "./answers.ts";
import { rateLimited, wrongKey } from "./answers.ts";
import type { Meddling } from "./call.ts";
import type { Fields } from "./input.ts";

/** Limits a fault to some requests. */
export interface FaultScope {
  /** Only requests whose path matches. */
  readonly on?: RegExp;
  /** Only requests whose body matches. */
  readonly saying?: RegExp;
}

/** What goes wrong. */
export type FaultKind =
  /** 500 as MISP answers it; nothing is stored. */
  | { readonly kind: "internal-error" }
  /** 500 for this request, and again for every request with the same path and body. */
  | { readonly kind: "same-body-500" }
  /** MISP stores the event and so many attributes, then breaks down: 500. */
  | { readonly kind: "partial-500"; readonly attributes: number }
  /** An HTML page of the proxy in front; nothing is stored. */
  | { readonly kind: "gateway"; readonly status: 502 | 503 | 504 }
  /** 413 with the proxy's HTML page. */
  | { readonly kind: "too-large" }
  /** 429 with X-Rate-Limit headers (default: 5 requests, 900 seconds). */
  | { readonly kind: "rate-limit"; readonly limit?: number; readonly reset?: number }
  /** 302 to the login page. */
  | { readonly kind: "login-redirect" }
  /** 403 as for a wrong key. */
  | { readonly kind: "wrong-key" }
  /** 403 as for an event of another organisation. */
  | { readonly kind: "not-authorised" }
  /** No answer until `release()`; stored first if asked so, else only then. */
  | { readonly kind: "hang"; readonly stored?: boolean }
  /** Stored; half of the answer, the rest after `release()`. */
  | { readonly kind: "hang-body" }
  /** Connection closed; nothing is stored. */
  | { readonly kind: "close" }
  /** Stored; connection closed without an answer. */
  | { readonly kind: "lost-answer" }
  /** Stored; connection closed in the middle of the answer. */
  | { readonly kind: "cut-body" }
  /**
   * 200, but an attribute or object that was sent is neither stored nor in the answer: the first
   * attribute, or those whose uuid, value or name matches.
   */
  | { readonly kind: "drop"; readonly what?: RegExp }
  /** 200 with an HTML page; nothing is stored. */
  | { readonly kind: "html" }
  /** Stored; 200 with JSON that stops in the middle. */
  | { readonly kind: "broken-json" }
  /** Stored; answered after so many milliseconds. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Stored; 200 with a JSON body of at least so many bytes. */
  | { readonly kind: "huge-body"; readonly bytes: number };

/** What goes wrong, and where. */
export type Fault = FaultKind & FaultScope;

/** How to answer a request. */
export interface Delivery {
  /** A function is called when the time comes; undefined: the connection is closed instead. */
  readonly answer: Answer | (() => Answer) | undefined;
  /** Wait for `release()` before the answer, or in the middle of it. */
  readonly hang?: "before" | "inside";
  /** Close the connection in the middle of the answer. */
  readonly cut?: boolean;
  /** Wait so long before the answer. */
  readonly delayMs?: number;
}

/**
 * Lets a fault happen to a request.
 *
 * @param fault The fault.
 * @param url The path asked for.
 * @param baseUrl The instance's own address.
 * @param handle Does what was asked for.
 * @returns How to answer.
 */
export function suffer(
  fault: FaultKind,
  url: string,
  baseUrl: string,
  handle: (meddling?: Meddling) => Answer,
): Delivery {
  switch (fault.kind) {
    case "internal-error":
    case "same-body-500":
      return { answer: internalError(url) };
    case "partial-500":
      return { answer: handle({ attributesUntilBroken: fault.attributes }) };
    case "gateway":
      return { answer: html(fault.status, GATEWAY[fault.status]) };
    case "too-large":
      return { answer: html(413, "413 Request Entity Too Large") };
    case "rate-limit":
      return { answer: rateLimited(url, fault.limit ?? 5, fault.reset ?? 900) };
    case "login-redirect":
      return { answer: loginRedirect(baseUrl) };
    case "wrong-key":
      return { answer: wrongKey(url) };
    case "not-authorised":
      return { answer: exception(403, "You are not authorised to do that.", url) };
    case "hang":
      return { answer: fault.stored === true ? handle() : handle, hang: "before" };
    case "hang-body":
      return { answer: handle(), hang: "inside" };
    case "close":
      return { answer: undefined };
    case "lost-answer":
      handle();
      return { answer: undefined };
    case "cut-body":
      return { answer: handle(), cut: true };
    case "drop":
      return { answer: handle({ loses: loserOf(fault.what) }) };
    case "html":
      return { answer: html(200, "Welcome to nginx!") };
    case "broken-json": {
      const answer = handle();
      return { answer: { ...answer, body: answer.body.slice(0, answer.body.length >> 1) } };
    }
    case "slow":
      return { answer: handle(), delayMs: fault.ms };
    case "huge-body": {
      const answer = handle();
      return { answer: { ...answer, body: `${" ".repeat(fault.bytes)}${answer.body}` } };
    }
  }
}

const GATEWAY = {
  502: "502 Bad Gateway",
  503: "503 Service Temporarily Unavailable",
  504: "504 Gateway Time-out",
} as const;

function loserOf(what: RegExp | undefined): (sent: Fields) => boolean {
  let lost = false;
  return (sent) => {
    if (what !== undefined) {
      return [sent.uuid, sent.value, sent.name].some((text) => what.test(String(text ?? "")));
    }
    if (lost || !("value" in sent)) return false;
    lost = true;
    return true;
  };
}

/** The faults still to come. */
export class FaultQueue {
  readonly #once: Fault[] = [];
  readonly #every: { readonly n: number; readonly fault: Fault; seen: number }[] = [];
  readonly #cursed: Set<string> = new Set();

  /** Each next request that fits takes one. */
  add(...faults: Fault[]): void {
    this.#once.push(...faults);
  }

  /** Every n-th request that fits takes it. */
  addEvery(n: number, fault: Fault): void {
    this.#every.push({ n, fault, seen: 0 });
  }

  /** Forgets all faults. */
  clear(): void {
    this.#once.length = 0;
    this.#every.length = 0;
    this.#cursed.clear();
  }

  /** @returns How many one-time faults wait. */
  get waiting(): number {
    return this.#once.length;
  }

  /**
   * The fault a request takes, if any.
   *
   * @param path The request's path.
   * @param body The request's body, to know it again.
   * @returns The fault.
   */
  take(path: string, body: string): Fault | undefined {
    const fits = ({ on, saying }: Fault): boolean =>
      (on === undefined || on.test(path)) && (saying === undefined || saying.test(body));
    const identity = `${path}\n${body}`;
    if (this.#cursed.has(identity)) return { kind: "internal-error" };
    const at = this.#once.findIndex(fits);
    const [first] = at < 0 ? [] : this.#once.splice(at, 1);
    let taken = first;
    for (const every of this.#every) {
      if (!fits(every.fault)) continue;
      every.seen++;
      if (every.seen % every.n === 0) taken ??= every.fault;
    }
    if (taken?.kind === "same-body-500") this.#cursed.add(identity);
    return taken;
  }
}
