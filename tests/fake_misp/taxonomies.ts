/**
 * Taxonomies: listed for everybody, enabled by site admins.
 *
 * @module
 */
import { type Answer, json, saved } from "./answers.ts";
import { type Call, refuse } from "./call.ts";

/** `GET /taxonomies/index`. */
export function indexTaxonomies(call: Call): Answer {
  const rows = [...call.state.taxonomies].map(([namespace, enabled], at) => ({
    Taxonomy: { id: String(at + 1), namespace, enabled, exclusive: false, version: "1" },
  }));
  return json(200, rows);
}

/** `POST /taxonomies/enable/{id}`: makes no tags. */
export function enableTaxonomy(call: Call): Answer {
  const id = call.args[0] ?? "";
  const namespace = [...call.state.taxonomies.keys()][Number(id) - 1];
  if (namespace === undefined) throw refuse(call, 404, "Invalid taxonomy.");
  call.state.taxonomies.set(namespace, true);
  return saved("Taxonomy enabled.", call.url, id);
}
