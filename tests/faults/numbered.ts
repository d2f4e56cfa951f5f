/**
 * Alerts that are numbered, and what must be true of them at MISP whatever happened on the way.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { FakeMisp, StoredEvent } from "../fake_misp/server.ts";
import { sshdAlert } from "../support/fixtures.ts";

/** One alert of many: one guess of one source, in a connection of its own. */
export function numberedAlert(number: number, sources: number) {
  const at = new Date(Date.UTC(2026, 7, 23, 6, 0, number % 3600, number % 1000));
  return sshdAlert({
    id: `${1787464800 + number}.${number}`,
    time: at.toISOString().replace("Z", "+0000"),
    agent: number % 2 === 0 ? "honeypot-fra1" : "honeypot-ams2",
    agentId: number % 2 === 0 ? "007" : "008",
    pid: 1000 + number,
    message: `Failed password for root from ${sourceOf(number, sources)} port 51676 ssh2`,
  });
}

/** The source of an alert by its number. */
export const sourceOf = (number: number, sources: number) =>
  `82.202.${Math.floor((number % sources) / 250)}.${1 + (number % sources) % 250}`;

/** Numbers from `first` on. */
export const numbers = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** How many attempts a MISP has of each source; an event that stands there twice fails. */
export function totalsOf(misp: FakeMisp): Readonly<Record<string, number>> {
  const events = misp.events();
  return totalsOfEvents(events);
}

/** The same of events, wherever they lie. */
export function totalsOfEvents(
  events: readonly Pick<StoredEvent, "uuid" | "Object">[],
): Readonly<Record<string, number>> {
  const totals = new Map<string, number>();
  const uuids: string[] = [];
  for (const event of events) {
    uuids.push(event.uuid);
    for (const object of event.Object) {
      uuids.push(object.uuid, ...object.Attribute.map(({ uuid }) => uuid));
      const valueOf = (relation: string) =>
        object.Attribute.filter((one) => one.object_relation === relation).map(({ value }) =>
          value
        );
      const [total, ...more] = valueOf("total");
      if (total === undefined) continue;
      const [source, ...others] = valueOf("ip-src");
      assert.deepEqual([more, others], [[], []]);
      totals.set(source!, (totals.get(source!) ?? 0) + Number(total));
    }
  }
  assert.equal(new Set(uuids).size, uuids.length, "a uuid stands there twice");
  return Object.fromEntries([...totals].sort(([one], [other]) => one < other ? -1 : 1));
}

/** What alerts of these numbers come to. */
export function expectedTotals(
  of: readonly number[],
  sources: number,
): Readonly<Record<string, number>> {
  const groups = Object.entries(Object.groupBy(of, (number) => sourceOf(number, sources)));
  return Object.fromEntries(
    groups.map(([source, all]) => [source, all!.length] as const)
      .sort(([one], [other]) => one < other ? -1 : 1),
  );
}
