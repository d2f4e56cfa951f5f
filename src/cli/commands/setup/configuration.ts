/**
 * The configuration that `setup` writes: the existing one with the answers in it. Pure.
 *
 * @module
 */
import { type Fields, isFields, own } from "../../../json.ts";

/** What the user answered; undefined: that key stays as it is. */
export interface Answers {
  readonly mispUrl?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly agentPrefixes?: readonly string[] | undefined;
  readonly hostnames?: readonly string[] | undefined;
}

/** A value of the existing file that the answers replace; `to` is undefined where they remove it. */
export interface Replaced {
  readonly key: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** The new file. */
export interface Merged {
  readonly text: string;
  readonly replaced: readonly Replaced[];
  /** Whether a value is other than before. */
  readonly isChanged: boolean;
}

/**
 * Puts the answers into the existing configuration. Every other key stays.
 *
 * @param existing the parsed file; undefined: there is none
 */
export function merged(existing: unknown, answers: Answers): Merged {
  const result: Record<string, unknown> = isFields(existing) ? structuredClone(existing) : {};
  const replaced: Replaced[] = [];
  let isChanged = !isFields(existing);
  const put = (section: string, name: string, to: unknown) => {
    const fields: Fields = isFields(own(result, section)) ? result[section] as Fields : {};
    const from = own(fields, name);
    if (JSON.stringify(from) === JSON.stringify(to)) return;
    isChanged = true;
    if (from !== undefined) replaced.push({ key: `${section}.${name}`, from, to });
    // JSON leaves out what is undefined.
    result[section] = { ...fields, [name]: to };
  };
  const { mispUrl, keyFile, caFile, agentPrefixes, hostnames } = answers;
  if (mispUrl !== undefined) put("misp", "url", mispUrl);
  if (keyFile !== undefined) {
    put("misp", "api_key_file", keyFile);
    // It would count before the file.
    put("misp", "api_key", undefined);
  }
  if (caFile !== undefined) put("misp", "ca_file", caFile);
  if (agentPrefixes !== undefined) put("honeypot", "agent_prefixes", agentPrefixes);
  if (hostnames !== undefined) put("honeypot", "hostnames", hostnames);
  return { text: `${JSON.stringify(result, undefined, 2)}\n`, replaced, isChanged };
}

/** A replaced value for the user, without a secret. */
export function replacedText({ key, from, to }: Replaced): string {
  if (to === undefined) return `removes ${key}`;
  return `replaces ${key} ${JSON.stringify(from)} by ${JSON.stringify(to)}`;
}
