/**
 * The parts of an event, ours and as MISP has them, each by its uuid. Pure.
 *
 * @module
 */
import { type Fields, isFields } from "../../json.ts";
import type { MispEventAttribute, MispObject } from "../objects.ts";
import type { MispEventReport } from "../story.ts";

/** An attribute, an object, a reference or an event report that was sent. */
export interface SentPart {
  readonly uuid: string;
  /** How notes name it, such as `ip-src 192.0.2.7`. */
  readonly name: string;
  /** The text that MISP must have stored; undefined where it may change it. */
  readonly value?: string;
  readonly attribute?: MispEventAttribute;
  /** Uuid of the object that it is in. */
  readonly within?: string;
}

/** What of an event is looked at: an update has fewer fields. */
interface Sent {
  readonly Attribute: readonly Attribute[];
  readonly Object: readonly (Pick<MispObject, "uuid" | "name" | "ObjectReference"> & {
    readonly Attribute: readonly Attribute[];
  })[];
  readonly EventReport: readonly Pick<MispEventReport, "uuid">[];
}

type Attribute =
  & Pick<MispEventAttribute, "uuid" | "value">
  & { readonly [Name in "object_relation" | "type"]?: string };

/** All parts of an event: its own attributes, its objects with theirs and their references, its reports. */
export function partsOf(event: Sent): readonly SentPart[] {
  return [
    ...event.Attribute.map((attribute) => attributePart(attribute)),
    ...event.Object.flatMap((object) => [
      { uuid: object.uuid, name: `object ${object.name}` },
      ...object.Attribute.map((attribute) => attributePart(attribute, object.uuid)),
      ...(object.ObjectReference ?? []).map(({ uuid, relationship_type }) => ({
        uuid,
        name: `reference ${relationship_type}`,
        within: object.uuid,
      })),
    ]),
    ...event.EventReport.map(({ uuid }) => ({ uuid, name: "event report" })),
  ];
}

function attributePart(attribute: Attribute, within?: string): SentPart {
  const { uuid, value, object_relation, type } = attribute;
  return {
    uuid,
    name: `${object_relation ?? type ?? "attribute"} ${value}`,
    value,
    attribute: attribute as MispEventAttribute,
    ...(within === undefined ? {} : { within }),
  };
}

/** A tag as MISP has it; a local one stays at that MISP. */
export interface StoredTag {
  readonly name: string;
  readonly isLocal: boolean;
}

/** A part as MISP has it. */
export interface StoredPart {
  readonly id: string;
  readonly deleted: boolean;
  /** Of attributes. */
  readonly value: string;
  readonly toIds: boolean;
  readonly correlates: boolean;
  readonly comment: string;
  readonly tags: readonly StoredTag[];
  /** When it was written, seconds. */
  readonly writtenAt: number;
}

/** The parts of an event that MISP answered, by uuid. */
export function storedParts(returned: Fields): ReadonlyMap<string, StoredPart> {
  const objects = list(returned.Object);
  const all = [
    ...objects,
    ...list(returned.Attribute),
    ...list(returned.EventReport),
    // An object that is deleted takes its attributes along.
    ...objects.flatMap(({ Attribute, ObjectReference, deleted }) =>
      [...list(Attribute), ...list(ObjectReference)]
        .map((one) => deleted === true ? { ...one, deleted } : one)
    ),
  ];
  return new Map(all.map((part) => [String(part.uuid), storedPart(part)]));
}

function storedPart(part: Fields): StoredPart {
  return {
    id: String(part.id),
    deleted: part.deleted === true,
    value: String(part.value),
    toIds: part.to_ids === true,
    correlates: part.disable_correlation !== true,
    comment: String(part.comment ?? ""),
    tags: list(part.Tag).map(({ name, local }) => ({
      name: String(name),
      isLocal: Boolean(local),
    })),
    writtenAt: Number(part.timestamp),
  };
}

/** Whether MISP has a part, and nobody deleted it. */
export function isThere(part: StoredPart | undefined): part is StoredPart {
  return part !== undefined && !part.deleted;
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}
