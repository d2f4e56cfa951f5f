/**
 * Every configuration key. The table of docs/configuration.md, the environment names,
 * `config --schema` and the checks all come from this one list.
 *
 * @module
 */
import { bufferKeys } from "./buffer_keys.ts";
import { evidenceKeys } from "./evidence_keys.ts";
import type { Key, Kinds } from "./key.ts";
import { mispKeys } from "./misp_keys.ts";
import { serverKeys } from "./server_keys.ts";

const exactKeys = (root: string) => ({
  ...mispKeys(),
  ...bufferKeys(root),
  ...evidenceKeys(),
  ...serverKeys(root),
});

type Keys = ReturnType<typeof exactKeys>;

/** The name of a key, such as `misp.url`. */
export type KeyName = keyof Keys;

/** What a key holds once its value was checked. */
export type ValueOf<Name extends KeyName> =
  | (Keys[Name] extends { choices: readonly (infer Choice)[] } ? Choice : Kinds[Keys[Name]["kind"]])
  | (Keys[Name] extends { fallback: undefined } ? undefined : never);

/**
 * The keys, in the order of the table of docs/configuration.md.
 *
 * @param root Wazuh's folder, `/var/ossec` on an ordinary manager
 */
export function configurationKeys(root: string): Readonly<Record<string, Key>> {
  return exactKeys(root);
}

/** The environment variable of a key: `misp.api_key_file` is `WM_MISP_API_KEY_FILE`. */
export function environmentName(key: string): string {
  return `WM_${key.toUpperCase().replace(".", "_")}`;
}
