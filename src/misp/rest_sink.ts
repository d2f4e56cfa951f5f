/**
 * Delivers reports to the MISP REST API (docs/contracts/misp.md 3). Reports of one event share requests;
 * when MISP refuses one of them, the others are still delivered.
 *
 * @module
 */
import { faultPoint } from "../fault_point.ts";
import { TooLong } from "../http.ts";
import { inParallel } from "../in_parallel.ts";
import type { Report } from "../model.ts";
import type { Delivery, Outcome, Sink } from "../sink.ts";
import { compare } from "./answers.ts";
import { Unreachable } from "./client.ts";
import type { MispEvent } from "./event.ts";
import { addEvent, type EventDelivery, leftOut, updateEvent } from "./event_delivery.ts";
import { inChunks, merged } from "./merged.ts";
import { MispCalls, type StoredFields } from "./misp_calls.ts";
import { type Requests, RetryBudget, RetryingClient } from "./line/retries.ts";
import { sendSightings } from "./send_sightings.ts";
import {
  type LastPublished,
  type MispUpdate,
  nothingPublished,
  publishedBy,
  updateOf,
} from "./update.ts";

/** Attributes of one request (docs/contracts/misp.md 3.1). */
const ATTRIBUTES_AT_ONCE = 500;

/** Events that fail in a row, while MISP answers: then no other is begun. */
const MOST_FAILED = 3;

/** How the sink behaves. */
export interface RestSinkRules {
  readonly publish: boolean;
  /** How many events are worked on at a time; an event has one writer only. */
  readonly maxParallel: number;
  /** What the key may do there; without it the sink tries everything. */
  readonly capabilities?: () => Promise<Capabilities>;
  /** What is left for lost answers; a budget of its own by default. */
  readonly retries?: RetryBudget;
}

/** What the key may do at an instance, or why that is not known. */
export type Capabilities = Known | Extract<Outcome, { kind: "unavailable" }>;

interface Known {
  readonly kind: "known";
  readonly mayPublish: boolean;
  readonly maySight: boolean;
}

const EVERYTHING: Known = { kind: "known", mayPublish: true, maySight: true };

/** A report and the event in it. */
interface Part {
  readonly report: Report;
  readonly event: MispEvent;
}

/** The outcome of a report of an event. */
type Ended = Omit<Delivery, "startedAt">;

/** How the parts of an event are delivered. */
interface Context {
  /** Whether MISP has the event. */
  readonly isKnownThere: boolean;
  readonly calls: MispCalls;
  readonly may: Known;
}

/** Delivers reports to one MISP instance. */
export class RestSink implements Sink {
  readonly name = "misp";
  readonly #client: Requests;
  readonly #rules: RestSinkRules;
  readonly #retries: RetryBudget;

  constructor(client: Requests, rules: RestSinkRules) {
    this.#client = client;
    this.#rules = rules;
    this.#retries = rules.retries ?? new RetryBudget();
  }

  async *deliver(reports: readonly Report[], now: () => number) {
    const askedAt = now();
    const capabilities = await this.#rules.capabilities?.() ?? EVERYTHING;
    if (capabilities.kind === "unavailable") {
      for (const report of reports.slice(0, 1)) {
        yield { report, outcome: capabilities, startedAt: askedAt };
      }
      return;
    }
    const client = new RetryingClient(this.#client, { budget: this.#retries, now });
    const calls = new MispCalls(client, now);
    const events = [...Map.groupBy(reports, (report) => report.eventUuid).values()];
    let failed = 0;
    const isLast = (deliveries: readonly Delivery[]) => {
      const kinds = new Set(deliveries.map(({ outcome }) => outcome.kind));
      if (kinds.has("delivered")) failed = 0;
      else if (kinds.has("failed") || kinds.has("unanswered")) failed++;
      return kinds.has("unavailable") || failed >= MOST_FAILED;
    };
    const work = async (ofEvent: readonly Report[]) => {
      const startedAt = now();
      const ended = await this.#deliverInTurn(ofEvent, {
        isKnownThere: ofEvent.some((report) => report.isKnownThere),
        calls,
        may: capabilities,
      });
      return ended.map((one) => ({ ...one, startedAt }));
    };
    for await (
      const deliveries of inParallel(events, this.#rules.maxParallel, work, isLast)
    ) {
      yield* deliveries;
    }
  }

  /** Delivers the reports of one event, one request after the other. */
  async #deliverInTurn(
    reports: readonly Report[],
    context: Context,
  ): Promise<readonly Ended[]> {
    const parts = reports.map((report) => ({
      report,
      event: JSON.parse(report.body) as MispEvent,
    }));
    const deliveries: Ended[] = [];
    let { isKnownThere } = context;
    // A later report of the same source has the same objects: the two need different requests.
    const first = new Map(parts.toReversed().map((part) => [part.report.sourceIp, part]));
    const size = (part: Part) =>
      first.get(part.report.sourceIp) === part ? sizeOf(part.event) : Infinity;
    for (const chunk of inChunks(parts, ATTRIBUTES_AT_ONCE, size)) {
      for (const delivery of await this.#deliverChunk(chunk, { ...context, isKnownThere })) {
        deliveries.push(delivery);
        if (delivery.outcome.kind === "delivered") isKnownThere = true;
        if (isNoAnswer(delivery.outcome)) return deliveries;
      }
    }
    return deliveries;
  }

  /**
   * Delivers parts in one request. Where MISP left something out, only the reports that lack it are
   * refused, and the others are sent once more. Where MISP stored nothing, each half is sent by itself,
   * down to the one report that MISP refuses.
   */
  async #deliverChunk(
    chunk: readonly [Part, ...Part[]],
    context: Context,
  ): Promise<readonly Ended[]> {
    const { outcome, returned } = await this.#deliver(chunk, context);
    const isOne = chunk.length === 1 || isNoAnswer(outcome);
    if (isOne || outcome.kind === "delivered") {
      return chunk.map(({ report, event }) => ({
        report,
        outcome: outcome.kind === "delivered"
          ? { ...outcome, lastPublished: JSON.stringify(publishedBy(event)) }
          : outcome,
      }));
    }
    const { broken, rest } = sorted(chunk, returned);
    const deliveries: Ended[] = [...broken];
    let isKnownThere = context.isKnownThere || broken.length > 0;
    for (const some of inChunks(rest, broken.length > 0 ? Infinity : chunk.length / 2, () => 1)) {
      deliveries.push(...await this.#deliverChunk(some, { ...context, isKnownThere }));
      const kinds = deliveries.map(({ outcome }) => outcome.kind);
      const isBroken = !kinds.includes("delivered") &&
        kinds.filter((kind) => kind === "failed").length >= MOST_FAILED;
      if (isBroken || deliveries.some((one) => isNoAnswer(one.outcome))) break;
      isKnownThere ||= kinds.includes("delivered");
    }
    return deliveries;
  }

  async #deliver(
    parts: readonly [Part, ...Part[]],
    { isKnownThere, calls, may }: Context,
  ): Promise<{ readonly outcome: Outcome; readonly returned?: StoredFields }> {
    const report: Report = {
      ...parts[0].report,
      sightings: parts.flatMap((part) => part.report.sightings),
    };
    const delivery: EventDelivery = {
      calls,
      publish: this.#rules.publish,
      mayPublish: may.mayPublish,
      event: merged(mapped(parts, (part) => part.event)),
      repeated: merged(mapped(parts, repeatedPart)),
    };
    try {
      const stored = isKnownThere
        ? await updateEvent(delivery, merged(mapped(parts, updateOfPart)))
        : await addEvent(delivery);
      if ("end" in stored) {
        const { end, returned } = stored;
        return { outcome: end, ...(returned === undefined ? {} : { returned }) };
      }
      faultPoint("after-publish-before-sightings");
      const seen = await sendSightings(calls, report, may.maySight);
      if ("end" in seen) return { outcome: seen.end };
      return { outcome: { kind: "delivered", notes: [...stored.notes, ...seen.notes] } };
    } catch (error) {
      if (error instanceof Unreachable) {
        return { outcome: { kind: "unanswered", reason: error.message } };
      }
      // One event that has grown this large must not keep the others waiting.
      if (error instanceof TooLong) return { outcome: { kind: "refused", reason: error.message } };
      throw error;
    }
  }
}

/** Whether the outcome says nothing about what was sent: a part of it would fare no better. */
function isNoAnswer({ kind }: Outcome): boolean {
  return kind === "unavailable" || kind === "unanswered";
}

function updateOfPart({ report, event }: Part): MispUpdate {
  const last = report.lastPublished === ""
    ? nothingPublished(event)
    : JSON.parse(report.lastPublished) as LastPublished;
  return updateOf(event, last);
}

/**
 * The lost try may have set `to_ids`: the update clears it where the address is no longer for detection.
 */
function repeatedPart({ event }: Part): MispUpdate {
  return updateOf(event, { ...publishedBy(event), toIds: true });
}

function mapped<T, U>([first, ...rest]: readonly [T, ...T[]], map: (item: T) => U): [U, ...U[]] {
  return [map(first), ...rest.map(map)];
}

const sizeOf = (event: MispEvent) =>
  event.Object.reduce((sum, object) => sum + object.Attribute.length, 0);

/**
 * The reports that MISP left something out of, and the others. When it left something out of each of
 * them, the answer does not show which one it refuses: all are others then.
 */
function sorted(
  chunk: readonly Part[],
  returned: StoredFields | undefined,
): { readonly broken: readonly Ended[]; readonly rest: readonly Part[] } {
  if (returned === undefined) return { broken: [], rest: chunk };
  const broken = chunk.flatMap((part): readonly (Ended & { readonly part: Part })[] => {
    const { missing } = compare(updateOfPart(part), returned);
    return missing.length === 0
      ? []
      : [{ part, report: part.report, outcome: leftOut(missing).end }];
  });
  if (broken.length === chunk.length) return { broken: [], rest: chunk };
  const parts = new Set(broken.map(({ part }) => part));
  return { broken, rest: chunk.filter((part) => !parts.has(part)) };
}
