/**
 * ATT&CK techniques under the names of MISP's galaxy (docs/contracts/misp.md 4).
 *
 * @module
 */
import type { Technique } from "../model.ts";

/** Names of clusters: a technique gets the galaxy's tag also where Wazuh has another name for it. */
const CLUSTERS: Readonly<Record<string, string>> = {
  "T1021": "Remote Services",
  "T1021.004": "SSH",
  "T1078": "Valid Accounts",
  "T1078.001": "Default Accounts",
  "T1078.003": "Local Accounts",
  "T1110": "Brute Force",
  "T1110.001": "Password Guessing",
  "T1110.002": "Password Cracking",
  "T1110.003": "Password Spraying",
  "T1110.004": "Credential Stuffing",
  "T1133": "External Remote Services",
  "T1190": "Exploit Public-Facing Application",
  "T1595": "Active Scanning",
};

/** The technique of an SSH attempt when no rule names one. */
const BRUTE_FORCE: Technique = { id: "T1110", name: undefined };

/** The galaxy tags of an attack; `Brute Force - T1110` when Wazuh named no technique. */
export function techniqueTags(techniques: readonly Technique[]): readonly string[] {
  return (techniques.length === 0 ? [BRUTE_FORCE] : techniques).flatMap(techniqueTag);
}

function techniqueTag({ id, name }: Technique): readonly string[] {
  const cluster = CLUSTERS[id] ?? name;
  if (cluster === undefined || !/^[\w ./()-]{1,100}$/.test(cluster)) return [];
  return [`misp-galaxy:mitre-attack-pattern="${cluster} - ${id}"`];
}
