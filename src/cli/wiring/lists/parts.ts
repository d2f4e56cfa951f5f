/**
 * What lists are made of, from the configuration.
 *
 * @module
 */
import type { Buffer } from "../../../buffer/buffer.ts";
import { MINUTE } from "../../../clock.ts";
import type { Config } from "../../../config/config.ts";
import { createGuard } from "../../../guard/guard.ts";
import type { Warninglists } from "../../../guard/warninglists.ts";
import type { Gates } from "../../../lists/entry.ts";
import { listFiles } from "../../../lists/file.ts";
import type { ListsParts } from "../../../lists/writer.ts";
import { allowedOf, ownerName } from "../context.ts";

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
  const { warninglistsDirectory: directory, publishPrivate, minAttempts } = config.guard;
  let warninglists: ((now: number) => Warninglists) | undefined;
  return async () => {
    const guard = createGuard({ ...config.honeypot, ...config.guard }, await allowedOf(config));
    const gates = { refusal: guard.refusal, minAttempts };
    if (directory === undefined) return { ...gates, warninglistsOf: () => [] };
    const module = await import("../../../guard/warninglists.ts");
    warninglists ??= module.cachedWarninglists(directory, module.WARNINGLIST_FILES, {
      ...{ recheckMs: RECHECK_MS, publishPrivate },
      warn: (message) => log("warning", message),
    });
    const loaded = warninglists(Date.now());
    if (loaded.unreadable > 0) {
      throw new Error(
        `warning lists in ${directory} cannot be read; \`doctor\` names them, fix them or take them out`,
      );
    }
    return { ...gates, warninglistsOf: (address) => loaded.verdict(address).lists };
  };
}
