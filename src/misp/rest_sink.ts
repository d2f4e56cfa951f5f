/**
 * Reports to the MISP REST API (contracts/misp.md 3): add, or edit what is there, compare, publish.
 *
 * @module
 */
import type { Report } from "../buffer/buffer.ts";
import type { Outcome, Sink } from "../publish/sink.ts";
import { compare, type Meaning, meaningOf } from "./answers.ts";
import { type MispClient, Unreachable } from "./client.ts";
import type { MispEvent } from "./event.ts";

/** Tries after which a 500 for the same body, from an instance that is well, is a refusal. */
const MOST_FAILURES = 3;

/** How the sink behaves. */
export interface RestSinkRules {
  readonly publish: boolean;
}

/** Delivers reports to one MISP instance, one event at a time. */
export class RestSink implements Sink {
  readonly name = "misp";
  readonly #client: MispClient;
  readonly #rules: RestSinkRules;

  constructor(client: MispClient, rules: RestSinkRules) {
    this.#client = client;
    this.#rules = rules;
  }

  async *deliver(reports: readonly Report[]) {
    for (const report of reports) {
      const outcome = await this.#deliver(report);
      yield { report, outcome };
      if (outcome.kind === "unavailable") return;
    }
  }

  async #deliver(report: Report): Promise<Outcome> {
    try {
      const event = JSON.parse(report.body) as MispEvent;
      return report.isKnownThere ? await this.#edit(report, event) : await this.#add(report, event);
    } catch (error) {
      if (error instanceof Unreachable) return { kind: "unavailable", reason: error.message };
      throw error;
    }
  }

  async #add(report: Report, event: MispEvent): Promise<Outcome> {
    const meaning = await this.#post("/events/add", { Event: { ...event, published: false } });
    if (meaning.kind === "exists") return await this.#complete(report, event);
    if (meaning.kind !== "stored") return await this.#failure(report, meaning);
    const { missing, missingTags } = compare(event, meaning.event);
    if (missing.length > 0) return await this.#complete(report, event);
    return await this.#publish(report, event, missingTags);
  }

  /** Brings an event up to date that an earlier try left behind, perhaps in part, then publishes. */
  async #complete(report: Report, event: MispEvent): Promise<Outcome> {
    const meaning = await this.#postEdit(event, false);
    if (meaning.kind === "missing") {
      return refused("the event is there, but not ours to see: another organisation's");
    }
    if (meaning.kind !== "stored") return await this.#failure(report, meaning);
    const { missing, missingTags } = compare(event, meaning.event);
    if (missing.length > 0) return leftOut(missing);
    return await this.#publish(report, event, missingTags);
  }

  async #publish(
    report: Report,
    event: MispEvent,
    missingTags: readonly string[],
  ): Promise<Outcome> {
    if (!this.#rules.publish) return delivered(missingTags);
    const meaning = await this.#post(`/events/publish/${event.uuid}`, {});
    if (meaning.kind === "done") return delivered(missingTags);
    if (meaning.kind === "refused") return delivered(missingTags, meaning.reason);
    return await this.#failure(report, meaning);
  }

  /** One request for an event that was delivered before; it stays published. */
  async #edit(report: Report, event: MispEvent): Promise<Outcome> {
    const { publish } = this.#rules;
    const meaning = await this.#postEdit(event, publish);
    if (meaning.kind === "missing") return await this.#add(report, event);
    if (meaning.kind !== "stored") return await this.#failure(report, meaning);
    const { missing, missingTags } = compare(event, meaning.event);
    if (missing.length > 0) return leftOut(missing);
    const isUnpublished = publish && meaning.event.published !== true;
    return delivered(missingTags, isUnpublished ? "the key's role may not publish" : undefined);
  }

  /** `published` goes along, or the edit would unpublish the event (contracts/misp.md 0.3). */
  async #postEdit(event: MispEvent, published: boolean): Promise<Meaning> {
    return await this.#post(`/events/edit/${event.uuid}`, { Event: { ...event, published } });
  }

  async #post(path: string, body: unknown): Promise<Meaning> {
    return meaningOf(await this.#client.request("POST", path, JSON.stringify(body)));
  }

  async #failure(report: Report, meaning: Meaning): Promise<Outcome> {
    switch (meaning.kind) {
      case "refused":
      case "unavailable":
        return meaning;
      case "failed":
        return await this.#afterFailure(report, meaning.reason);
      default:
        return { kind: "unavailable", reason: `MISP answered out of turn (${meaning.kind})` };
    }
  }

  /** A 500 is the same whether the database is down or the body cannot be stored: ask for the version. */
  async #afterFailure(report: Report, reason: string): Promise<Outcome> {
    const probe = await this.#client.request("GET", "/servers/getVersion.json");
    if (probe.status !== 200) return { kind: "unavailable", reason };
    return report.tries + 1 >= MOST_FAILURES ? refused(reason) : { kind: "retry", reason };
  }
}

function leftOut(missing: readonly string[]): Outcome {
  return refused(`MISP left out, without a reason: ${missing.join(", ")}`);
}

function refused(reason: string): Outcome {
  return { kind: "refused", reason };
}

function delivered(missingTags: readonly string[], note?: string): Outcome {
  const notes = note === undefined ? [] : [`stored, but not published: ${note}`];
  if (missingTags.length === 0) return { kind: "delivered", notes };
  const tags = `MISP has no such tag and the key's role may not create it: ${
    missingTags.join(", ")
  }`;
  return { kind: "delivered", notes: [...notes, tags] };
}
