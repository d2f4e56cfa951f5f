/**
 * Tags: the instance's table of them, and which of those sent with an event stick.
 *
 * @module
 */
import { type Answer, json, notSaved, Refused } from "./answers.ts";
import type { Call } from "./call.ts";
import { CLUSTERS } from "./facts.ts";
import { type Fields, fields, fitsColumn, flag, items, text } from "./input.ts";
import { Broken, type State } from "./state.ts";
import type { StoredTag, TagRow } from "./wire.ts";

/**
 * The tag of that name, made if need be.
 *
 * @param state The instance.
 * @param name The tag's name; case does not count.
 * @param colour Its colour when it is made.
 * @returns The row.
 */
export function ensureTag(state: State, name: string, colour?: string): TagRow {
  const key = name.toLowerCase();
  const known = state.tags.get(key);
  if (known !== undefined) return known;
  const row: TagRow = {
    id: state.nextId("tags"),
    name,
    colour: colour ?? colourOf(name),
    is_galaxy: name.startsWith("misp-galaxy:"),
  };
  state.tags.set(key, row);
  return row;
}

/** MISP makes a colour up from the name. */
function colourOf(name: string): string {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 0xffffff;
  return `#${hash.toString(16).padStart(6, "0")}`;
}

/** @returns The tags sent with an event or attribute, in either of the two forms. */
function sentTags(owner: Fields): Fields[] {
  const inner = [...items(owner.EventTag), ...items(owner.AttributeTag)];
  return [...items(owner.Tag), ...inner.flatMap((link) => items(link.Tag))];
}

/**
 * Breaks down if the name of any tag of the event cannot be stored, before anything else is.
 *
 * @param event The event as sent.
 */
export function checkTagNames(event: Fields): void {
  const objects = items(event.Object);
  const attributes = [event, ...objects].flatMap((owner) => items(owner.Attribute));
  for (const owner of [event, ...attributes]) {
    for (const tag of sentTags(owner)) {
      if (!fitsColumn(text(tag.name) ?? "", 255 * 4)) throw new Broken("Tag name");
    }
  }
}

/**
 * Hangs the sent tags on an event or attribute. A tag the instance does not know is made if the
 * role may do that, else it is dropped without a word.
 *
 * @param call The request.
 * @param sent The event or attribute as sent.
 * @param list Where the tags go.
 */
export function linkTags(call: Call, sent: Fields, list: StoredTag[]): void {
  const { state, user } = call;
  for (const tag of sentTags(sent)) {
    const name = text(tag.name)?.trim() ?? "";
    if (name === "") continue;
    const known = state.tags.get(name.toLowerCase());
    if (known === undefined && !user.permissions.perm_tag_editor) continue;
    const row = known ?? ensureTag(state, name, text(tag.colour));
    if (list.some((other) => other.id === row.id)) continue;
    list.push({ ...row, local: flag(tag.local) ?? false });
  }
}

/** `POST /events/removeTag/{event}/{tag}`: unpublishes the event. */
export function removeTag(call: Call): Answer {
  const event = call.state.findEvent(call.args[0] ?? "");
  const at = event?.Tag.findIndex(({ id, name }) => [id, name].includes(call.args[1] ?? "")) ?? -1;
  if (event === undefined || at < 0) throw new Refused(notSaved("removeTag", call.url, "Invalid"));
  event.Tag.splice(at, 1);
  event.published = false;
  return json(200, { saved: true, success: "Tag removed.", check_publish: true });
}

/** `POST /tags/add`: the tag, made or found. */
export function addTag(call: Call): Answer {
  const body = fields(call.body);
  const sent = "Tag" in body ? fields(body.Tag) : body;
  const name = text(sent.name)?.trim() ?? "";
  if (name === "") {
    throw new Refused(notSaved("add Tag", "/tags/add", { name: ["valueNotEmpty"] }));
  }
  if (!fitsColumn(name, 255 * 4)) throw new Broken("Tag name");
  return json(200, { Tag: printRow(ensureTag(call.state, name, text(sent.colour))) });
}

/**
 * `GET /tags/index/searchall:NAME`: the tags whose name has that in it, or all of them, never in
 * pages; `exclude_statistics:1` leaves the counts out (MISP 2.5 `TagsController::index`).
 */
export function indexTags(call: Call): Answer {
  const wanted = (call.named.get("searchall") ?? "").toLowerCase();
  const isCounted = (call.named.get("exclude_statistics") ?? "0") === "0";
  const events = [...call.state.events.values()];
  const attributes = events.flatMap((event) => [
    ...event.Attribute,
    ...event.Object.flatMap((object) => object.Attribute),
  ]);
  const rows = [...call.state.tags.values()].filter((row) =>
    row.name.toLowerCase().includes(wanted)
  );
  return json(200, {
    Tag: rows.map((row) => ({
      ...printRow(row),
      favourite: false,
      ...(isCounted
        ? { count: countTagged(events, row), attribute_count: countTagged(attributes, row) }
        : {}),
    })),
  });
}

function countTagged(owners: readonly { readonly Tag: readonly StoredTag[] }[], row: TagRow) {
  return owners.filter((owner) => owner.Tag.some((tag) => tag.id === row.id)).length;
}

function printRow(row: TagRow): Fields {
  return {
    id: row.id,
    name: row.name,
    colour: row.colour,
    exportable: true,
    org_id: "0",
    user_id: "0",
    hide_tag: false,
    numerical_value: null,
    is_galaxy: row.is_galaxy,
    is_custom_galaxy: false,
    local_only: false,
  };
}

/** @returns A tag as it shows on an event or attribute. */
export function printTag(tag: StoredTag): Fields {
  return {
    id: tag.id,
    name: tag.name,
    colour: tag.colour,
    exportable: true,
    user_id: "0",
    hide_tag: false,
    numerical_value: null,
    is_galaxy: tag.is_galaxy,
    is_custom_galaxy: false,
    local_only: false,
    local: tag.local,
    relationship_type: null,
  };
}

/** @returns The galaxy clusters behind the tags; unknown clusters have none. */
export function printGalaxies(tags: readonly StoredTag[]): Fields[] {
  const clusters = tags.flatMap((tag) => {
    const value = /^misp-galaxy:mitre-attack-pattern="(.+)"$/.exec(tag.name)?.[1];
    const uuid = value === undefined ? undefined : CLUSTERS.get(value);
    return uuid === undefined ? [] : [{
      uuid,
      type: "mitre-attack-pattern",
      value,
      tag_name: tag.name,
      galaxy_id: "1",
      tag_id: tag.id,
      local: tag.local,
      relationship_type: "",
    }];
  });
  if (clusters.length === 0) return [];
  return [{
    id: "1",
    uuid: "c4e851fa-775f-11e7-8163-b774922098cd",
    name: "Attack Pattern",
    type: "mitre-attack-pattern",
    namespace: "mitre-attack",
    GalaxyCluster: clusters,
  }];
}
