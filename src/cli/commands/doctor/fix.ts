/**
 * `doctor --fix`: makes in MISP what is missing there and the key may make, once somebody agreed.
 *
 * @module
 */
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import { MispClient } from "../../../misp/client.ts";
import { lookAtInstance } from "../../../misp/instance.ts";
import { makeMissing, type Plan, planOf } from "../../../misp/setup/make_missing.ts";
import { type Check, ok, warning } from "../../terminal/checks.ts";
import { counted } from "../../terminal/counted.ts";
import { mispAccess } from "../../wiring/publisher.ts";
import { wantedTags } from "./misp.ts";

/**
 * Makes what is missing in MISP. What the key may not make is left to the checks, which say who does it
 * and how.
 *
 * @param isAgreed whether somebody agreed to what is printed
 */
export async function fixMisp(
  config: Config,
  isAgreed: (question: string) => boolean,
): Promise<readonly Check[]> {
  try {
    const access = mispAccess(config);
    if (access === undefined) return [];
    using client = new MispClient(access);
    const look = await lookAtInstance(client, wantedTags(config), Date.now);
    if (look.kind === "problem") return [];
    const plan = planOf(look.instance);
    if (plan.tags.length + plan.taxonomies.length === 0) {
      return [ok("fix", "nothing is missing that this key may make")];
    }
    if (!isAgreed(questionOf(plan, access.url))) {
      return [warning("fix", "nothing was made", "agree, or run `doctor --fix --yes`")];
    }
    const steps = await makeMissing(client, plan, Date.now);
    return steps.map(({ what, problem }) =>
      problem === undefined
        ? ok("fix", what)
        : warning("fix", `not done: ${what}: ${problem}`, "do it in MISP, as an admin")
    );
  } catch (error) {
    // The checks report what is wrong with the configuration.
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

function questionOf({ tags, taxonomies }: Plan, url: string): string {
  const parts = [
    ...(tags.length === 0 ? [] : [`make ${counted(tags.length, "tag")}: ${tags.join(", ")}`]),
    ...(taxonomies.length === 0 ? [] : [`enable taxonomies: ${taxonomies.join(", ")}`]),
  ];
  return `In MISP at ${url}: ${parts.join("; ")}?`;
}
