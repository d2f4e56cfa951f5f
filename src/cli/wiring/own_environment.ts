/**
 * The environment that this program gives to a process of itself: its own variables, and none that
 * the runtime reads.
 *
 * @module
 */
import { configurationKeys, environmentName } from "../../config/keys.ts";

/**
 * An option before the command: this process was started by this program, with such an environment.
 * An argument says so, because whoever sets the environment does not choose the arguments. Its value is
 * `alone`, or `watched`: the process ends as soon as its standard input does.
 */
export const IN_OWN_ENVIRONMENT = "--in-own-environment";

/** The variables of this program that are set. The permissions do not allow to list the others. */
export function ownEnvironment(root: string): Record<string, string> {
  const names = ["WM_CONFIG", ...Object.keys(configurationKeys(root)).map(environmentName)];
  const set = names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set);
}
