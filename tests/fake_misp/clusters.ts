/**
 * Galaxy clusters: looked up by uuid, and attached to events, which makes their tag.
 *
 * @module
 */
import { type Answer, json, saved } from "./answers.ts";
import { type Call, mayModify, refuse, visibleEvent } from "./call.ts";
import { CLUSTERS } from "./facts.ts";
import { fields, text } from "./input.ts";
import { ensureTag } from "./tags.ts";

const known = () => [...CLUSTERS].map(([value, uuid], at) => ({ id: String(at + 1), uuid, value }));
const tagOf = (value: string) => `misp-galaxy:mitre-attack-pattern="${value}"`;

/** `GET /galaxy_clusters/view/{uuid}`. */
export function viewCluster(call: Call): Answer {
  const wanted = call.args[0] ?? "";
  const cluster = known().find(({ id, uuid }) => [id, uuid].includes(wanted));
  if (cluster === undefined || !call.state.hasGalaxies) {
    throw refuse(call, 404, "Invalid Galaxy cluster");
  }
  const { id, uuid, value } = cluster;
  return json(200, {
    GalaxyCluster: {
      ...{ id, uuid, value, galaxy_id: "1", tag_name: tagOf(value) },
      type: "mitre-attack-pattern",
    },
  });
}

/** `POST /galaxies/attachCluster/{event}/event/local:0`: also makes the tag; unpublishes. */
export function attachCluster(call: Call): Answer {
  const event = visibleEvent(call);
  if (!mayModify(call, event)) throw refuse(call, 403, "Invalid event.");
  const id = text(fields(fields(call.body).Galaxy).target_id);
  const cluster = known().find((one) => one.id === id);
  if (cluster === undefined) throw refuse(call, 404, "Invalid Galaxy cluster");
  const row = ensureTag(call.state, tagOf(cluster.value));
  if (!event.Tag.some((tag) => tag.id === row.id)) event.Tag.push({ ...row, local: false });
  event.published = false;
  return saved("Cluster attached.", call.url, event.id);
}
