/**
 * The event of a report, stored and published (docs/contracts/misp.md 3): add it, or edit the one that
 * is there, compare what MISP stored, publish.
 *
 * @module
 */
import { faultPoint } from "../fault_point.ts";
import { moveAddresses } from "./address_move.ts";
import { compare, hasAllParts } from "./answers.ts";
import type { MispEvent } from "./event.ts";
import { keepHigher, OTHER_WRITER_NOTE, wasSkipped } from "./shared/other_writer.ts";
import { withoutSecondMarkings } from "./sharing/markings.ts";
import { strongest } from "./merged.ts";
import { type End, type MispCalls, refused, type Step, type StoredFields } from "./misp_calls.ts";
import type { MispUpdate } from "./update.ts";

/** An event on its way. */
export interface EventDelivery {
  readonly calls: MispCalls;
  /** Whether it is to be published (`misp.publish`). */
  readonly publish: boolean;
  /** Whether the key's role may publish. */
  readonly mayPublish: boolean;
  /** The whole event, for a MISP that does not have it. */
  readonly event: MispEvent;
  /** The update that repeats a delivery whose answer was lost. */
  readonly repeated: MispUpdate;
}

/** Stores an event that MISP does not have. */
export async function addEvent(delivery: EventDelivery): Promise<Step> {
  const { calls, event } = delivery;
  const meaning = await calls.postAdd(event);
  if (meaning.kind === "exists") return await recover(delivery);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  const { missing, missingTags } = compare(event, meaning.event);
  if (missing.length > 0) return await complete(delivery, event, false);
  faultPoint("after-add-before-publish");
  return returning(meaning.event, await publishEvent(delivery, missingTags));
}

/**
 * Updates an event that was delivered before, in one request; it remains published.
 *
 * @param update what is new since the last delivery
 */
export async function updateEvent(delivery: EventDelivery, update: MispUpdate): Promise<Step> {
  const { calls, publish } = delivery;
  const meaning = await calls.postEdit(update, publish);
  if (meaning.kind === "missing") return await addEvent(delivery);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  if (wasSkipped(update, meaning.event)) {
    const { sent, isOther } = keepHigher(update, meaning.event);
    return withOther(isOther, await complete(delivery, sent, meaning.event.published === true));
  }
  const { missing, missingTags } = compare(update, meaning.event);
  if (missing.length > 0) return leftOut(missing, meaning.event);
  const isUnpublished = publish && meaning.event.published !== true;
  const unpublished = isUnpublished ? MAY_NOT_PUBLISH : undefined;
  return returning(meaning.event, withNotes(missingTags, unpublished));
}

function withOther(isOther: boolean, step: Step): Step {
  return isOther && "notes" in step ? { ...step, notes: [...step.notes, OTHER_WRITER_NOTE] } : step;
}

function returning(returned: StoredFields, step: Step): Step {
  return "notes" in step ? { ...step, returned } : step;
}

/** The event is there: an earlier try stored it, perhaps in part, or a lost buffer knew it. */
async function recover(delivery: EventDelivery): Promise<Step> {
  const { calls, repeated } = delivery;
  const meaning = await calls.view(delivery.event.uuid);
  if (meaning.kind === "missing") return refused(NOT_VISIBLE);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  const known = meaning.event as Partial<MispEvent>;
  const tags = known.Tag?.map(({ name }) => name) ?? [];
  const event = { ...delivery.event, Tag: withoutSecondMarkings(delivery.event.Tag, tags) };
  // An earlier release stored the address in an object only.
  const isWhole = hasAllParts({ ...event, Attribute: [] }, meaning.event);
  const all = isWhole
    ? moveAddresses(repeated, event, meaning.event)
    : { ...event, ...strongest([known, event]) };
  const { sent, isOther } = keepHigher<MispEvent | MispUpdate>(all, meaning.event);
  return withOther(isOther, await complete(delivery, sent, meaning.event.published === true));
}

/** Brings an event up to date, and publishes it if it is not published yet. */
async function complete(
  delivery: EventDelivery,
  sent: MispEvent | MispUpdate,
  isPublished: boolean,
): Promise<Step> {
  const { calls, publish } = delivery;
  const published = isPublished && publish;
  const meaning = await calls.postEdit(sent, published);
  if (meaning.kind !== "stored") return await calls.endOf(meaning);
  const { missing, missingTags } = compare(sent, meaning.event);
  if (missing.length > 0) return leftOut(missing, meaning.event);
  if (published) return returning(meaning.event, withNotes(missingTags));
  return returning(meaning.event, await publishEvent(delivery, missingTags));
}

async function publishEvent(
  { calls, publish, mayPublish, event }: EventDelivery,
  missingTags: readonly string[],
): Promise<Step> {
  if (!publish) return withNotes(missingTags);
  if (!mayPublish) return withNotes(missingTags, MAY_NOT_PUBLISH);
  const meaning = await calls.post(`/events/publish/${event.uuid}`, {});
  if (meaning.kind === "done") return withNotes(missingTags);
  if (meaning.kind === "refused") return withNotes(missingTags, meaning.reason);
  if (meaning.kind === "not-permitted") return withNotes(missingTags, MAY_NOT_PUBLISH);
  return await calls.endOf(meaning);
}

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

function withNotes(missingTags: readonly string[], unpublished?: string): Step {
  const notes = unpublished === undefined ? [] : [`stored, but not published: ${unpublished}`];
  if (missingTags.length === 0) return { notes };
  const tags = missingTags.join(", ");
  const note = `MISP does not have these tags and the key's role may not create them: ${tags}`;
  return { notes: [...notes, note] };
}
