/**
 * Delivers reports to the MISP REST API (docs/contracts/misp.md 3). Reports of one event share requests;
 * when MISP refuses one of them, the others are still delivered.
 *
 * @module
 */
import { HOUR } from "../clock.ts";
import { faultPoint } from "../fault_point.ts";
import { TooLong } from "../http.ts";
import { inParallel } from "../in_parallel.ts";
import type { Report } from "../model.ts";
import type { Delivery, Outcome, Sink } from "../sink.ts";
import { Unreachable } from "./client.ts";
import type { MispEvent, ReportBody } from "./event.ts";
import { type Requests, RetryBudget, RetryingClient } from "./line/retries.ts";
import {
  addEvent,
  type EventDelivery,
  type EventPart,
  leftOut,
  type StoredEvent,
  updateEvent,
} from "./event_delivery.ts";
import { ClusterAttacher } from "./galaxy/attach_clusters.ts";
import { inChunks, mapped } from "./merged.ts";
import { type End, MispCalls, type StoredFields } from "./misp_calls.ts";
import { sendSightings } from "./send_sightings.ts";
import { compare } from "./published/compare.ts";
import { type LastPublished, readLastPublished } from "./published/last_published.ts";
import type { PublicationQueue } from "./published/publication_queue.ts";
import { findGroup, groupsOf, SHARING_GROUPS } from "./sharing/sharing_group.ts";
import { updateOf } from "./update.ts";

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
  /** Events that a worker of MISP has yet to publish; without it the sink does not look again. */
  readonly queue?: PublicationQueue;
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
interface Part extends EventPart {
  readonly report: Report;
}

/** The outcome of a report of an event. */
type Ended = Omit<Delivery, "startedAt">;

/** How the parts of an event are delivered. */
interface Context {
  /** Whether MISP has the event. */
  readonly isKnownThere: boolean;
  readonly calls: MispCalls;
  readonly may: Known;
  /** Tags that MISP did not have at the latest delivery to the event. */
  readonly missingTags: readonly string[];
}

/** Delivers reports to one MISP instance. */
export class RestSink implements Sink {
  readonly name = "misp";
  readonly #client: Requests;
  readonly #rules: RestSinkRules;
  /** Ids of sharing groups there, by the names that events have for them. */
  readonly #groupIds = new Map<string, string>();
  #clusters = new ClusterAttacher();
  #clustersSince = -Infinity;
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
    // Somebody may have imported the galaxies since.
    if (Math.abs(askedAt - this.#clustersSince) >= HOUR) {
      this.#clusters = new ClusterAttacher();
      this.#clustersSince = askedAt;
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
        missingTags: missingTagsOf(
          ofEvent.findLast((report) => report.isKnownThere)?.eventLastPublished,
        ),
      });
      return ended.map((one) => ({ ...one, startedAt }));
    };
    for await (
      const deliveries of inParallel(events, this.#rules.maxParallel, work, isLast)
    ) {
      yield* deliveries;
    }
  }

  async lookAgain(now: () => number): Promise<void> {
    try {
      await this.#rules.queue?.lookAgain(new MispCalls(this.#client, now));
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof TooLong)) throw error;
    }
  }

  /** Delivers the reports of one event, one request after the other. */
  async #deliverInTurn(
    reports: readonly Report[],
    context: Context,
  ): Promise<readonly Ended[]> {
    const parts = reports.map(partOf);
    const deliveries: Ended[] = [];
    let { isKnownThere, missingTags } = context;
    // A later report of the same source has the same objects: the two need different requests.
    const first = new Map(parts.toReversed().map((part) => [part.report.sourceIp, part]));
    const size = (part: Part) =>
      first.get(part.report.sourceIp) === part ? sizeOf(part.event) : Infinity;
    for (const chunk of inChunks(parts, ATTRIBUTES_AT_ONCE, size)) {
      const known = { ...context, isKnownThere, missingTags };
      for (const delivery of await this.#deliverChunk(chunk, known)) {
        deliveries.push(delivery);
        const { outcome } = delivery;
        if (isNoAnswer(outcome)) return deliveries;
        if (outcome.kind !== "delivered") continue;
        isKnownThere = true;
        missingTags = missingTagsOf(outcome.lastPublished);
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
    const { outcome, returned, published } = await this.#deliver(chunk, context);
    const isOne = chunk.length === 1 || isNoAnswer(outcome) ||
      outcome.kind === "refused" && outcome.isEventGone === true;
    if (isOne || outcome.kind === "delivered") {
      return chunk.map(({ report }, at) => ({
        report,
        outcome: outcome.kind === "delivered"
          ? { ...outcome, lastPublished: JSON.stringify(published?.[at]) }
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
    { isKnownThere, calls, may, missingTags }: Context,
  ): Promise<Result> {
    try {
      const shared = await this.#withGroupId(parts, calls);
      if ("end" in shared) return { outcome: shared.end };
      const delivery: EventDelivery = {
        calls,
        publish: this.#rules.publish,
        mayPublish: may.mayPublish,
        clusters: this.#clusters,
        parts: shared.parts,
        missingTags,
      };
      const stored = isKnownThere ? await updateEvent(delivery) : await addEvent(delivery);
      if ("end" in stored) {
        const { end, returned } = stored;
        return { outcome: end, ...(returned === undefined ? {} : { returned }) };
      }
      faultPoint("after-publish-before-sightings");
      await this.#noteQueued(parts[0].event.uuid, stored);
      const { published } = stored;
      const sightings = parts.flatMap((part) => part.report.sightings);
      const report: Report = { ...parts[0].report, sightings };
      const seen = await sendSightings(calls, report, may.maySight, published);
      if ("end" in seen) return { outcome: seen.end };
      const notes = [...stored.notes, ...seen.notes];
      return { outcome: { kind: "delivered", notes }, published };
    } catch (error) {
      if (error instanceof Unreachable) {
        return { outcome: { kind: "unanswered", reason: error.message } };
      }
      // One event that has grown this large must not keep the others waiting.
      if (error instanceof TooLong) return { outcome: { kind: "refused", reason: error.message } };
      throw error;
    }
  }

  async #noteQueued(uuid: string, { isQueued }: StoredEvent): Promise<void> {
    if (isQueued) await this.#rules.queue?.add(uuid);
  }

  /** MISP takes a sharing group by the id that it has there only. */
  async #withGroupId(
    parts: Parts,
    calls: MispCalls,
  ): Promise<{ readonly parts: Parts } | End> {
    const wanted = parts.flatMap(({ event }) => event.SharingGroup ?? []);
    for (const group of wanted) {
      if (this.#groupIds.has(group.name)) continue;
      const { status, json } = await calls.get(SHARING_GROUPS);
      const groups = status === 200 ? groupsOf(json) : undefined;
      if (groups === undefined) {
        return unavailable(`MISP did not list its sharing groups (${status})`);
      }
      const id = findGroup(groups, group)?.id;
      if (id === undefined) {
        return unavailable(
          `MISP has no sharing group ${group.name} that the key may use; doctor lists those it may`,
        );
      }
      this.#groupIds.set(group.name, id);
    }
    return { parts: mapped(parts, (part) => ({ ...part, event: this.#shared(part.event) })) };
  }

  #shared({ SharingGroup, ...event }: MispEvent): MispEvent {
    const id = this.#groupIds.get(SharingGroup?.name ?? "");
    return id === undefined ? event : { ...event, sharing_group_id: id };
  }
}

/** Whether the outcome says nothing about what was sent: a part of it would fare no better. */
function isNoAnswer({ kind }: Outcome): boolean {
  return kind === "unavailable" || kind === "unanswered";
}

type Parts = readonly [Part, ...Part[]];

function unavailable(reason: string): End {
  return { end: { kind: "unavailable", reason } };
}

/** What became of a request. */
interface Result {
  readonly outcome: Outcome;
  /** The event as MISP has it, when it left something out. */
  readonly returned?: StoredFields;
  /** In the order of the parts, when they are delivered. */
  readonly published?: readonly LastPublished[];
}

function partOf(report: Report): Part {
  const { returnedAt, ...event } = JSON.parse(report.body) as ReportBody;
  return { report, event, returnedAt, last: readLastPublished(report.lastPublished, event) };
}

const missingTagsOf = (lastPublished: string | undefined): readonly string[] =>
  (JSON.parse(lastPublished || "{}") as Partial<LastPublished>).missingTags ?? [];

const sizeOf = (event: MispEvent) =>
  [event, ...event.Object].reduce((sum, { Attribute }) => sum + Attribute.length, 0);

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
    const { event, last } = part;
    const wasThere = (uuid: string) => last.parts[uuid] !== undefined;
    const { missing } = compare(updateOf(event, last), returned, wasThere);
    return missing.length === 0
      ? []
      : [{ part, report: part.report, outcome: leftOut(missing).end }];
  });
  if (broken.length === chunk.length) return { broken: [], rest: chunk };
  const parts = new Set(broken.map(({ part }) => part));
  return { broken, rest: chunk.filter((part) => !parts.has(part)) };
}
