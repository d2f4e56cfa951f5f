/**
 * What the fake MISP received, and how much of it at one time.
 *
 * @module
 */
import type { RawRequest } from "./connection.ts";
import { parseJson } from "./input.ts";

/** A request as it was received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** As JSON; undefined when it is none. */
  readonly body: unknown;
  /** What was in `Authorization`. */
  readonly key: string;
  readonly headers: Headers;
  /** The status it was answered with; 0 when it was not (yet). */
  status: number;
}

/** All requests, in order. */
export class RequestLog {
  readonly requests: ReceivedRequest[] = [];
  maxInFlight = 0;
  maxInFlightPerEvent = 0;
  /** The events that the requests under way are about. */
  readonly #inFlight: string[] = [];
  #arrived = Promise.withResolvers<void>();
  readonly #isKept: boolean;

  /** @param isKept Whether requests stay in {@link requests}. */
  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  /**
   * Notes a request that came in.
   *
   * @param raw The request.
   * @returns Its entry, and what ends it.
   */
  begin(raw: RawRequest): { readonly request: ReceivedRequest } & Disposable {
    const request: ReceivedRequest = {
      method: raw.method,
      path: raw.path,
      body: parseJson(raw.body)?.value,
      key: raw.headers.get("authorization") ?? "",
      headers: raw.headers,
      status: 0,
    };
    const about = eventOf(request);
    this.#inFlight.push(about);
    this.maxInFlight = Math.max(this.maxInFlight, this.#inFlight.length);
    const same = this.#inFlight.filter((other) => about !== "" && other === about).length;
    this.maxInFlightPerEvent = Math.max(this.maxInFlightPerEvent, same);
    if (this.#isKept) this.requests.push(request);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
    const end = (): void => {
      this.#inFlight.splice(this.#inFlight.indexOf(about), 1);
    };
    return { request, [Symbol.dispose]: end };
  }

  /** Resolves when so many requests have been received in all. */
  async received(count: number): Promise<void> {
    while (this.requests.length < count) await this.#arrived.promise;
  }
}

/** The uuid of the event that a request is about; empty when it is about none. */
function eventOf(request: ReceivedRequest): string {
  const inPath = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(request.path)?.[0];
  const body = request.body as { Event?: { uuid?: unknown } } | undefined;
  return (inPath ?? String(body?.Event?.uuid ?? "")).toLowerCase();
}
