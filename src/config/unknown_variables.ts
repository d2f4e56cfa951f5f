/**
 * Variables that the user misspelt. The binary may ask for each variable that begins with `WM_`, but may
 * not list them: so it asks for every name that is one slip away from a known one.
 *
 * @module
 */
import { ConfigError } from "./values.ts";
import { configurationKeys, environmentName } from "./keys.ts";

/** What a name of a variable has after its beginning. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

const BEGINNING = "WM_";

/** Variables that are no key. */
const OTHERS = ["WM_CONFIG", "WM_HOOK_URL", "WM_HOOK_KEY"] as const;

/** Names that are one letter more, less, other or swapped, or lack an end or words. */
function* slipsOf(name: string): Generator<string> {
  const word = name.slice(BEGINNING.length);
  for (let at = 0; at <= word.length; at++) {
    const [before, after] = [word.slice(0, at), word.slice(at)];
    for (const letter of LETTERS) {
      yield before + letter + after;
      if (after !== "") yield before + letter + after.slice(1);
    }
    if (after !== "") yield before + after.slice(1);
    if (after.length > 1) yield before + after[1] + after[0] + after.slice(2);
  }
  for (const left of [2, 3, 4]) yield word.slice(0, -left);
  const words = word.split("_");
  for (let kept = 1; kept < 2 ** words.length - 1; kept++) {
    yield words.filter((_, index) => kept & 2 ** index).join("_");
  }
}

/**
 * Refuses a variable that is set and stands for nothing.
 *
 * @param root Wazuh's folder
 * @param isSet asks for one variable by its name
 * @throws {ConfigError} the first that is found, and what it was meant to be
 */
export function refuseUnknownVariables(root: string, isSet: (name: string) => boolean): void {
  const names = Object.keys(configurationKeys(root)).map(environmentName);
  const known = new Set<string>([...names, ...OTHERS]);
  for (const name of [...names, OTHERS[0]]) {
    for (const slip of slipsOf(name)) {
      const variable = BEGINNING + slip;
      if (slip === "" || known.has(variable) || !isSet(variable)) continue;
      throw new ConfigError(
        `unknown variable ${variable}`,
        `did you mean ${name}? \`help config\` lists the keys`,
      );
    }
  }
}
