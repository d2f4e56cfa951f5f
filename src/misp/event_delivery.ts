/**
 * The event of reports, stored and published (docs/contracts/misp.md 3): add it, or edit the one that is
 * there, compare what MISP stored, publish.
 *
 * @module
 */
import { faultPoint } from "../fault_point.ts";
import type { MispEvent } from "./event.ts";
import type { ClusterAttacher } from "./galaxy/attach_clusters.ts";
import { mapped, merged, strongest } from "./merged.ts";
import { type End, type MispCalls, refused, type StoredFields } from "./misp_calls.ts";
import { compare, hasAllParts } from "./published/compare.ts";
import { isSwitching, withDecisions, withEnded } from "./published/decided.ts";
import {
  lastOfStored,
  type LastPublished,
  ofSameEvent,
  publishedNow,
  tagNames,
  withDeletedParts,
  withStoredParts,
} from "./published/last_published.ts";
import { isMoving, withDeletedCopies, withMovedAddresses } from "./published/moved.ts";
import {
  keepHigher,
  onlyIfUnchanged,
  OTHER_WRITER_NOTE,
  wasSkipped,
} from "./published/other_writer.ts";
import { partsOf, storedParts } from "./published/parts.ts";
import { mayShare } from "./sessions/shared_parts.ts";
import { withoutSecondMarkings } from "./sharing/markings.ts";
import { deletionOf, type MispUpdate, updateOf } from "./update.ts";

/** The part of an event that one report is about. */
export interface EventPart {
  readonly event: MispEvent;
  /** When something in it was last for detection again, milliseconds UTC. */
  readonly returnedAt?: number | undefined;
  /** What the latest delivery left. */
  readonly last: LastPublished;
}

/** An event on its way. */
export interface EventDelivery {
  readonly calls: MispCalls;
  /** Whether it is to be published (`misp.publish`). */
  readonly publish: boolean;
  /** Whether the key's role may publish. */
  readonly mayPublish: boolean;
  readonly clusters: ClusterAttacher;
  readonly parts: readonly [EventPart, ...EventPart[]];
  /** Tags that MISP did not have at the latest delivery to this event, of whatever part. */
  readonly missingTags: readonly string[];
}

/** An event that MISP has, and what that leaves for the next delivery. */
export interface StoredEvent {
  readonly notes: readonly string[];
  /** In the order of the parts. */
  readonly published: readonly LastPublished[];
  /** Whether a worker of MISP has yet to publish it. */
  readonly isQueued: boolean;
}

/** What a step ends with. */
export type Stored = StoredEvent | End;

/** An answer that has the event. */
interface Answer {
  readonly sent: MispEvent | MispUpdate;
  readonly returned: StoredFields;
  /** What was known of each part before. */
  readonly lasts: readonly LastPublished[];
  /** `asked`: an edit asked for it, and MISP did so unless the role may not. */
  readonly publication: "asked" | "missing" | "unwanted";
  /** Whether another installation writes the event, too. */
  readonly isOther?: boolean;
}

/** Stores an event that MISP does not have. */
export async function addEvent(delivery: EventDelivery): Promise<Stored> {
  const { calls, publish } = delivery;
  const event = wholeOf(delivery);
  const meaning = await calls.postAdd(event);
  if (meaning.kind === "exists") return await recover(delivery);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  const lasts = lastsOf(delivery, (part) => lastOfStored(part, meaning.event));
  if (compare(event, meaning.event).missing.length > 0) {
    return await complete(delivery, { sent: event, lasts, isPublished: false });
  }
  faultPoint("after-add-before-publish");
  const publication = publish ? "missing" : "unwanted";
  return await finish(delivery, { sent: event, returned: meaning.event, lasts, publication });
}

/**
 * Updates an event that was delivered before, in one request; it remains published. An event that is not
 * to be published is viewed before, since an edit decides whether it is published: what an analyst
 * published stays so.
 */
export async function updateEvent(delivery: EventDelivery): Promise<Stored> {
  const { calls, parts, publish } = delivery;
  const isViewed = !publish ||
    parts.some(({ event, last, returnedAt }) =>
      isMoving(event, last) || mayShare(event, last) || isSwitching(event, last) ||
      last.returnedAt !== returnedAt
    );
  const viewed = isViewed ? await calls.viewWhole(parts[0].event.uuid) : undefined;
  if (viewed?.kind === "missing") return await addEvent(delivery);
  if (viewed !== undefined && viewed.kind !== "stored") return await calls.endOf(viewed);
  const { update, lasts } = updateAfter(delivery, viewed?.event);
  const published = publish || viewed?.event.published === true;
  const first = await calls.postEdit(update, published);
  if (first.kind === "missing") return await addEvent(delivery);
  if (first.kind !== "stored") return await calls.endOf(first);
  // It was deleted and made anew meanwhile: MISP made nothing of parts that it should have had.
  if (parts.some(({ last }) => ofSameEvent(last, first.event) === undefined)) {
    return await recover(delivery);
  }
  const { sent, isOther } = wasSkipped(update, first.event)
    ? keepHigher(update, first.event)
    : { sent: update, isOther: false };
  const meaning = sent === update ? first : await calls.postEdit(sent, published);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  const publication = published ? "asked" : "unwanted";
  const answer: Answer = { sent, returned: meaning.event, lasts, publication, isOther };
  const remade = remadeParts(delivery, meaning.event);
  if (remade.size === 0) {
    if (compare(sent, meaning.event, wasIn(lasts)).missing.length === 0) {
      return await finish(delivery, answer);
    }
    // A try whose answer was lost may have added a part, and somebody deleted it since.
    const whole = await calls.viewWhole(update.uuid);
    if (whole.kind !== "stored") return await calls.endOf(whole);
    const known = parts.map(({ event }, at) => withDeletedParts(lasts[at]!, event, whole.event));
    return await finish(delivery, { ...answer, lasts: known });
  }
  const deletion = await calls.postEdit(deletionOf(wholeOf(delivery), remade), published);
  if (deletion.kind !== "stored") return await calls.endOf(deletion);
  return await finish(delivery, { ...answer, returned: deletion.event });
}

/** An update of all parts, and what is known of each of them before it. */
interface Updated {
  readonly update: MispUpdate;
  readonly lasts: readonly LastPublished[];
}

/** @param viewed the event with its deleted parts, where it had to be viewed */
function updateAfter(
  { parts, missingTags }: EventDelivery,
  viewed: StoredFields | undefined,
): Updated {
  return joined(mapped(parts, ({ event, last }) => {
    const known = viewed === undefined ? last : withDecisions(
      withEnded(
        withDeletedCopies(withStoredParts(last, event, viewed), event, viewed),
        event,
        viewed,
      ),
      event,
      viewed,
    );
    const update = onlyIfUnchanged(updateOf(event, known, missingTags), last.writtenAt);
    return {
      last: known,
      update: viewed === undefined ? update : withMovedAddresses(update, event, viewed, last),
    };
  }));
}

/** The update of an event that the buffer does not know of. */
function updateOfStored({ parts }: EventDelivery, viewed: StoredFields): Updated {
  return joined(mapped(parts, ({ event }) => {
    const last = withDeletedCopies(lastOfStored(event, viewed), event, viewed);
    return { last, update: withMovedAddresses(updateOf(event, last, []), event, viewed) };
  }));
}

/** An update of one part, and what is known of it before. */
interface UpdatedPart {
  readonly last: LastPublished;
  readonly update: MispUpdate;
}

function joined(each: readonly [UpdatedPart, ...UpdatedPart[]]): Updated {
  return {
    update: merged(mapped(each, ({ update }) => update)),
    lasts: each.map(({ last }) => last),
  };
}

/** Parts that were deleted for good, and that our update made anew: MISP gave them another number. */
function remadeParts({ parts }: EventDelivery, returned: StoredFields): ReadonlySet<string> {
  const stored = storedParts(returned);
  return new Set(
    parts.flatMap(({ event, last }) =>
      partsOf(event).map(({ uuid }) => uuid).filter((uuid) => {
        const known = last.parts[uuid]?.id;
        return known !== undefined && (stored.get(uuid)?.id ?? known) !== known;
      })
    ),
  );
}

/** The event is there: an earlier try stored it, perhaps in part, or a lost buffer knew it. */
async function recover(delivery: EventDelivery): Promise<Stored> {
  const { calls } = delivery;
  const event = wholeOf(delivery);
  const meaning = await calls.viewWhole(event.uuid);
  if (meaning.kind === "missing") return refused(NOT_VISIBLE);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  const known = meaning.event as Partial<MispEvent>;
  const { update, lasts } = updateOfStored(delivery, meaning.event);
  const Tag = withoutSecondMarkings(update.Tag, tagNames(meaning.event));
  const all = hasAllParts({ ...event, Tag: [], Attribute: [] }, meaning.event) && Tag.length === 0
    ? { ...update, Tag }
    : { ...update, Tag, ...strongest([known, event]) };
  const { sent, isOther } = keepHigher<MispUpdate>(all, meaning.event);
  return await complete(delivery, {
    ...{ sent, lasts, isOther },
    isPublished: meaning.event.published === true,
  });
}

/** What brings an event up to date. */
interface Completion extends Pick<Answer, "sent" | "lasts" | "isOther"> {
  readonly isPublished: boolean;
}

/** Brings an event up to date, and publishes it if it is not published yet. */
async function complete(
  delivery: EventDelivery,
  { isPublished, ...known }: Completion,
): Promise<Stored> {
  const { calls, publish } = delivery;
  const meaning = await calls.postEdit(known.sent, isPublished);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  const publication = isPublished ? "asked" : publish ? "missing" : "unwanted";
  return await finish(delivery, { ...known, returned: meaning.event, publication });
}

/** Compares an answer, attaches what was not there, and publishes. */
async function finish(delivery: EventDelivery, answer: Answer): Promise<Stored> {
  const { calls, clusters, parts } = delivery;
  const { sent, returned, lasts } = answer;
  const { missing, deleted, missingTags } = compare(sent, returned, wasIn(lasts));
  if (missing.length > 0) return leftOut(missing, returned);
  const ofEvent = missingTags.filter((tag) => sent.Tag.some(({ name }) => name === tag));
  const attached = await clusters.attach(calls, String(returned.id), ofEvent);
  const publication = await publishedAs(delivery, answer, attached.length > 0);
  if ("end" in publication) return publication;
  const stillMissing = missingTags.filter((tag) => !attached.includes(tag));
  const sentTags = new Set([...sent.Tag.map(({ name }) => name), ...missingTags]);
  const carried = delivery.missingTags.filter((tag) => !sentTags.has(tag));
  return {
    notes: [
      ...publication.notes,
      ...(stillMissing.length === 0 ? [] : [missingTagsNote(stillMissing)]),
      ...deletedNotes(wholeOf(delivery), deleted),
      ...(answer.isOther ? [OTHER_WRITER_NOTE] : []),
    ],
    published: parts.map(({ event, returnedAt }, at) =>
      publishedNow({
        event,
        returnedAt,
        last: lasts[at]!,
        returned,
        missingTags: [...stillMissing, ...carried],
      })
    ),
    isQueued: publication.isQueued,
  };
}

const wasIn = (lasts: readonly LastPublished[]) => (uuid: string) =>
  lasts.some((last) => last.parts[uuid] !== undefined);

/** @param isTouched whether it was unpublished since by what was attached */
async function publishedAs(
  delivery: EventDelivery,
  { publication, returned, sent }: Answer,
  isTouched: boolean,
): Promise<Pick<StoredEvent, "notes" | "isQueued"> | End> {
  const { calls, mayPublish } = delivery;
  const as = (reason?: string, isQueued = false) => ({
    notes: reason === undefined ? [] : [`stored, but not published: ${reason}`],
    isQueued,
  });
  if (publication === "unwanted") return as();
  const isPublished = returned.published === true;
  if (publication === "asked" && isPublished && !isTouched) return as();
  if (!mayPublish || publication === "asked" && !isPublished) return as(MAY_NOT_PUBLISH);
  const meaning = await calls.post(`/events/publish/${sent.uuid}`, {});
  if (meaning.kind === "done") return as(undefined, meaning.isQueued);
  if (meaning.kind === "refused") return as(meaning.reason);
  if (meaning.kind === "not-permitted") return as(MAY_NOT_PUBLISH);
  return await calls.endOf(meaning);
}

const wholeOf = ({ parts }: EventDelivery): MispEvent =>
  merged(mapped(parts, ({ event }) => event));

const lastsOf = ({ parts }: EventDelivery, of: (event: MispEvent) => LastPublished) =>
  parts.map(({ event }) => of(event));

const NOT_VISIBLE =
  "the event exists, but another organisation owns it and does not share it with us; set " +
  "misp.publisher to a name of your own";
const MAY_NOT_PUBLISH = "the key's role may not publish";

/**
 * The end of a delivery of which MISP left something out.
 *
 * @param missing the parts that are not there
 */
export function leftOut(missing: readonly string[], returned?: StoredFields): End {
  const end = refused(`MISP left out, without a reason: ${missing.join(", ")}`);
  return returned === undefined ? end : { ...end, returned };
}

function missingTagsNote(tags: readonly string[]): string {
  return `MISP does not have these tags and the key's role may not create them: ${tags.join(", ")}`;
}

/** An object that was deleted took its attributes along. */
function deletedNotes(event: MispEvent, deleted: ReadonlySet<string>): readonly string[] {
  const names = partsOf(event)
    .filter(({ uuid, within }) => deleted.has(uuid) && !deleted.has(within ?? ""))
    .map(({ name }) => name);
  return names.length === 0
    ? []
    : [`somebody deleted this in MISP, and it stays deleted: ${[...new Set(names)].join(", ")}`];
}
