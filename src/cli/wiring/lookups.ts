/**
 * Warning lists and geolocation, loaded when the first event is built.
 *
 * @module
 */
import { MINUTE } from "../../clock.ts";
import { canonicalAddress } from "../../address.ts";
import type { Config } from "../../config/config.ts";
import { readUrl } from "../../cowrie/session_files.ts";
import type { SessionFacts } from "../../misp/sessions/session_parts.ts";
import { type Lookups, NO_LOOKUPS } from "../../publish/snapshot.ts";
import type { Log } from "../terminal/log.ts";
import { guardOf } from "./context.ts";

/** Look-ups that must be prepared before they are used. */
export interface LazyLookups {
  /** Loads what is configured. Later calls only check whether files have changed. */
  readonly prepare: () => Promise<void>;
  readonly current: () => Lookups;
}

/** How often the files of warning lists are checked, milliseconds. */
const RECHECK_MS = MINUTE;

/** Builds the look-ups that are configured. One that cannot be loaded is logged, and finds nothing. */
export function createLookups(config: Config, log: Log): LazyLookups {
  const warn = (message: string) => log("warning", message);
  let verdictOf: Lookups["verdictOf"] | undefined;
  let locate: Lookups["locate"] | undefined;
  let values: SessionFacts | undefined;
  let refusalOf: Lookups["refusalOf"];
  return {
    prepare: async () => {
      refusalOf ??= (await guardOf(config)).refusal;
      verdictOf ??= await loadVerdicts(config, warn);
      values ??= await openValueLists(config, warn, verdictOf);
      locate ??= await loadLocations(config, warn);
    },
    current: () => ({
      verdictOf: verdictOf ?? NO_LOOKUPS.verdictOf,
      locate: locate ?? NO_LOOKUPS.locate,
      ...(refusalOf === undefined ? {} : { refusalOf }),
      ...values,
    }),
  };
}

/** How many warning lists an address is on, as the configured ones say. */
export async function openWarninglists(
  config: Config,
  log: Log,
): Promise<(address: string) => number> {
  const verdictOf = await loadVerdicts(config, (message) => log("warning", message));
  return (address) => verdictOf(address)?.lists.length ?? 0;
}

async function loadVerdicts(
  config: Config,
  warn: (message: string) => void,
): Promise<Lookups["verdictOf"]> {
  const { warninglistsDirectory, publishPrivate } = config.guard;
  if (warninglistsDirectory === undefined) return NO_LOOKUPS.verdictOf;
  const { cachedWarninglists, WARNINGLIST_FILES } = await import("../../guard/warninglists.ts");
  const options = { recheckMs: RECHECK_MS, publishPrivate, warn };
  const lists = cachedWarninglists(warninglistsDirectory, WARNINGLIST_FILES, options);
  lists(Date.now());
  return (address) => lists(Date.now()).verdict(address);
}

/** Lists of files, and of the hosts that files are fetched from. */
async function openValueLists(
  { guard: { warninglistsDirectory }, session }: Config,
  warn: (message: string) => void,
  verdictOf: Lookups["verdictOf"],
): Promise<SessionFacts> {
  if (warninglistsDirectory === undefined || !session.enabled) return {};
  const { WARNINGLIST_FILES } = await import("../../guard/warninglists.ts");
  const { valueLists } = await import("../../guard/value_lists.ts");
  const options = { recheckMs: RECHECK_MS, warn, now: Date.now };
  const lists = valueLists(warninglistsDirectory, WARNINGLIST_FILES, options);
  return {
    hashLists: (hash) => lists.ofHash(hash),
    urlLists: (url) => {
      const { host = "" } = readUrl(url, true) ?? {};
      const address = canonicalAddress(host);
      if (address === undefined) return lists.ofHost(host);
      const verdict = verdictOf(address);
      // Attackers live in clouds: such a list says nothing against an address.
      return verdict === undefined || verdict.action === "publish" ? [] : verdict.lists;
    },
  };
}

async function loadLocations(
  config: Config,
  warn: (message: string) => void,
): Promise<Lookups["locate"]> {
  const { databases } = config.geoip;
  if (databases.length === 0) return NO_LOOKUPS.locate;
  const { openGeolocation } = await import("../../guard/geolocation.ts");
  const geolocation = await openGeolocation(databases, { readFile: Deno.readFile, warn });
  return (address) => geolocation?.lookup(address);
}
