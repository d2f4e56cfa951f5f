/**
 * The sharing group of events whose distribution is 4.
 *
 * @module
 */
import { type Fields, isFields } from "../../json.ts";

/** A sharing group as an event names it: MISP knows it by its uuid, people by its name. */
export interface SharingGroup {
  readonly uuid?: string;
  readonly name: string;
  readonly modified?: string;
}

/**
 * A MISP that pulls a feed takes a group that was changed later than its own for the better one, and would
 * take over the name: this one is older than any.
 */
const OLDEST = "1970-01-01 00:00:01";

/** The group that `misp.sharing_group` names. */
export function sharingGroupOf(configured: string): SharingGroup {
  return isUuid(configured)
    ? { uuid: configured.toLowerCase(), name: configured.toLowerCase(), modified: OLDEST }
    : { name: configured };
}

/** Whether a sharing group is named by its uuid. */
export function isUuid(configured: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(configured);
}

/** The groups that the key may use, in one answer. */
export const SHARING_GROUPS = "/sharing_groups/index/limit:9999";

/** A group that an instance has. */
export interface StoredGroup {
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
}

/** The groups of an answer to {@link SHARING_GROUPS}; undefined: it is not such an answer. */
export function groupsOf(json: unknown): readonly StoredGroup[] | undefined {
  const rows = isFields(json) ? json.response : json;
  if (!Array.isArray(rows)) return undefined;
  return rows.flatMap((row: unknown) => {
    const group: Fields = isFields(row) && isFields(row.SharingGroup) ? row.SharingGroup : {};
    const { id, uuid, name } = group;
    return id === undefined ? [] : [{ id: String(id), uuid: String(uuid), name: String(name) }];
  });
}

/** The one group that is meant; undefined: none is, or several have the name. */
export function findGroup(
  groups: readonly StoredGroup[],
  { uuid, name }: SharingGroup,
): StoredGroup | undefined {
  const found = groups.filter((group) =>
    uuid === undefined ? group.name === name : group.uuid.toLowerCase() === uuid
  );
  return found.length === 1 ? found[0] : undefined;
}
