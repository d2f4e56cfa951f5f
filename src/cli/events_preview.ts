/**
 * The events that a buffer would give, without sending them.
 *
 * @module
 */
import type { Buffer } from "../buffer/buffer.ts";
import type { Config } from "../config/load.ts";
import type { MispEvent } from "../misp/event.ts";
import { merged } from "../misp/merged.ts";
import { freezeAttack } from "../publish/freeze.ts";
import type { Log } from "./log.ts";
import { createLookups } from "./lookups.ts";
import { freezeRules, placeOf } from "./publisher_parts.ts";

/** Freezes everything in a throw-away buffer and returns the events. */
export async function previewEvents(
  buffer: Buffer,
  config: Config,
  log: Log,
): Promise<readonly { readonly Event: MispEvent }[]> {
  const rules = freezeRules(config, ["feed"]);
  const everything = { periodMs: 0, maxHoldMs: 0, sinks: rules.sinks };
  const now = Date.now();
  const lookups = createLookups(config, log);
  await lookups.prepare();
  const freeze = (...[attack, home, place]: Parameters<Parameters<Buffer["freezeDue"]>[3]>) =>
    freezeAttack(attack, home, rules, now, lookups.current(), placeOf(config, place));
  while (await buffer.freezeDue(everything, 1000, now, freeze) > 0);
  const reports = await buffer.reportsToTry(["feed"], 1_000_000, Infinity);
  const events = Map.groupBy(
    reports.map((report) => JSON.parse(report.body) as MispEvent),
    (event) => event.uuid,
  );
  return [...events.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [{ Event: merged([first, ...rest]) }]
  );
}
