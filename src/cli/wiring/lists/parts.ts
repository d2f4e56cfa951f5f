/**
 * What lists are made of, from the configuration.
 *
 * @module
 */
import type { Buffer } from "../../../buffer/buffer.ts";
import { MINUTE } from "../../../clock.ts";
import type { Config } from "../../../config/config.ts";
import type { Guard } from "../../../guard/guard.ts";
import { standing, type StandingOf } from "../../../guard/standing.ts";
import type { Warninglists } from "../../../guard/warninglists.ts";
import type { Gates } from "../../../lists/entry.ts";
import { listFiles } from "../../../lists/file.ts";
import type { ListsParts } from "../../../lists/writer.ts";
import { guardOf, ownerName } from "../context.ts";

/** How often the files of warning lists are checked, milliseconds. */
const RECHECK_MS = MINUTE;

/** The lists of a configuration. */
export function listsParts(config: Config, buffer: Buffer, log: ListsParts["log"]): ListsParts {
  return {
    buffer,
    lists: listFiles(config.lists, config.buffer.path),
    gates: gatesOf(config, log),
    owner: ownerName(),
    now: Date.now,
    log,
  };
}

/**
 * What keeps addresses out of lists, read again where it has changed.
 *
 * @returns throws where a warning list cannot be read: its addresses would get into the lists
 */
export function gatesOf(config: Config, log: ListsParts["log"]): () => Promise<Gates> {
  const { warninglistsDirectory: directory } = config.guard;
  const warninglists = warninglistsOf(config, log);
  return async () => {
    const { refusal } = await guardOf(config);
    const loaded = await warninglists();
    if (loaded !== undefined && loaded.unreadable > 0) {
      throw new Error(
        `warning lists in ${directory} cannot be read; \`doctor\` names them, fix them or take them out`,
      );
    }
    return {
      refusal,
      warninglistsOf: (address) => loaded?.verdict(address).lists ?? [],
    };
  };
}

/**
 * What becomes of addresses on pages and for commands, read again where it has changed. A warning list that
 * cannot be read is logged, and left out: a page is better than none.
 */
export function standingsOf(config: Config, log: ListsParts["log"]): () => Promise<StandingOf> {
  const warninglists = warninglistsOf(config, log);
  let guard: Promise<Guard> | undefined;
  return async () => {
    const { refusal } = await (guard ??= guardOf(config));
    const loaded = await warninglists();
    return (address) => standing(refusal(address), loaded?.verdict(address).action ?? "publish");
  };
}

/** The warning lists as their files are now; undefined: none are configured. */
function warninglistsOf(
  { guard: { warninglistsDirectory: directory, publishPrivate } }: Config,
  log: ListsParts["log"],
): () => Promise<Warninglists | undefined> {
  let warninglists: ((now: number) => Warninglists) | undefined;
  return async () => {
    if (directory === undefined) return undefined;
    const module = await import("../../../guard/warninglists.ts");
    warninglists ??= module.cachedWarninglists(directory, module.WARNINGLIST_FILES, {
      ...{ recheckMs: RECHECK_MS, publishPrivate },
      warn: (message) => log("warning", message),
    });
    return warninglists(Date.now());
  };
}
