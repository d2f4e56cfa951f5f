/**
 * A look at a MISP instance: what it is, and what our key may do there.
 *
 * @module
 */
import { type Answer, TooLong } from "../http.ts";
import { type MispClient, Unreachable } from "./client.ts";
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

export { isOlder } from "./instance_answers.ts";
export type { Instance, Problem, ProblemKind, Rights } from "./instance_answers.ts";

/** What came of a look: plain JSON, whatever it is. */
export type Look =
  | { readonly kind: "seen"; readonly instance: Instance }
  | { readonly kind: "trouble"; readonly problem: Problem };

/**
 * All tags in one answer: to a REST client MISP gives them without pages, and without the counts it
 * need not look at its events (MISP 2.5 `TagsController::index`; a version that does not know the
 * parameter counts). Case does not count in tag names, as in docs/contracts/misp.md 8.7.
 */
const ALL_TAGS = "/tags/index/exclude_statistics:1";

/**
 * Looks at an instance in three requests, the last two at once; in one when the first fails.
 *
 * Nothing is changed there. A failure to list the tags alone leaves `missingTags` null: role and
 * version are worth knowing without them.
 *
 * @param wantedTags the tags that events will have; none: it is not asked for its tags
 * @param now our clock, milliseconds UTC
 */
export async function lookAtInstance(
  client: MispClient,
  wantedTags: readonly string[],
  now: () => number,
): Promise<Look> {
  const sentAt = now();
  const first = await get(client, "/servers/getVersion.json", now);
  if ("kind" in first) return { kind: "trouble", problem: first };
  const clockAheadMs = clockAhead(first.headers, sentAt, now());
  const version = versionOf(first.json);
  if (version === undefined) return notMisp("its answer names no version");
  const [me, tags] = await Promise.all([
    get(client, "/users/view/me.json", now),
    wantedTags.length === 0 ? undefined : get(client, ALL_TAGS, now),
  ]);
  if ("kind" in me) return { kind: "trouble", problem: me };
  const role = roleOf(me.json, first.json);
  if (role === undefined) return notMisp("its answer names no role");
  const missing = tags === undefined || "kind" in tags ? null : missingTags(tags.json, wantedTags);
  return { kind: "seen", instance: { version, ...role, missingTags: missing, clockAheadMs } };
}

async function get(
  client: MispClient,
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
  return { kind: "trouble", problem: { kind: "not_misp", reason } };
}
