/**
 * Attaches the clusters of techniques whose tags an instance does not have yet. Other than a tag, a role
 * without `perm_tag_editor` may attach a cluster, which makes the tag (docs/contracts/misp.md 7).
 *
 * @module
 */
import { isFields } from "../../json.ts";
import type { MispCalls } from "../misp_calls.ts";

/** Clusters of techniques that Wazuh's SSH rules name, by tag (docs/contracts/misp.md 4). */
const CLUSTERS: ReadonlyMap<string, string> = new Map([
  ["Brute Force - T1110", "a93494bb-4b80-4ea1-8695-3236a49916fd"],
  ["Password Guessing - T1110.001", "09c4c11e-4fa1-4f8c-8dad-3cf8e69ad119"],
  ["Password Cracking - T1110.002", "1d24cdee-9ea2-4189-b08e-af110bf2435d"],
  ["Password Spraying - T1110.003", "692074ae-bb62-4a5e-a735-02cb6bde458c"],
  ["Credential Stuffing - T1110.004", "b2d03cea-aec1-45ca-9744-9ee583c1e1cc"],
  ["Remote Services - T1021", "54a649ff-439a-41a4-9856-8d144a2551ba"],
  ["SSH - T1021.004", "2db31dcd-54da-405d-acef-b9129b816ed6"],
  ["Valid Accounts - T1078", "b17a1a56-e99c-403c-8948-561df0cffe81"],
  ["Default Accounts - T1078.001", "6151cbea-819b-455a-9fa6-99a1cc58797d"],
  ["Local Accounts - T1078.003", "fdc47f44-dd32-4b99-af5f-209f556f63c2"],
  ["Active Scanning - T1595", "67073dde-d720-45ae-83da-b12d5e73ca3b"],
  ["External Remote Services - T1133", "10d51417-ee35-4589-b1ff-b6df1c334e8d"],
].map(([name, uuid]) => [`misp-galaxy:mitre-attack-pattern="${name}"`, uuid!]));

/** Attaches clusters, and remembers those that the instance does not have. */
export class ClusterAttacher {
  readonly #failed = new Set<string>();

  /**
   * Attaches the clusters of tags to an event. It unpublishes the event.
   *
   * @param eventId MISP's number of the event
   * @param tags tags that the instance does not have
   * @returns those whose clusters are attached now
   */
  async attach(
    calls: MispCalls,
    eventId: string,
    tags: readonly string[],
  ): Promise<readonly string[]> {
    const attached: string[] = [];
    for (const tag of tags) {
      const uuid = CLUSTERS.get(tag);
      if (uuid === undefined || this.#failed.has(tag)) continue;
      const id = await clusterId(calls, uuid, tag);
      const path = `/galaxies/attachCluster/${eventId}/event/local:0`;
      const meaning = id && await calls.post(path, { Galaxy: { target_id: id } });
      if (meaning && meaning.kind === "done") attached.push(tag);
      else this.#failed.add(tag);
    }
    return attached;
  }
}

/** MISP's number of a cluster; undefined where the instance has it under another tag, or not at all. */
async function clusterId(
  calls: MispCalls,
  uuid: string,
  tag: string,
): Promise<string | undefined> {
  const { status, json } = await calls.get(`/galaxy_clusters/view/${uuid}`);
  const cluster = isFields(json) ? json.GalaxyCluster ?? json : undefined;
  if (status !== 200 || !isFields(cluster)) return undefined;
  const isSame = String(cluster.tag_name).toLowerCase() === tag.toLowerCase();
  return isSame && cluster.id !== undefined ? String(cluster.id) : undefined;
}
