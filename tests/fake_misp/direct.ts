/**
 * Requests to a fake MISP without a socket in between: for simulations of hundreds of thousands.
 *
 * @module
 */
import type { Answer } from "../../src/http.ts";
import type { Requests } from "../../src/misp/line/retries.ts";
import type { FakeMisp } from "./server.ts";

/** Sends requests straight to an instance, which must not fail on order. */
export class DirectRequests implements Requests {
  readonly timeoutMs = 10_000;
  readonly #misp: FakeMisp;
  readonly #key: string;

  /**
   * @param misp The instance.
   * @param key Whose requests they are.
   */
  constructor(misp: FakeMisp, key: string) {
    this.#misp = misp;
    this.#key = key;
  }

  request(method: "GET" | "POST", path: string, body = ""): Promise<Answer> {
    const answer = this.#misp.answer({
      ...{ method, path, body: new TextEncoder().encode(body) },
      headers: new Headers({
        "authorization": this.#key,
        "accept": "application/json",
        "content-type": "application/json",
      }),
    });
    return Promise.resolve({
      status: answer.status,
      headers: new Headers(answer.headers.map(([name, value]): [string, string] => [name, value])),
      json: JSON.parse(answer.body),
    });
  }
}
