/**
 * What only the start of a process gives it of the configuration: integratord's arguments, the
 * environment, the name of the file. A background publisher watches the file by itself, but it never
 * sees what the integration calls after its own were given.
 *
 * @module
 */
import type { Loaded } from "../../config/load.ts";

/** Variable that carries integratord's `<hook_url>` to a background publisher. */
export const HOOK_URL = "WM_HOOK_URL";

/** Variable that carries integratord's `<api_key>` to a background publisher. */
export const HOOK_KEY = "WM_HOOK_KEY";

/** What was given, as one text. It holds secrets: only {@link digestOf} it leaves the process. */
export function givenOf(loaded: Loaded): string {
  const values = loaded.entries
    .filter(({ origin }) => origin === "integratord" || origin === "environment")
    .map(({ key, value }) => [key, value]);
  return JSON.stringify([loaded.file, integratordUrl(loaded) ?? null, values]);
}

/** The address of MISP where only integratord names it, and this machine publishes there. */
export function integratordUrl({ config, entries }: Loaded): string | undefined {
  // What is forwarded needs no MISP here, so that no `flush` has to know of it.
  if (config.forward.url !== undefined) return undefined;
  const isFromIntegratord = entries.some(({ key, origin }) =>
    key === "misp.url" && origin === "integratord"
  );
  return isFromIntegratord ? config.misp.url : undefined;
}

/**
 * A short digest that shows whether two processes were given the same.
 *
 * It has 64 bits, and a key of MISP more than 200: whatever the function, no key can be found by it. So
 * a quick one will do. SHA-256 by `crypto.subtle` cost an integration call a millisecond or more.
 *
 * @param earlier a digest whose salt is used; undefined: a new salt, so that no table of keys helps
 * @returns the salt and the digest, in hex
 */
export function digestOf(given: string, earlier: string | undefined): string {
  const salt = earlier?.split(" ")[0] ?? crypto.randomUUID();
  const text = `${salt} ${given}`;
  let [forth, back] = [OFFSET, OFFSET];
  for (let at = 0; at < text.length; at++) {
    forth = Math.imul(forth ^ text.charCodeAt(at), PRIME);
    back = Math.imul(back ^ text.charCodeAt(text.length - 1 - at), PRIME);
  }
  return `${salt} ${hex(forth)}${hex(back)}`;
}

/** Of FNV-1a with 32 bits, which runs over the text from either end. */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

const hex = (bits: number) => (bits >>> 0).toString(16).padStart(8, "0");
