/**
 * The publishing engine of a process, from the configuration.
 *
 * @module
 */
import type { Config } from "../../config/config.ts";
import type { ListsParts } from "../../lists/writer.ts";
import { type EngineOptions, PublishingEngine } from "../../publish/engine.ts";
import { ownerName } from "./context.ts";
import { createNotifying } from "./notify/notifying.ts";
import type { ForwardingRounds } from "./forwarding.ts";
import type { Publisher } from "./publisher.ts";
import { pruneBuffer } from "./pruning.ts";

/** What differs between the processes that publish. */
export interface EngineRules
  extends Pick<EngineOptions, "lookMs" | "pruneMs" | "graceMs" | "takeIn"> {
  /** Undefined: nothing is forwarded here. */
  readonly forwarding?: ForwardingRounds | undefined;
  readonly onRound?: EngineOptions["onRound"];
}

/** Makes the lists where there are any; only then is the code for it loaded. */
export function listMaker(
  buffer: Publisher["buffer"],
  config: Config,
  log: Publisher["log"],
): ((isLast: boolean) => Promise<void>) | undefined {
  if (config.lists.length === 0) return undefined;
  let parts: ListsParts | undefined;
  return async (isLast) => {
    const { listsParts } = await import("./lists/parts.ts");
    const { writeListsInTime } = await import("../../lists/writer.ts");
    parts ??= listsParts(config, buffer, log);
    await writeListsInTime(parts, isLast);
  };
}

/** Builds an engine that must be ended before its publisher is disposed of. */
export function createEngine(
  publisher: Publisher,
  config: Config,
  { lookMs, pruneMs, graceMs, takeIn, forwarding, onRound }: EngineRules,
): PublishingEngine {
  return new PublishingEngine(publisher, {
    ...{ lookMs, pruneMs, graceMs, takeIn },
    owner: ownerName(),
    prune: () => pruneBuffer(publisher.buffer, config, publisher.log),
    notify: createNotifying(config, publisher.buffer, publisher.log),
    makeLists: listMaker(publisher.buffer, config, publisher.log),
    forward: forwarding === undefined ? undefined : async () => void await forwarding.forward(),
    ...(onRound === undefined ? {} : { onRound }),
  });
}
