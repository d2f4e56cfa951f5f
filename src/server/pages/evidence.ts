/**
 * User names, sensors and techniques, as the pages show them. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import { ATTACK_NAMES } from "../../misp/galaxy/attack_names.ts";
import type { AttemptsRow } from "../../buffer/views.ts";
import { listLink } from "./ranking.ts";
import { type Column, table, tableBox } from "./table.ts";
import { duration, type Html, number, untrusted } from "./text.ts";

/** User names by attempts, most first. */
export function usernamesTable(usernames: readonly AttemptsRow[]): Html {
  return table([
    {
      name: "user name",
      kind: "untrusted",
      cell: ({ text }) => listLink("username", text, untrusted(text, 100)),
    },
    { name: "attempts", kind: "number", cell: ({ attempts }) => number(attempts) },
  ], usernames);
}

interface Sensor {
  readonly sensor: string;
  readonly name: string;
  readonly alerts: number;
}

/** Sensors with their alerts, and in further columns when they were seen. */
export function sensorsTable<Row extends Sensor>(
  sensors: readonly Row[],
  times: readonly Column<Row>[],
): Html {
  const rows = table<Row>([
    { name: "sensor", kind: "untrusted", cell: ({ sensor, name }) => sensorLink(sensor, name) },
    { name: "alerts", kind: "number", cell: ({ alerts }) => number(alerts) },
    ...times,
  ], sensors);
  return tableBox("sensors-box", "Sensors", rows);
}

/** The name of a sensor as a link to its page. */
export function sensorLink(sensor: string, name: string): Html {
  return html`<a href="/sensors/${encodeURIComponent(sensor)}">${untrusted(name, 60)}</a>`;
}

/** Whether a sensor is silent. @param silentMs 0: none is called silent */
export function isSilent(lastSeen: number, silentMs: number, now: number): boolean {
  return silentMs > 0 && now - lastSeen >= silentMs;
}

/** The mark of a silent sensor; empty where it is not. */
export function silentMark(lastSeen: number, silentMs: number, now: number): Html | "" {
  if (!isSilent(lastSeen, silentMs, now)) return "";
  return html`
    <span class="badge refused" title="no alert for ${duration(silentMs)}">silent</span>
  `;
}

/** A technique's id, and its name in ATT&CK. */
export function techniqueText({ id }: { readonly id: string }): Html {
  const name = ATTACK_NAMES.get(id);
  return html`${listLink("technique", id, untrusted(id, 20))} ${
    name === undefined ? "" : html`<span class="muted">${name}</span>`
  }`;
}
