/**
 * What analysts decided about `to_ids`, and what they wrote into comments. An address, a file or a URL
 * expires, and is for detection again when it comes again, only where `to_ids` is as the program stated it;
 * so is a comment. Pure.
 *
 * @module
 */
import { CONFIDENCE_NOTE } from "../../confidence.ts";
import type { Fields } from "../../json.ts";
import { FALSE_POSITIVE, type MispEvent } from "../event.ts";
import { FAILURE_REPORT, type MispEventAttribute, type MispObject } from "../objects.ts";
import type { KnownPart, LastPublished } from "./last_published.ts";
import { EXPIRED } from "../story.ts";
import { isThere, storedParts } from "./parts.ts";

/** Whether an update states `to_ids` of an attribute that MISP has. */
export function statesToIds(attribute: MispEventAttribute, known: KnownPart): boolean {
  if (known.decided) return isWithdrawn(attribute);
  return attribute.to_ids !== (known.to_ids ?? false);
}

/** Whether an update states the comment of an attribute that MISP has. */
export function statesComment(attribute: MispEventAttribute, known: KnownPart): boolean {
  if (known.commented) return isWithdrawn(attribute);
  return attribute.comment !== (known.comment ?? "");
}

/** Whether an update would change what an analyst may have changed, so that MISP is to be looked at before. */
export function isSwitching(event: MispEvent, { parts }: LastPublished): boolean {
  return switched(event, parts).length > 0;
}

/**
 * What is known of the parts, with what analysts decided. A try of ours whose answer was lost may have
 * switched `to_ids`: it wrote the comment of the object in the same request.
 *
 * @param viewed the event as MISP has it
 */
export function withDecisions(
  last: LastPublished,
  event: MispEvent,
  viewed: Fields,
): LastPublished {
  const stored = storedParts(viewed);
  const decided = switched(event, last.parts).flatMap(({ attribute: { uuid }, object }) => {
    if (object !== undefined && stored.get(object.uuid)?.comment === object.comment) return [];
    const part = stored.get(uuid);
    const known = last.parts[uuid]!;
    if (!isThere(part)) return [];
    const isDecided = part.toIds !== (known.to_ids ?? false);
    const isCommented = part.comment !== (known.comment ?? "") && !isOurs(part.comment);
    if (!isDecided && !isCommented) return [];
    return [
      [uuid, {
        ...known,
        ...(isDecided ? { decided: true as const } : {}),
        ...(isCommented ? { commented: true as const } : {}),
      }] as const,
    ];
  });
  return { ...last, parts: { ...last.parts, ...Object.fromEntries(decided) } };
}

/**
 * What is known of the parts where something has returned that had expired. A try whose answer was lost may
 * have taken it out of detection before: the comment of its object says so.
 *
 * @param viewed the event as MISP has it
 */
export function withEnded(last: LastPublished, event: MispEvent, viewed: Fields): LastPublished {
  const stored = storedParts(viewed);
  const ended = explained(event).flatMap(({ attribute: { uuid, to_ids }, object }) => {
    const { to_ids: wasOffered, ...known } = last.parts[uuid] ?? {};
    const saysSo = stored.get(object?.uuid ?? "")?.comment.startsWith(EXPIRED) === true;
    const isEnded = to_ids && wasOffered && saysSo && stored.get(uuid)?.toIds === false;
    return isEnded ? [[uuid, known] as const] : [];
  });
  return { ...last, parts: { ...last.parts, ...Object.fromEntries(ended) } };
}

/** An attribute, and why its `to_ids` is as it is. */
interface Explained {
  readonly attribute: MispEventAttribute;
  /** The object whose comment says why: its own, or that of the source. */
  readonly object: MispObject | undefined;
}

function explained(event: MispEvent): readonly Explained[] {
  const ofSource = event.Object.find(({ name }) => name === FAILURE_REPORT);
  return [
    ...event.Attribute.map((attribute) => ({ attribute, object: ofSource })),
    ...event.Object.flatMap((object) =>
      object.Attribute.map((attribute) => ({ attribute, object }))
    ),
  ];
}

/** Whether a comment is one of ours, of this release or of an earlier one, with nothing added to it. */
export const isOurs = (comment: string): boolean =>
  CONFIDENCE_NOTE.test(comment) || /^on warning lists: [^;]*$/.test(comment);

/** Attributes of which `to_ids` or the comment is stated otherwise than before. */
function switched(event: MispEvent, parts: LastPublished["parts"]): readonly Explained[] {
  return explained(event).filter(({ attribute }) => {
    const known = parts[attribute.uuid];
    return known !== undefined && !known.deleted && !isWithdrawn(attribute) &&
      (statesToIds(attribute, known) || statesComment(attribute, known));
  });
}

/** What an operator withdraws loses `to_ids`, whatever was decided before. */
const isWithdrawn = ({ to_ids, Tag = [] }: MispEventAttribute) =>
  !to_ids && Tag.some(({ name }) => name === FALSE_POSITIVE);
