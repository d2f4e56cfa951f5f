/**
 * Reports to the MISP REST API (docs/contracts/misp.md 3): add, or edit what is there, compare, publish,
 * then the sightings.
 *
 * @module
 */
import type { Report } from "../model.ts";
import type { Outcome, Sink } from "../sink.ts";
import { compare, hasAllParts, type Meaning, meaningOf, sightingUuids } from "./answers.ts";
import { type Answer, type MispClient, TooLong, Unreachable } from "./client.ts";
import type { MispEvent } from "./event.ts";
import { inParallel } from "./in_parallel.ts";
import { inChunks, merged, strongest } from "./merged.ts";
import { sightingRows } from "./sightings.ts";
import {
  type LastPublished,
  type MispUpdate,
  nothingPublished,
  publishedBy,
  updateOf,
} from "./update.ts";
import { faultPoint } from "../fault_point.ts";

/** Tries after which a 500 for the same body, from an instance that is well, is a refusal. */
const MOST_FAILURES = 3;

/** Attributes of one request (docs/contracts/misp.md 3.1). */
const ATTRIBUTES_AT_ONCE = 500;

/** Sightings of one request. */
const SIGHTINGS_AT_ONCE = 1000;

/** How the sink behaves. */
export interface RestSinkRules {
  readonly publish: boolean;
  /** How many events are worked on at a time; an event has one writer only. */
  readonly maxParallel: number;
  /** What our key may do there; without it everything is tried. */
  readonly capabilities?: () => Promise<Capabilities>;
}

/** What the first contact with an instance told. */
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

interface Delivery {
  readonly report: Report;
  readonly outcome: Outcome;
}

/** What a step came to: notes to go on with, or an outcome that ends the delivery. */
type Step = { readonly notes: readonly string[] } | End;

interface End {
  readonly end: Outcome;
  /** The event as MISP has it, when it left something out. */
  readonly returned?: StoredFields;
}

type StoredFields = Extract<Meaning, { kind: "stored" }>["event"];

/** Delivers reports to one MISP instance. */
export class RestSink implements Sink {
  readonly name = "misp";
  readonly #client: MispClient;
  readonly #rules: RestSinkRules;
  #may = EVERYTHING;

  constructor(client: MispClient, rules: RestSinkRules) {
    this.#client = client;
    this.#rules = rules;
  }

  async *deliver(reports: readonly Report[]) {
    const capabilities = await this.#rules.capabilities?.() ?? EVERYTHING;
    if (capabilities.kind === "unavailable") {
      for (const report of reports.slice(0, 1)) yield { report, outcome: capabilities };
      return;
    }
    this.#may = capabilities;
    const events = [...Map.groupBy(reports, (report) => report.eventUuid).values()];
    const isUnavailable = (deliveries: readonly Delivery[]) =>
      deliveries.some(({ outcome }) => outcome.kind === "unavailable");
    const work = (ofEvent: readonly Report[]) => this.#deliverInTurn(ofEvent);
    for await (
      const deliveries of inParallel(events, this.#rules.maxParallel, work, isUnavailable)
    ) {
      yield* deliveries;
    }
  }

  /** Delivers the reports of one event: one writer, few requests. */
  async #deliverInTurn(reports: readonly Report[]): Promise<readonly Delivery[]> {
    const parts = reports.map((report) => ({
      report,
      event: JSON.parse(report.body) as MispEvent,
    }));
    const deliveries: Delivery[] = [];
    let isKnownThere = reports.some((report) => report.isKnownThere);
    // A later report of the same source has the same objects: it must not stand in one request with it.
    const first = new Map(parts.toReversed().map((part) => [part.report.sourceIp, part]));
    const size = (part: Part) =>
      first.get(part.report.sourceIp) === part ? sizeOf(part.event) : Infinity;
    for (const chunk of inChunks(parts, ATTRIBUTES_AT_ONCE, size)) {
      for (const delivery of await this.#deliverChunk(chunk, isKnownThere)) {
        deliveries.push(delivery);
        if (delivery.outcome.kind === "delivered") isKnownThere = true;
        if (delivery.outcome.kind === "unavailable") return deliveries;
      }
    }
    return deliveries;
  }

  /**
   * Together. Where MISP left something out, only the reports that it is missing from are refused, and
   * the rest goes once more; where it takes nothing, in halves, down to the report that it is about.
   */
  async #deliverChunk(
    chunk: readonly [Part, ...Part[]],
    isKnownThere: boolean,
  ): Promise<readonly Delivery[]> {
    const { outcome, returned } = await this.#deliver(chunk, isKnownThere);
    const isOne = chunk.length === 1 || outcome.kind === "unavailable";
    if (isOne || outcome.kind === "delivered") {
      return chunk.map(({ report, event }) => ({
        report,
        outcome: outcome.kind === "delivered"
          ? { ...outcome, lastPublished: JSON.stringify(publishedBy(event)) }
          : outcome,
      }));
    }
    const { broken, rest } = sorted(chunk, returned);
    const deliveries: Delivery[] = [...broken];
    let isThere = isKnownThere || broken.length > 0;
    for (const some of inChunks(rest, broken.length > 0 ? Infinity : chunk.length / 2, () => 1)) {
      deliveries.push(...await this.#deliverChunk(some, isThere));
      const kinds = deliveries.map(({ outcome }) => outcome.kind);
      if (kinds.includes("unavailable")) break;
      isThere ||= kinds.includes("delivered");
    }
    return deliveries;
  }

  async #deliver(
    parts: readonly [Part, ...Part[]],
    isKnownThere: boolean,
  ): Promise<{ readonly outcome: Outcome; readonly returned?: StoredFields }> {
    const report: Report = {
      ...parts[0].report,
      tries: Math.max(...parts.map((part) => part.report.tries)),
      sightings: parts.flatMap((part) => part.report.sightings),
    };
    const event = merged(mapped(parts, (part) => part.event));
    const repeated = merged(mapped(parts, repeatedPart));
    try {
      const stored = isKnownThere
        ? await this.#update(report, event, repeated, merged(mapped(parts, updateOfPart)))
        : await this.#add(report, event, repeated);
      if ("end" in stored) {
        const { end, returned } = stored;
        return { outcome: end, ...(returned === undefined ? {} : { returned }) };
      }
      faultPoint("after-publish-before-sightings");
      const seen = await this.#sendSightings(report);
      if ("end" in seen) return { outcome: seen.end };
      return { outcome: { kind: "delivered", notes: [...stored.notes, ...seen.notes] } };
    } catch (error) {
      if (error instanceof Unreachable) {
        return { outcome: { kind: "unavailable", reason: error.message } };
      }
      // One event that has grown this large must not keep the others waiting.
      if (error instanceof TooLong) return { outcome: { kind: "refused", reason: error.message } };
      throw error;
    }
  }

  /** @param repeated what is sent of an event that is there already, whole */
  async #add(report: Report, event: MispEvent, repeated: MispUpdate): Promise<Step> {
    const meaning = await this.#post("/events/add", { Event: { ...event, published: false } });
    if (meaning.kind === "exists") return await this.#recover(report, event, repeated);
    if (meaning.kind !== "stored") return await this.#failure(report, meaning);
    const { missing, missingTags } = compare(event, meaning.event);
    if (missing.length > 0) return await this.#complete(report, event, false);
    faultPoint("after-add-before-publish");
    return await this.#publish(report, event, missingTags);
  }

  /** An event that an earlier try left behind, perhaps in part, or that a lost buffer knew. */
  async #recover(report: Report, event: MispEvent, repeated: MispUpdate): Promise<Step> {
    const answer = await this.#client.request("GET", `/events/view/${event.uuid}`);
    const meaning = meaningOf(answer);
    if (meaning.kind === "missing") {
      return refused("the event is there, but not ours to see: another organisation's");
    }
    if (meaning.kind !== "stored") return await this.#failure(report, meaning);
    const isWhole = hasAllParts(event, meaning.event);
    const known = meaning.event as Partial<MispEvent>;
    const sent = isWhole ? repeated : { ...event, ...strongest([known, event]) };
    return await this.#complete(report, event, meaning.event.published === true, sent);
  }

  /** Brings an event up to date, and publishes it if it is not published yet. */
  async #complete(
    report: Report,
    event: MispEvent,
    isPublished: boolean,
    sent: MispEvent | MispUpdate = event,
  ): Promise<Step> {
    const published = isPublished && this.#rules.publish;
    const meaning = await this.#postEdit(sent, published);
    if (meaning.kind !== "stored") return await this.#failure(report, meaning);
    const { missing, missingTags } = compare(sent, meaning.event);
    if (missing.length > 0) return leftOut(missing, meaning.event);
    if (published) return withNotes(missingTags);
    return await this.#publish(report, event, missingTags);
  }

  async #publish(
    report: Report,
    event: MispEvent,
    missingTags: readonly string[],
  ): Promise<Step> {
    if (!this.#rules.publish) return withNotes(missingTags);
    if (!this.#may.mayPublish) return withNotes(missingTags, MAY_NOT_PUBLISH);
    const meaning = await this.#post(`/events/publish/${event.uuid}`, {});
    if (meaning.kind === "done") return withNotes(missingTags);
    if (meaning.kind === "refused") return withNotes(missingTags, meaning.reason);
    if (meaning.kind === "not-permitted") return withNotes(missingTags, MAY_NOT_PUBLISH);
    return await this.#failure(report, meaning);
  }

  /** One request for an event that was delivered before; it stays published. */
  async #update(
    report: Report,
    event: MispEvent,
    repeated: MispUpdate,
    sent: MispUpdate,
  ): Promise<Step> {
    const { publish } = this.#rules;
    const meaning = await this.#postEdit(sent, publish);
    if (meaning.kind === "missing") return await this.#add(report, event, repeated);
    if (meaning.kind !== "stored") return await this.#failure(report, meaning);
    const { missing, missingTags } = compare(sent, meaning.event);
    if (missing.length > 0) return leftOut(missing, meaning.event);
    const isUnpublished = publish && meaning.event.published !== true;
    return withNotes(missingTags, isUnpublished ? MAY_NOT_PUBLISH : undefined);
  }

  /** Sent again, those that are there change nothing (docs/contracts/misp.md 8.5). */
  async #sendSightings(report: Report): Promise<Step> {
    const rows = sightingRows(report.sightings);
    if (rows.length > 0 && !this.#may.maySight) {
      return { notes: ["stored, but without sightings: the key's role may not add them"] };
    }
    let added = 0;
    for (let start = 0; start < rows.length; start += SIGHTINGS_AT_ONCE) {
      const meaning = await this.#post(
        `/sightings/bulkSaveSightings/${report.eventUuid}`,
        rows.slice(start, start + SIGHTINGS_AT_ONCE),
      );
      if (meaning.kind === "not-permitted" || meaning.kind === "refused") {
        return { notes: [`stored, but without sightings: ${meaning.reason}`] };
      }
      if (meaning.kind !== "done") return await this.#failure(report, meaning);
      added += meaning.added ?? 0;
    }
    return added >= rows.length ? { notes: [] } : await this.#checkSightings(report, rows);
  }

  /** Fewer were added than sent: those that are there already, or that MISP left out without a word. */
  async #checkSightings(report: Report, rows: ReturnType<typeof sightingRows>): Promise<Step> {
    const meaning = meaningOf(await this.#getAgain(`/events/view/${report.eventUuid}`));
    if (meaning.kind !== "stored") return await this.#failure(report, meaning);
    const path = `/sightings/listSightings/${String(meaning.event.id)}/event`;
    const stored = sightingUuids(await this.#getAgain(path));
    if (stored === undefined) {
      return { notes: ["stored, but its sightings could not be read back"] };
    }
    const missing = rows.filter(({ uuid }) => !stored.has(uuid)).length;
    return { notes: missing === 0 ? [] : [`stored, but MISP left out ${missing} sightings`] };
  }

  /** Looking changes nothing: a lost answer is asked for once more. */
  async #getAgain(path: string): Promise<Answer> {
    try {
      return await this.#client.request("GET", path);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return await this.#client.request("GET", path);
    }
  }

  /** `published` goes along, or the edit would unpublish the event (docs/contracts/misp.md 0.3). */
  async #postEdit(sent: MispEvent | MispUpdate, published: boolean): Promise<Meaning> {
    return await this.#post(`/events/edit/${sent.uuid}`, { Event: { ...sent, published } });
  }

  async #post(path: string, body: unknown): Promise<Meaning> {
    return meaningOf(await this.#client.request("POST", path, JSON.stringify(body)));
  }

  async #failure(report: Report, meaning: Meaning): Promise<Step> {
    switch (meaning.kind) {
      case "refused":
      case "unavailable":
        return { end: meaning };
      case "not-permitted":
        return { end: { kind: "unavailable", reason: meaning.reason } };
      case "failed":
        return { end: await this.#afterFailure(report, meaning.reason) };
      default:
        return {
          end: { kind: "unavailable", reason: `MISP answered out of turn (${meaning.kind})` },
        };
    }
  }

  /** A 500 is the same whether the database is down or the body cannot be stored: ask for the version. */
  async #afterFailure(report: Report, reason: string): Promise<Outcome> {
    const probe = await this.#client.request("GET", "/servers/getVersion.json");
    if (probe.status !== 200) return { kind: "unavailable", reason };
    return report.tries + 1 >= MOST_FAILURES
      ? { kind: "refused", reason }
      : { kind: "retry", reason };
  }
}

function updateOfPart({ report, event }: Part): MispUpdate {
  const last = report.lastPublished === ""
    ? nothingPublished(event)
    : JSON.parse(report.lastPublished) as LastPublished;
  return updateOf(event, last);
}

/** What is no longer for detection is taken out of it, whatever the try that was lost had said. */
function repeatedPart({ event }: Part): MispUpdate {
  return updateOf(event, { ...publishedBy(event), toIds: true });
}

function mapped<T, U>([first, ...rest]: readonly [T, ...T[]], map: (item: T) => U): [U, ...U[]] {
  return [map(first), ...rest.map(map)];
}

const sizeOf = (event: MispEvent) =>
  event.Object.reduce((sum, object) => sum + object.Attribute.length, 0);

const MAY_NOT_PUBLISH = "the key's role may not publish";

/** The reports that MISP left something out of, and the rest; all are the rest if that tells nothing. */
function sorted(
  chunk: readonly Part[],
  returned: StoredFields | undefined,
): { readonly broken: readonly Delivery[]; readonly rest: readonly Part[] } {
  if (returned === undefined) return { broken: [], rest: chunk };
  const broken = chunk.flatMap((part): readonly (Delivery & { readonly part: Part })[] => {
    const { missing } = compare(updateOfPart(part), returned);
    return missing.length === 0
      ? []
      : [{ part, report: part.report, outcome: leftOut(missing).end }];
  });
  if (broken.length === chunk.length) return { broken: [], rest: chunk };
  const parts = new Set(broken.map(({ part }) => part));
  return { broken, rest: chunk.filter((part) => !parts.has(part)) };
}

function leftOut(missing: readonly string[], returned?: StoredFields): End {
  const end = refused(`MISP left out, without a reason: ${missing.join(", ")}`);
  return returned === undefined ? end : { ...end, returned };
}

function refused(reason: string): End {
  return { end: { kind: "refused", reason } };
}

function withNotes(missingTags: readonly string[], unpublished?: string): Step {
  const notes = unpublished === undefined ? [] : [`stored, but not published: ${unpublished}`];
  if (missingTags.length === 0) return { notes };
  const tags = missingTags.join(", ");
  const note = `MISP has no such tag and the key's role may not create it: ${tags}`;
  return { notes: [...notes, note] };
}
