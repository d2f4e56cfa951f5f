/**
 * Which reports `report retry` and `report drop` mean, and what became of them.
 *
 * @module
 */
import { canonicalAddress } from "../../../address.ts";
import type { Buffer } from "../../../buffer/buffer.ts";
import type { Changed, ReportRow, ReportsMeant } from "../../../buffer/reports.ts";
import type { SinkName } from "../../../model.ts";
import { PUBLISH_LEASE } from "../../../publish/publisher.ts";
import { type Change, changeGroup } from "../../../publish/refused/groups.ts";
import type { ReasonGroup } from "../../../publish/refused/reasons.ts";
import { oneLine } from "../../../text.ts";
import { EXIT, Failure } from "../../exit.ts";
import { counted } from "../../terminal/counted.ts";
import { ownerName } from "../../wiring/context.ts";
import { groupsOf } from "./reasons.ts";

/** How long a change waits for a publisher to end its round, milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;

/** What became of reports. */
export interface Result {
  readonly changes: readonly Changed[];
  /** Those of reports that were changed. */
  readonly sinks: readonly SinkName[];
}

/** The reports that are to be changed. */
export interface Meant {
  readonly count: number;
  /** Those that can be dropped. */
  readonly undelivered: number;
  /** For the question, such as `of 192.0.2.7`. */
  readonly which: string;
  /** @throws {Failure} a publisher is at work for longer than {@link LOCK_TIMEOUT_MS} */
  change(change: Change): Promise<Result>;
}

/** @throws {Failure} neither a uuid nor an address, or no report has it */
export async function find(
  buffer: Buffer,
  about: string | undefined,
): Promise<readonly ReportRow[]> {
  const found = await buffer.reports.find(meantBy(about));
  if (found.length === 0 && about !== undefined) {
    throw new Failure(EXIT.usage, `no report of "${about}"; \`report list --all\` shows them all`);
  }
  return found;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function meantBy(about: string | undefined): ReportsMeant {
  if (about === undefined) return { kind: "undelivered" };
  if (UUID.test(about)) return { kind: "uuid", uuid: about.toLowerCase() };
  const sourceIp = canonicalAddress(about);
  if (sourceIp !== undefined) return { kind: "source", sourceIp };
  throw new Failure(EXIT.usage, `"${about}" is neither a uuid nor an address`);
}

/**
 * Finds the reports of a uuid or an address, of a reason, or all that were not delivered.
 *
 * @throws {Failure} there are none, or the reason is not one of those there are
 */
export async function meant(
  buffer: Buffer,
  { about, reason }: { readonly about?: string | undefined; readonly reason?: string | undefined },
): Promise<Meant> {
  if (reason !== undefined) return ofGroups(buffer, await groupsOf(buffer, reason));
  const found = await find(buffer, about);
  return {
    count: found.length,
    undelivered: found.filter(({ state }) => state !== "delivered").length,
    which: `of ${about}`,
    change: async (change) => {
      const changes = await whenFree(() =>
        buffer.reports[change](found, { name: PUBLISH_LEASE, owner: ownerName() }, Date.now())
      );
      const changed = found.filter((_, index) => changes[index] === "changed");
      return { changes, sinks: [...new Set(changed.map(({ sink }) => sink))] };
    },
  };
}

function ofGroups(buffer: Buffer, groups: readonly ReasonGroup[]): Meant {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return {
    count,
    undelivered: count,
    which: `with the reason "${oneLine(groups[0]!.text)}"`,
    change: async (change) => {
      const changes: Changed[] = [];
      const sinks: SinkName[] = [];
      for (const group of groups) {
        const some = await changeWhole(buffer, group, change);
        changes.push(...some);
        if (some.includes("changed")) sinks.push(group.sink);
      }
      return { changes, sinks };
    },
  };
}

async function changeWhole(
  buffer: Buffer,
  { key, latest: [newest] }: ReasonGroup,
  change: Change,
): Promise<readonly Changed[]> {
  const until = newest!.at;
  const changes: Changed[] = [];
  for (;;) {
    const { changes: some, end } = await whenFree(async () => {
      const part = await changeGroup(buffer, { key, change, until }, ownerName(), Date.now);
      return part.end === "busy" && part.changes.length === 0 ? undefined : part;
    });
    changes.push(...some);
    if (end === "done" || !some.includes("changed")) return changes;
  }
}

/** @throws {Failure} a publisher is at work for longer than {@link LOCK_TIMEOUT_MS} */
async function whenFree<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    if (performance.now() > deadline) {
      throw new Failure(EXIT.waiting, "a publisher is at work; try again in a minute");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** How many reports each outcome has. */
export type Numbers = Readonly<Record<Changed, number>>;

/** Counts outcomes. */
export function numbersOf(changes: readonly Changed[]): Numbers {
  const of = (kind: Changed) => changes.filter((changed) => changed === kind).length;
  return {
    changed: of("changed"),
    superseded: of("superseded"),
    delivered: of("delivered"),
    gone: of("gone"),
  };
}

/** Why reports were not changed, a line for each reason @param what such as `dropped` */
export function whyNot(
  { superseded, delivered, gone }: Numbers,
  what: string,
): readonly string[] {
  const reasons: readonly [number, string][] = [
    [superseded, "a later report of the same event replaces it"],
    [delivered, "delivered already"],
    [gone, "no longer in the buffer"],
  ];
  return reasons.filter(([n]) => n > 0).map(([n, why]) =>
    `${counted(n, "report")} not ${what}: ${why}`
  );
}
