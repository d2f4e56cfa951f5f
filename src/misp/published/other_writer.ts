/**
 * Another installation that writes the same event, as by a `misp.publisher` that two of them have: its
 * counts are not lowered, and somebody hears of it. Pure.
 *
 * @module
 */
import { type Fields, isFields } from "../../json.ts";
import { counted } from "../counted.ts";
import type { MispEvent } from "../event.ts";
import { FAILURE_REPORT } from "../objects.ts";
import type { MispUpdate } from "../update.ts";

/** What is logged once a day, and shown by `status` and `doctor`. */
export const OTHER_WRITER: { readonly found: string; readonly hint: string } = {
  found: "MISP knows more of a source than this buffer does, and keeps it: another installation " +
    "writes the same events, or this buffer is newer than its events",
  hint:
    "give each installation a misp.publisher of its own, or replay the alerts of the lost buffer",
};

/** The same as a note of a delivery. */
export const OTHER_WRITER_NOTE: string = `${OTHER_WRITER.found}; ${OTHER_WRITER.hint}`;

/**
 * Makes MISP leave the objects of an update as they are where somebody else changed them since: MISP
 * skips an object that is not newer than its own (docs/contracts/misp.md 8.3).
 *
 * @param writtenAt the time of the object in the answer to the latest delivery, seconds
 */
export function onlyIfUnchanged(update: MispUpdate, writtenAt: number | undefined): MispUpdate {
  if (writtenAt === undefined) return update;
  const timestamp = String(writtenAt + 1);
  return {
    ...update,
    Object: update.Object.map((object) => isReport(object) ? { ...object, timestamp } : object),
  };
}

/** Whether MISP skipped an object of an update, and has it as somebody else wrote it. */
export function wasSkipped(update: MispUpdate, answer: Fields): boolean {
  const stored = new Map(partsOf(answer.Object).map((object) => [object.uuid, object]));
  return update.Object.some((object) => {
    const found = stored.get(object.uuid);
    if (object.timestamp === undefined || found === undefined) return false;
    // A try whose answer was lost may have written something else at the same time.
    const attributes = new Map(partsOf(found.Attribute).map((one) => [one.uuid, one]));
    return found.timestamp !== object.timestamp || hasOtherTimes(object, found) ||
      found.comment !== object.comment ||
      object.Attribute.some((attribute) => {
        const one = attributes.get(attribute.uuid);
        return one !== undefined && (one.value !== attribute.value ||
          "to_ids" in attribute && one.to_ids !== attribute.to_ids);
      });
  });
}

function hasOtherTimes(sent: Fields, found: Fields): boolean {
  const times = ({ first_seen, last_seen }: Fields) =>
    [first_seen, last_seen].map((time) => Date.parse(String(time))).join();
  return times(sent) !== times(found);
}

/** What is sent where MISP has an event already. */
export interface Kept<P> {
  readonly sent: P;
  /** Whether MISP has attempts, times or sensors that the report does not. */
  readonly isOther: boolean;
}

/**
 * Lowers no total of an event, and makes no first time later and no last time earlier.
 *
 * @param stored the event as MISP has it
 */
export function keepHigher<P extends MispEvent | MispUpdate>(sent: P, stored: Fields): Kept<P> {
  const known = new Map<unknown, Fields>();
  for (const part of partsOf(stored.Attribute)) known.set(part.uuid, part);
  for (const object of partsOf(stored.Object)) {
    known.set(object.uuid, object);
    for (const attribute of partsOf(object.Attribute)) known.set(attribute.uuid, attribute);
  }
  let info = sent.info;
  let isHigher = false;
  let isLonger = false;
  const kept = (part: Fields, before: Fields | undefined): Fields => {
    if (before === undefined) return part;
    const isEarlier = isBefore(before.first_seen, part.first_seen);
    const isLater = isBefore(part.last_seen, before.last_seen);
    isLonger ||= isEarlier || isLater;
    const isMore = before.object_relation === "total" && Number(before.value) > Number(part.value);
    isHigher ||= isMore;
    if (isMore) info = info?.replace(attempts(part), attempts(before));
    return {
      ...part,
      ...(isEarlier ? { first_seen: before.first_seen } : {}),
      ...(isLater ? { last_seen: before.last_seen } : {}),
      ...(isMore ? { value: before.value } : {}),
    };
  };
  const keptAs = (part: Fields) => kept(part, known.get(part.uuid));
  const objects = partsOf(sent.Object).map((object) => {
    const { timestamp: _, ...rest } = keptAs(object);
    return { ...rest, Attribute: partsOf(object.Attribute).map(keptAs) };
  });
  // An address beside its object has been overwritten where only the object was skipped.
  const ofAddress = new Map(
    objects.flatMap((object) =>
      object.Attribute.map((one) => [one.value, object as Fields] as const)
    ),
  );
  const merged: Fields = {
    ...sent,
    ...("Attribute" in sent
      ? {
        Attribute: partsOf(sent.Attribute).map((one) =>
          kept(keptAs(one), ofAddress.get(one.value))
        ),
      }
      : {}),
    ...(info === undefined ? {} : { info }),
    Object: objects,
  };
  return {
    // The event report that is there is that of the higher count.
    sent: { ...merged, ...(isHigher ? { EventReport: [] } : {}) } as unknown as P,
    isOther: isHigher || isLonger || hasOtherSensors(sent, stored),
  };
}

const attempts = ({ value }: Fields) => counted(Number(value), "attempt");

const isBefore = (one: unknown, other: unknown) =>
  Date.parse(String(one)) < Date.parse(String(other));

/** Whether the event reports of MISP name a sensor that ours do not. */
function hasOtherSensors(sent: Pick<MispUpdate, "EventReport">, stored: Fields): boolean {
  const ours = new Map(sent.EventReport.map(({ uuid, content }) => [uuid as unknown, content]));
  return partsOf(stored.EventReport).some(({ uuid, content }) => {
    const own = ours.get(uuid);
    if (own === undefined) return false;
    const names = new Set(sensorsIn(own));
    return sensorsIn(String(content)).some((name) => !names.has(name));
  });
}

/** The pseudonyms in an event report. Names may be longer than their column shows, and are not read. */
const sensorsIn = (content: string) => content.match(/\bhoneypot-[0-9a-f]{8}\b/g) ?? [];

const isReport = (object: { readonly name: string }) => object.name === FAILURE_REPORT;

function partsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}
