/**
 * The events that would be made from a buffer, without sending them.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import type { Config } from "../../config/config.ts";
import type { MispEvent } from "../../misp/event.ts";
import { merged } from "../../misp/merged.ts";
import type { Installation } from "../../misp/uuid.ts";
import { installationPath, readInstallation } from "../../publish/installation_file.ts";
import { snapshotAttack } from "../../publish/snapshot.ts";
import type { Log } from "../terminal/log.ts";
import { createLookups } from "../wiring/lookups.ts";
import { daySlotsOf, snapshotRules } from "../wiring/publisher.ts";

/** A preview makes no file: until there is one, it shows uuids of the publisher's name alone. */
const UNKNOWN: Installation = { id: undefined, organisation: undefined };

/**
 * Makes reports of everything in a temporary buffer.
 *
 * @param installation whose events they are; by default those of the installation beside the buffer
 * @returns their events
 */
export async function previewEvents(
  buffer: Buffer,
  config: Config,
  log: Log,
  installation = readInstallation(installationPath(config.buffer.path))?.installation,
): Promise<readonly { readonly Event: MispEvent }[]> {
  const rules = snapshotRules(config, ["feed"], installation ?? UNKNOWN);
  const everything = { periodMs: 0, maxHoldMs: 0, sinks: rules.sinks };
  const now = Date.now();
  const lookups = createLookups(config, log);
  await lookups.prepare();
  const snapshot = (
    ...[attack, record, findDaySlot]: Parameters<Parameters<Buffer["outbox"]["snapshotDue"]>[3]>
  ) =>
    snapshotAttack(attack, record, rules, {
      now,
      lookups: lookups.current(),
      findDaySlot: daySlotsOf(config, findDaySlot),
    });
  while (await buffer.outbox.snapshotDue(everything, 1000, now, snapshot) > 0);
  const reports = await buffer.outbox.reportsToTry(["feed"], 1_000_000, Infinity);
  const events = Map.groupBy(
    reports.map((report) => JSON.parse(report.body) as MispEvent),
    (event) => event.uuid,
  );
  return [...events.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [{ Event: merged([first, ...rest]) }]
  );
}
