/**
 * Requests about events, and what a failed one means for the report that it was sent for.
 *
 * @module
 */
import type { Outcome } from "../sink.ts";
import type { Answer } from "../http.ts";
import { type Meaning, meaningOf } from "./answers.ts";
import { type MispClient, Unreachable } from "./client.ts";
import type { MispEvent } from "./event.ts";
import type { MispUpdate } from "./update.ts";

/** An event as MISP returned it. */
export type StoredFields = Extract<Meaning, { kind: "stored" }>["event"];

/** The result of a step: notes to go on with, or an outcome that ends the delivery. */
export type Step = { readonly notes: readonly string[] } | End;

/** The end of a delivery. */
export interface End {
  readonly end: Outcome;
  /** The event as MISP has it, when it left something out. */
  readonly returned?: StoredFields;
}

/** The end of a delivery that MISP would refuse again. */
export function refused(reason: string): End {
  return { end: { kind: "refused", reason } };
}

/** Tries after which a 500 for the same body is a refusal, while the instance itself works. */
const MOST_FAILURES = 3;

/** The requests of one delivery. Each method throws what `MispClient.request()` throws. */
export class MispCalls {
  readonly #client: MispClient;
  readonly #now: () => number;

  /** @param now milliseconds UTC */
  constructor(client: MispClient, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  async post(path: string, body: unknown): Promise<Meaning> {
    return this.#read(await this.#client.request("POST", path, JSON.stringify(body)));
  }

  /** `published` goes along, or the edit would unpublish the event (docs/contracts/misp.md 0.3). */
  async postEdit(sent: MispEvent | MispUpdate, published: boolean): Promise<Meaning> {
    return await this.post(`/events/edit/${sent.uuid}`, { Event: { ...sent, published } });
  }

  async view(event: string): Promise<Meaning> {
    return this.#read(await this.#client.request("GET", `/events/view/${event}`));
  }

  /** Views an event; where the answer is lost, a second time. */
  async viewAgain(event: string): Promise<Meaning> {
    return this.#read(await this.getAgain(`/events/view/${event}`));
  }

  /** Gets an answer; where it is lost, a second time: a GET changes nothing. */
  async getAgain(path: string): Promise<Answer> {
    try {
      return await this.#client.request("GET", path);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return await this.#client.request("GET", path);
    }
  }

  /**
   * How a delivery ends when an answer is not the one that it needs.
   *
   * @param tries how often the report was tried before
   */
  async endOf(meaning: Meaning, tries: number): Promise<End> {
    switch (meaning.kind) {
      case "refused":
      case "unavailable":
        return { end: meaning };
      case "not-permitted":
        return { end: { kind: "unavailable", reason: meaning.reason } };
      case "failed":
        return { end: await this.#afterFailure(meaning.reason, tries) };
      default: {
        const reason = `MISP gave an answer that does not fit the request (${meaning.kind})`;
        return { end: { kind: "unavailable", reason } };
      }
    }
  }

  /** A 500 looks the same when the database is down and when MISP cannot store the body. */
  async #afterFailure(reason: string, tries: number): Promise<Outcome> {
    const probe = await this.#client.request("GET", "/servers/getVersion.json");
    if (probe.status !== 200) return { kind: "unavailable", reason };
    return tries + 1 >= MOST_FAILURES ? { kind: "refused", reason } : { kind: "retry", reason };
  }

  #read(answer: Answer): Meaning {
    return meaningOf(answer, this.#now());
  }
}
