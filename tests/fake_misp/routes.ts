/**
 * Which action a request means, and who may ask for it.
 *
 * @module
 */
import { addAttribute, editAttribute } from "./attribute_calls.ts";
import { type Answer, exception, json, noPermission, Refused } from "./answers.ts";
import type { Call } from "./call.ts";
import { addEvent, deleteEvent, editEvent, publishEvent, viewEvent } from "./events.ts";
import { deleteAttribute, deleteObject, deleteReport, restoreAttribute } from "./deletions.ts";
import { attachCluster, viewCluster } from "./clusters.ts";
import { enableTaxonomy, indexTaxonomies } from "./taxonomies.ts";
import { checkValue, getVersion, indexSharingGroups, viewMe } from "./instance.ts";
import type { Permissions } from "./roles.ts";
import { addSighting, bulkSaveSightings, listSightings } from "./sightings.ts";
import { Broken } from "./state.ts";
import { addTag, indexTags, removeTag } from "./tags.ts";

interface Action {
  readonly answer: (call: Call) => Answer;
  /** The flag the role needs, if it needs one. */
  readonly needs?: keyof Permissions;
  /** Does not answer to GET: a description comes instead, or what `otherwise` says. */
  readonly posted?: boolean;
  readonly otherwise?: "broken";
}

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["servers/getversion", { answer: getVersion }],
  ["users/view", { answer: viewMe }],
  ["events/add", { answer: addEvent, needs: "perm_add" }],
  ["events/edit", { answer: editEvent, needs: "perm_add" }],
  ["events/view", { answer: viewEvent }],
  ["events/publish", {
    answer: publishEvent,
    needs: "perm_publish",
    posted: true,
    otherwise: "broken",
  }],
  ["events/delete", { answer: deleteEvent, needs: "perm_add", posted: true }],
  ["attributes/add", { answer: addAttribute, needs: "perm_add", posted: true }],
  ["attributes/edit", { answer: editAttribute, needs: "perm_add", posted: true }],
  ["attributes/delete", { answer: deleteAttribute, needs: "perm_add", posted: true }],
  ["attributes/restore", { answer: restoreAttribute, needs: "perm_add", posted: true }],
  ["objects/delete", { answer: deleteObject, needs: "perm_add", posted: true }],
  ["eventreports/delete", { answer: deleteReport, needs: "perm_add", posted: true }],
  ["events/removetag", { answer: removeTag, needs: "perm_tagger", posted: true }],
  ["galaxies/attachcluster", { answer: attachCluster, needs: "perm_tagger", posted: true }],
  ["galaxy_clusters/view", { answer: viewCluster }],
  ["taxonomies/index", { answer: indexTaxonomies }],
  ["taxonomies/enable", { answer: enableTaxonomy, needs: "perm_site_admin", posted: true }],
  ["sightings/add", { answer: addSighting, needs: "perm_sighting", posted: true }],
  ["sightings/bulksavesightings", {
    answer: bulkSaveSightings,
    needs: "perm_sighting",
    posted: true,
  }],
  ["sightings/listsightings", { answer: listSightings }],
  ["tags/add", { answer: addTag, needs: "perm_tag_editor", posted: true }],
  ["tags/index", { answer: indexTags }],
  ["sharing_groups/index", { answer: indexSharingGroups }],
  ["warninglists/checkvalue", { answer: checkValue }],
]);
const CONTROLLERS: ReadonlySet<string> = new Set(
  [...ACTIONS.keys()].map((key) => key.slice(0, key.indexOf("/"))),
);

/** What a path says. */
export interface Target {
  readonly controller: string;
  readonly action: string;
  readonly args: readonly string[];
  readonly named: ReadonlyMap<string, string>;
}

/**
 * Reads a path: `/controller/action/arg/name:value`, also CakePHP's REST forms of events.
 *
 * @param method HTTP method.
 * @param path The path, with or without a query and `.json`.
 * @returns What it says.
 */
export function targetOf(method: string, path: string): Target {
  const parts = path.split("?", 1)[0]?.replace(/\.json$/, "").split("/").slice(1).map(decode) ?? [];
  const [controller = "", second, ...rest] = parts;
  const isRest = controller === "events" &&
    (second === undefined || /^[0-9a-f-]+$/i.test(second)) &&
    !ACTIONS.has(`events/${second?.toLowerCase()}`);
  const action = isRest ? restAction(method, second) : second ?? "index";
  const args = isRest && second !== undefined ? [second, ...rest] : rest;
  const isNamed = (part: string): boolean => /^[a-z_]+:/i.test(part);
  const named = args.filter(isNamed).map((part): [string, string] => {
    const colon = part.indexOf(":");
    return [part.slice(0, colon), part.slice(colon + 1)];
  });
  return {
    controller,
    action,
    args: args.filter((part) => part !== "" && !isNamed(part)),
    named: new Map(named),
  };
}

function restAction(method: string, id: string | undefined): string {
  if (id === undefined) return method === "POST" ? "add" : "index";
  return { PUT: "edit", POST: "edit", DELETE: "delete" }[method] ?? "view";
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * Answers a request whose sender is known.
 *
 * @param target What its path says.
 * @param call The request.
 * @returns The answer.
 * @throws {Refused} MISP refuses
 * @throws {Broken} MISP breaks down
 */
export function perform(target: Target, call: Call): Answer {
  const controller = target.controller.toLowerCase();
  const action = ACTIONS.get(`${controller}/${target.action.toLowerCase()}`);
  if (action === undefined) {
    throw new Refused(
      CONTROLLERS.has(controller) ? noPermission(call.url) : exception(404, "Not Found", call.url),
    );
  }
  const { needs } = action;
  if (needs !== undefined && !call.user.permissions[needs]) {
    throw new Refused(noPermission(call.url));
  }
  if (action.posted === true && (call.method === "GET" || call.method === "HEAD")) {
    if (action.otherwise === "broken") throw new Broken("Wrong method");
    const url = `/${target.controller}/${target.action}`;
    return json(200, { name: `${url} API description`, description: "", url });
  }
  return action.answer(call);
}
