/**
 * The objects of an event (docs/contracts/misp.md 2). Each attribute states its category and whether it
 * correlates, since MISP does not use the template for that.
 *
 * @module
 */
import type { Location } from "../model.ts";
import { forMisp } from "./usernames.ts";
import { uuidV5 } from "./uuid.ts";

/** A tag by its name. */
export interface MispTag {
  readonly name: string;
}

/** An attribute in the form that MISP accepts. Times are ISO 8601, UTC, microseconds. */
export interface MispAttribute {
  readonly uuid: string;
  readonly object_relation: string;
  readonly type: string;
  readonly category: string;
  readonly value: string;
  readonly to_ids: boolean;
  readonly disable_correlation: boolean;
  readonly distribution: "5";
  readonly comment: string;
  readonly first_seen?: string;
  readonly last_seen?: string;
  readonly Tag?: readonly MispTag[];
  readonly deleted?: boolean;
}

/** An attribute of an event itself, in the form that MISP accepts. */
export type MispEventAttribute = Omit<MispAttribute, "object_relation">;

/** That an object came from another part of its event, in the form that MISP accepts. */
export interface MispReference {
  readonly uuid: string;
  /** Of the object that has the reference. */
  readonly object_uuid: string;
  readonly referenced_uuid: string;
  readonly relationship_type: "downloaded-from";
}

/** An object in the form that MISP accepts. */
export interface MispObject {
  readonly uuid: string;
  readonly name: string;
  readonly "meta-category": string;
  readonly description: string;
  readonly template_uuid: string;
  readonly template_version: string;
  readonly distribution: "5";
  readonly comment: string;
  readonly first_seen?: string;
  readonly last_seen?: string;
  readonly deleted?: boolean;
  readonly Attribute: readonly MispAttribute[];
  readonly ObjectReference?: readonly MispReference[];
}

/** The object that every source has. */
export const FAILURE_REPORT = "authentication-failure-report";

/** Templates of MISP, by the names of their objects. */
const TEMPLATES = {
  [FAILURE_REPORT]: {
    "meta-category": "network",
    description: "Authentication Failure Report",
    template_uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
    template_version: "4",
  },
  "ip-port": {
    "meta-category": "network",
    description: "An IP address (or domain or hostname) and a port seen as a tuple",
    template_uuid: "9f8cea74-16fe-4968-a2b4-026676949ac6",
    template_version: "10",
  },
  "geolocation": {
    "meta-category": "misc",
    description: "An object to describe a geographic location.",
    template_uuid: "cd6f2238-ba55-4888-82c4-104e6e1acf21",
    template_version: "8",
  },
  "file": {
    "meta-category": "file",
    description: "File object describing a file with meta-information",
    template_uuid: "688c46fb-5edb-40a3-8273-1af7923e2215",
    template_version: "25",
  },
  "url": {
    "meta-category": "network",
    description: "url object describes an url along with its normalized field and its metadata.",
    template_uuid: "60efb77b-40b5-4c46-871b-ed1ed999fce5",
    template_version: "10",
  },
} as const;

/** The first and last time of an object or attribute. */
export interface Seen {
  readonly first_seen: string;
  readonly last_seen: string;
}

/** An address and its context. */
export interface AddressFact {
  readonly sourceIp: string;
  readonly toIds: boolean;
  readonly tags: readonly MispTag[];
  readonly comment: string;
}

/**
 * The one copy of an address that correlates and may feed detection. It is an attribute of the event
 * itself: STIX and what reads it does not know the object (docs/contracts/misp.md 7).
 */
export function addressAttribute(
  eventUuid: string,
  { sourceIp, toIds, tags, comment }: AddressFact,
  seen: Seen,
): MispEventAttribute {
  return {
    uuid: addressUuid(eventUuid, sourceIp),
    type: "ip-src",
    category: CATEGORIES["ip-src"]!,
    value: sourceIp,
    to_ids: toIds,
    disable_correlation: false,
    distribution: "5",
    comment,
    ...seen,
    ...(tags.length === 0 ? {} : { Tag: tags }),
  };
}

/** What the object that every source has is about. */
export interface Failures {
  readonly sourceIp: string;
  readonly attempts: number;
  /** The template's word for the service that was attacked: `ssh`. */
  readonly type: string;
}

/** The object that every source has; its copy of the address does not correlate. */
export function failureReport(
  eventUuid: string,
  { sourceIp, attempts, type }: Failures,
  comment: string,
  seen: Seen,
): MispObject {
  return build({ eventUuid, name: FAILURE_REPORT, of: sourceIp, comment, seen }, (attribute) => [
    { ...attribute("ip-src", "ip-src", sourceIp), ...seen },
    attribute("total", "counter", String(attempts)),
    attribute("type", "text", type),
  ]);
}

/** The operator of the address's network; none of its attributes correlates. */
export function networkObject(
  eventUuid: string,
  sourceIp: string,
  location: Location,
): readonly MispObject[] {
  const { asn, organisation } = location;
  if (asn === undefined) return [];
  const comment = organisation === undefined ? "" : forMisp(organisation, LONGEST_TEXT);
  return [build({ eventUuid, name: "ip-port", of: sourceIp, comment }, (attribute) => [
    attribute("ip-src", "ip-src", sourceIp),
    attribute("AS", "AS", String(asn)),
  ])];
}

/** The location of the address; none of its attributes correlates. */
export function geolocationObject(
  eventUuid: string,
  sourceIp: string,
  location: Location,
): readonly MispObject[] {
  const { country, countryCode, region, city, latitude, longitude } = location;
  const texts = { country, countrycode: countryCode, region, city };
  const numbers = { latitude, longitude };
  const object = build({ eventUuid, name: "geolocation", of: sourceIp }, (attribute) => [
    ...Object.entries(texts).flatMap(([relation, text]) =>
      text === undefined ? [] : [attribute(relation, "text", forMisp(text, LONGEST_TEXT))]
    ),
    ...Object.entries(numbers).flatMap(([relation, number]) =>
      number === undefined ? [] : [attribute(relation, "float", String(number))]
    ),
  ]);
  return object.Attribute.length === 0 ? [] : [object];
}

/** The parts of an event that say something about a source. */
interface Parts {
  readonly Attribute: readonly MispEventAttribute[];
  readonly Object: readonly MispObject[];
}

/** An event whose parts are deleted: a MISP that pulls it deletes them too (docs/contracts/misp.md 8.8). */
export function withPartsDeleted<E extends Parts>(event: E): E {
  const Attribute = event.Attribute.map((attribute) => ({ ...attribute, deleted: true as const }));
  return withObjectsDeleted({ ...event, Attribute }, () => true);
}

/** An event of which some objects are deleted. */
export function withObjectsDeleted<E extends Parts>(
  event: E,
  isGone: (object: MispObject) => boolean,
): E {
  const deleted = true as const;
  return {
    ...event,
    Object: event.Object.map((object) =>
      isGone(object)
        ? {
          ...object,
          deleted,
          Attribute: object.Attribute.map((attribute) => ({ ...attribute, deleted })),
        }
        : object
    ),
  };
}

/**
 * The objects that are about the address itself. What an attacker left, such as the hash of a payload, is
 * in objects of other names: it does not expire with the address.
 */
const ADDRESS_OBJECTS: ReadonlySet<string> = new Set([FAILURE_REPORT, "ip-port", "geolocation"]);

/** An event whose address is deleted, with all that is about it. */
export function withAddressDeleted<E extends Parts>(event: E): E {
  const Attribute = event.Attribute.map((attribute) =>
    attribute.type === "ip-src" ? { ...attribute, deleted: true as const } : attribute
  );
  return withObjectsDeleted({ ...event, Attribute }, ({ name }) => ADDRESS_OBJECTS.has(name));
}

const MAY_EXPIRE: ReadonlySet<string> = new Set([...ADDRESS_OBJECTS, "file", "url"]);

/** An event that says of all that may have expired before that it is there: a MISP that deleted it restores it. */
export function withPartsRestored<E extends Parts>(event: E): E {
  const deleted = false as const;
  return {
    ...event,
    Attribute: event.Attribute.map((attribute) =>
      attribute.type === "ip-src" ? { ...attribute, deleted } : attribute
    ),
    Object: event.Object.map((object) =>
      MAY_EXPIRE.has(object.name)
        ? {
          ...object,
          deleted,
          Attribute: object.Attribute.map((attribute) => ({ ...attribute, deleted })),
        }
        : object
    ),
  };
}

/** The uuid of the attribute that holds the address for detection; sightings refer to it. */
export function addressUuid(eventUuid: string, sourceIp: string): string {
  return uuidV5(eventUuid, `attr/ip-src/${sourceIp}`);
}

/** The comment of what is on warning lists; empty where there is none. */
export function listedComment(lists: readonly string[]): string {
  return lists.length === 0 ? "" : forMisp(`on warning lists: ${lists.join(", ")}`, 800);
}

const LONGEST_TEXT = 255;

/** The category of each attribute type in use, as in MISP's own table. */
export const CATEGORIES: Readonly<Record<string, string>> = {
  "ip-src": "Network activity",
  "AS": "Network activity",
  "counter": "Other",
  "text": "Other",
  "float": "Other",
  "sha256": "Payload delivery",
  "filename": "Payload delivery",
  "size-in-bytes": "Other",
  "url": "Network activity",
  "hassh-md5": "Network activity",
  "ssh-fingerprint": "Network activity",
};

/** Makes an attribute without `to_ids` and correlation. @param key of its uuid, where a relation repeats */
type NewAttribute = (
  relation: string,
  type: string,
  value: string,
  key?: string,
) => MispAttribute;

/** An object without its attributes. */
export interface NewObject {
  readonly eventUuid: string;
  readonly name: keyof typeof TEMPLATES;
  /** What makes it different from others of its name in the event: the source, and what else there is. */
  readonly of: string;
  readonly comment?: string;
  readonly seen?: Seen;
}

/** Builds an object. */
export function build(
  { eventUuid, name, of, comment = "", seen }: NewObject,
  attributes: (attribute: NewAttribute) => readonly MispAttribute[],
): MispObject {
  const uuid = uuidV5(eventUuid, `object/${name}/${of}`);
  const attribute: NewAttribute = (relation, type, value, key = relation) => ({
    uuid: uuidV5(uuid, `attr/${key}`),
    object_relation: relation,
    type,
    category: CATEGORIES[type] ?? "Other",
    value,
    to_ids: false,
    disable_correlation: true,
    distribution: "5",
    comment: "",
  });
  return {
    uuid,
    name,
    ...TEMPLATES[name],
    distribution: "5",
    comment,
    ...seen,
    Attribute: attributes(attribute),
  };
}
