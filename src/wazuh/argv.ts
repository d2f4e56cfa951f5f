/**
 * How integratord calls an integration (docs/contracts/wazuh.md 1.4).
 *
 * @module
 */

/** The arguments of integratord. An empty text means that one is not given. */
export interface IntegrationCall {
  readonly alertFile: string;
  readonly apiKey: string;
  readonly hookUrl: string;
  readonly debug: boolean;
}

/**
 * Whether this is an integration call and not a command: it has an alert file in front, or at least the four
 * positions that every integratord since 4.0 fills, the first of which is empty when `/tmp` was full.
 */
export function isIntegrationCall(args: readonly string[], commands: readonly string[]): boolean {
  const first = args[0];
  if (first === undefined || commands.includes(first) || first.startsWith("-")) return false;
  return args.length >= 4 || first === "" || /\.(alert|json)$/.test(first) || first.includes("/");
}

/**
 * Reads the positions 1 to 4. Later ones (options file, timeout, retries, and the literal redirection
 * that no shell ever sees) are not used; up to 4.6 the redirection was glued to position 4.
 */
export function parseIntegrationCall(args: readonly string[]): IntegrationCall {
  const given = args.filter((arg) => !/^\s*\d?>/.test(arg));
  const [alertFile = "", apiKey = "", hookUrl = "", debug = ""] = given;
  return { alertFile, apiKey, hookUrl, debug: /^debug\b/.test(debug) };
}
