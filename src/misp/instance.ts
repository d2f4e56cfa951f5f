/**
 * Checks a MISP instance: its version, the role of the key, its tags and its clock.
 *
 * @module
 */
import { type Answer, TooLong } from "../http.ts";
import { Unreachable } from "./client.ts";
import {
  clockAhead,
  type Instance,
  missingTags,
  type Problem,
  problemOf,
  problemOfFailure,
  roleOf,
  versionOf,
} from "./instance_answers.ts";
import type { Requests } from "./line/retries.ts";

export { isOlder } from "./instance_answers.ts";
export type { Instance, Problem, ProblemKind, Rights } from "./instance_answers.ts";

/** The result of a check, plain JSON. */
export type Look =
  | { readonly kind: "seen"; readonly instance: Instance }
  | { readonly kind: "problem"; readonly problem: Problem };

/**
 * All tags in one answer: MISP sends them to a REST client without pages. Without the counts it does not
 * search its events (MISP 2.5 `TagsController::index`); a version that does not know the parameter does.
 * The case of a tag's name does not matter (docs/contracts/misp.md 8.7).
 */
const ALL_TAGS = "/tags/index/exclude_statistics:1";

/**
 * Checks an instance by three requests, the last two at once; by one when the first fails.
 *
 * The requests change nothing. When only the list of tags fails, `missingTags` is null.
 *
 * @param wantedTags the tags that events will have; without any the instance is not asked for its tags
 * @param now our clock, milliseconds UTC
 */
export async function lookAtInstance(
  client: Requests,
  wantedTags: readonly string[],
  now: () => number,
): Promise<Look> {
  const sentAt = now();
  const first = await get(client, "/servers/getVersion.json", now);
  if ("kind" in first) return { kind: "problem", problem: first };
  const clockAheadMs = clockAhead(first.headers, sentAt, now());
  const version = versionOf(first.json);
  if (version === undefined) return notMisp("its answer names no version");
  const [me, tags] = await Promise.all([
    get(client, "/users/view/me.json", now),
    wantedTags.length === 0 ? undefined : get(client, ALL_TAGS, now),
  ]);
  if ("kind" in me) return { kind: "problem", problem: me };
  const role = roleOf(me.json, first.json);
  if (role === undefined) return notMisp("its answer names no role");
  const missing = tags === undefined || "kind" in tags ? null : missingTags(tags.json, wantedTags);
  return { kind: "seen", instance: { version, ...role, missingTags: missing, clockAheadMs } };
}

async function get(
  client: Requests,
  path: string,
  now: () => number,
): Promise<Answer | Problem> {
  try {
    const answer = await client.request("GET", path);
    return problemOf(answer, now()) ?? answer;
  } catch (error) {
    if (error instanceof Unreachable) return problemOfFailure(error);
    if (error instanceof TooLong) return { kind: "not_misp", reason: error.message };
    throw error;
  }
}

function notMisp(reason: string): Look {
  return { kind: "problem", problem: { kind: "not_misp", reason } };
}
