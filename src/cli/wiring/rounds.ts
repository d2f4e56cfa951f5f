/**
 * A round that a person asks for: it waits for its turn, and its result is shown.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import type { Config } from "../../config/config.ts";
import { ConfigError } from "../../config/values.ts";
import { INTEGRATORD_URL } from "../../publish/names.ts";
import { publishDue, type PublisherParts, type Round } from "../../publish/publisher.ts";
import { sleepInTime } from "../../publish/timers.ts";
import { EXIT, Failure } from "../exit.ts";
import { ownerName } from "./context.ts";

/** How long a round waits for that of another process to end, milliseconds. */
const LOCK_TIMEOUT_MS = 30_000;
const TRY_AGAIN_MS = 100;

/**
 * A report is made for the sinks that are known. Where only integratord's block names MISP, another
 * command would make reports for the feed folder only, and MISP would never get them.
 *
 * @throws {ConfigError} only integratord's block names MISP
 */
export async function requireMispOfIntegratord(buffer: Buffer, config: Config): Promise<void> {
  if (config.misp.url !== undefined) return;
  const url = await buffer.settings.get(INTEGRATORD_URL);
  if (url === undefined) return;
  throw new ConfigError(
    `only <hook_url> in ossec.conf names MISP (${url}), and only Wazuh passes it on; set misp.url ` +
      "and misp.api_key_file in the configuration file",
  );
}

/**
 * Publishes, once another publisher has ended its round.
 *
 * @throws {Failure} the other one takes too long
 */
export function publishInTurn(parts: PublisherParts, everything: boolean): Promise<Round> {
  const owner = ownerName();
  return waitForTurn(() => publishDue(parts, owner, everything));
}

/**
 * Tries until no other process is at work.
 *
 * @param work gives undefined while another process is at work
 * @throws {Failure} the other one takes too long
 */
export async function waitForTurn<T>(work: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const result = await work();
    if (result !== undefined) return result;
    if (performance.now() > deadline) {
      throw new Failure(EXIT.waiting, "another flush is at work; try again when it is done");
    }
    await sleepInTime(TRY_AGAIN_MS);
  }
}

/** A round for people. */
export function roundText({ delivered, waiting, refused, problems }: Round): string {
  return [
    `delivered ${delivered}, waiting ${waiting}, refused ${refused}`,
    ...problems.map((problem) => `waiting because: ${problem}`),
    ...(refused > 0 ? ["`report list` shows why they were refused"] : []),
  ].join("\n");
}

/** A round for machines. `frozen` is the former name of `snapshots`, kept for one release. */
export function roundJson(round: Round) {
  return { ...round, frozen: round.snapshots };
}
