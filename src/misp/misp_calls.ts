/**
 * Requests about events, and what a failed one means for the report that it was sent for.
 *
 * @module
 */
import type { Outcome } from "../sink.ts";
import type { Answer } from "../http.ts";
import { type Meaning, meaningOf } from "./answers.ts";
import type { MispEvent } from "./event.ts";
import type { Requests } from "./line/retries.ts";
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

/** A cache or a proxy that mixes answers up would do so to every event: this one is not at fault. */
function ofEvent(uuid: string, meaning: Meaning): Meaning {
  if (meaning.kind !== "stored" || String(meaning.event.uuid).toLowerCase() === uuid) {
    return meaning;
  }
  const reason = `MISP answered with another event than ${uuid}; is there a cache before it?`;
  return { kind: "unavailable", reason };
}

/** The requests of one delivery. Each method throws what `MispClient.request()` throws. */
export class MispCalls {
  readonly #client: Requests;
  readonly #now: () => number;

  /** @param now milliseconds UTC */
  constructor(client: Requests, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  async post(path: string, body: unknown): Promise<Meaning> {
    return this.#read(await this.#client.request("POST", path, JSON.stringify(body)));
  }

  /** `published` goes along, or the edit would unpublish the event (docs/contracts/misp.md 0.3). */
  async postEdit(sent: MispEvent | MispUpdate, published: boolean): Promise<Meaning> {
    const body = { Event: { ...sent, published } };
    return ofEvent(sent.uuid, await this.post(`/events/edit/${sent.uuid}`, body));
  }

  /** Adds an event, unpublished. */
  async postAdd(event: MispEvent): Promise<Meaning> {
    const body = { Event: { ...event, published: false } };
    return ofEvent(event.uuid, await this.post("/events/add", body));
  }

  /** Views an event. */
  async view(event: string): Promise<Meaning> {
    return ofEvent(event, this.#read(await this.get(`/events/view/${event}`)));
  }

  /** Views an event with the parts that somebody deleted (docs/contracts/misp.md 7). */
  async viewWhole(event: string): Promise<Meaning> {
    return ofEvent(event, this.#read(await this.get(`/events/view/${event}/deleted:1`)));
  }

  get(path: string): Promise<Answer> {
    return this.#client.request("GET", path);
  }

  /** How a delivery ends when an answer is not the one that it needs. */
  async endOf(meaning: Meaning): Promise<End> {
    switch (meaning.kind) {
      case "refused":
      case "unanswered":
      case "unavailable":
        return { end: meaning };
      case "not-permitted":
        return { end: { kind: "unavailable", reason: meaning.reason } };
      case "failed":
        return { end: await this.#afterFailure(meaning.reason) };
      default: {
        const reason = `MISP gave an answer that does not fit the request (${meaning.kind})`;
        return { end: { kind: "unavailable", reason } };
      }
    }
  }

  /** A 500 looks the same when the database is down and when MISP cannot store the body. */
  async #afterFailure(reason: string): Promise<Outcome> {
    const probe = await this.get("/servers/getVersion.json");
    return { kind: probe.status === 200 ? "failed" : "unavailable", reason };
  }

  #read(answer: Answer): Meaning {
    return meaningOf(answer, this.#now());
  }
}
