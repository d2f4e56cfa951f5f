/**
 * Makes in MISP what events need and the instance does not have, as far as the key may: tags, and the
 * taxonomies that describe them.
 *
 * @module
 */
import { isFields } from "../../json.ts";
import { type MispClient, Unreachable } from "../client.ts";
import type { Instance } from "../instance_answers.ts";
import { problemOf, problemOfFailure } from "../instance_answers.ts";

/** What a key may make. */
export interface Plan {
  readonly tags: readonly string[];
  /** Namespaces of taxonomies to enable, where the instance has them. */
  readonly taxonomies: readonly string[];
}

/** What became of one step: what it made, or why it did not. */
export interface Step {
  readonly what: string;
  readonly problem?: string;
}

/** Whether a tag stands for a cluster of a galaxy. */
export const isGalaxyTag = (tag: string) => tag.startsWith("misp-galaxy:");

/** The taxonomies of tags, such as `tlp` of `tlp:green`. */
export function taxonomiesOf(tags: readonly string[]): readonly string[] {
  const plain = tags.filter((tag) => !isGalaxyTag(tag) && tag.includes(":"));
  return [...new Set(plain.map((tag) => tag.slice(0, tag.indexOf(":"))))];
}

/** What the key of an instance may make of what is missing there. */
export function planOf({ missingTags, rights, isReadOnly }: Instance): Plan {
  const missing = isReadOnly ? [] : missingTags ?? [];
  return {
    tags: rights.perm_tag_editor ? missing : [],
    taxonomies: rights.perm_site_admin ? taxonomiesOf(missing) : [],
  };
}

/** Carries a plan out. Each step may fail by itself. */
export async function makeMissing(
  client: MispClient,
  { tags, taxonomies }: Plan,
  now: () => number,
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const { id, namespace } of await disabled(client, taxonomies, now)) {
    const problem = await post(client, `/taxonomies/enable/${id}`, {}, now);
    steps.push(stepOf(`taxonomy ${namespace} enabled`, problem));
  }
  for (const name of tags) {
    steps.push(stepOf(`tag ${name} made`, await post(client, "/tags/add", { name }, now)));
  }
  return steps;
}

const stepOf = (what: string, problem: string | undefined): Step =>
  problem === undefined ? { what } : { what, problem };

async function disabled(client: MispClient, wanted: readonly string[], now: () => number) {
  if (wanted.length === 0) return [];
  const rows = await ask(client, "GET", "/taxonomies/index", undefined, now);
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row: unknown) => {
    const taxonomy = isFields(row) && isFields(row.Taxonomy) ? row.Taxonomy : {};
    const namespace = String(taxonomy.namespace);
    const isEnabled = [true, 1, "1"].includes(taxonomy.enabled as boolean);
    return !isEnabled && wanted.includes(namespace) ? [{ id: String(taxonomy.id), namespace }] : [];
  });
}

/** @returns the problem; undefined: it was done */
async function post(
  client: MispClient,
  path: string,
  body: unknown,
  now: () => number,
): Promise<string | undefined> {
  const answer = await ask(client, "POST", path, body, now);
  if (typeof answer === "string") return answer;
  const isDone = isFields(answer) && ("Tag" in answer || answer.saved === true);
  return isDone ? undefined : "MISP did not do it, and gave no reason";
}

/** @returns the JSON of the answer, or a problem as text */
async function ask(
  client: MispClient,
  method: "GET" | "POST",
  path: string,
  body: unknown,
  now: () => number,
): Promise<unknown> {
  try {
    const answer = await client.request(
      method,
      path,
      body === undefined ? undefined : JSON.stringify(body),
    );
    if (answer.status === 200) return answer.json;
    return problemOf(answer, now())?.reason ?? `MISP answered ${answer.status}`;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return problemOfFailure(error).reason;
  }
}
