/**
 * ATT&CK techniques under the names of MISP's galaxy (docs/contracts/misp.md 4).
 *
 * @module
 */
import type { Technique } from "../../model.ts";
import { ATTACK_NAMES } from "./attack_names.ts";

/** The technique of an SSH attempt when no rule names one. */
export const BRUTE_FORCE: Technique = { id: "T1110", name: undefined };

/** The galaxy tags of techniques. */
export function techniqueTags(techniques: readonly Technique[]): readonly string[] {
  return techniques.flatMap(techniqueTag);
}

/**
 * The id alone decides on the name: Wazuh has other names for some, and rules have lists of ids and names
 * that do not fit. A technique that the table does not have gets no tag, since MISP would have no cluster
 * for it.
 */
function techniqueTag({ id }: Technique): readonly string[] {
  const name = ATTACK_NAMES.get(id);
  return name === undefined ? [] : [`misp-galaxy:mitre-attack-pattern="${name} - ${id}"`];
}
