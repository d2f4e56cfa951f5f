/**
 * The move of an address. Earlier releases published the copy in an object for detection. The next update
 * gives the event an attribute of its own, and keeps what analysts decided on the copy. Pure.
 *
 * @module
 */
import { type Fields, isFields } from "../json.ts";
import type { MispEvent } from "./event.ts";
import { FAILURE_REPORT, type MispEventAttribute } from "./objects.ts";
import { type EventAttributeUpdate, type MispUpdate, valueAndTimes } from "./update.ts";

/**
 * An update that moves addresses as analysts left them: an address without `to_ids` gets none, a comment
 * and tags go along, and one that was deleted does not come back.
 *
 * @param event the whole event of the update
 * @param stored the event as MISP has it
 * @param hadIds whether the copy was published with `to_ids`; if not, its lack of it decides nothing
 */
export function moveAddresses(
  update: MispUpdate,
  event: MispEvent,
  stored: Fields,
  hadIds = true,
): MispUpdate {
  const there = attributesOf(stored);
  const copies = new Map(
    event.Object.flatMap(({ name, Attribute }) =>
      name === FAILURE_REPORT
        ? Attribute.filter(({ type }) => type === "ip-src").map(({ value, uuid }) => [value, uuid])
        : []
    ),
  );
  const decided = (address: MispEventAttribute): readonly EventAttributeUpdate[] => {
    const moved = there.get(address.uuid);
    if (moved !== undefined) {
      return [moved.to_ids === true && !address.to_ids ? address : valueAndTimes(address)];
    }
    const copy = there.get(copies.get(address.value) ?? "");
    if (copy === undefined) return [];
    // This release made the copy, and MISP left out the attribute: nobody decided anything.
    return [copy.disable_correlation === true ? address : asDecided(address, copy, hadIds)];
  };
  return { ...update, Attribute: event.Attribute.flatMap(decided) };
}

function asDecided(address: MispEventAttribute, copy: Fields, hadIds: boolean) {
  const tags = [
    ...address.Tag ?? [],
    ...list(copy.Tag).map(({ name }) => ({ name: String(name) })),
  ];
  return {
    ...address,
    to_ids: address.to_ids && !(hadIds && copy.to_ids === false),
    comment: address.comment === "" ? String(copy.comment ?? "") : address.comment,
    ...(tags.length === 0
      ? {}
      : { Tag: [...new Map(tags.map((tag) => [tag.name, tag])).values()] }),
  };
}

function attributesOf(event: Fields): ReadonlyMap<unknown, Fields> {
  const all = [event, ...list(event.Object)].flatMap(({ Attribute }) => list(Attribute));
  return new Map(all.map((attribute) => [attribute.uuid, attribute]));
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}
