/**
 * User names, sensors and techniques, as both the overview and the page of a source show them. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import { ATTACK_NAMES } from "../../misp/galaxy/attack_names.ts";
import { type Column, table, tableBox } from "./table.ts";
import { type Html, number, untrusted } from "./text.ts";

interface Username {
  readonly text: string;
  readonly attempts: number;
}

/** User names by attempts, most first; `hasBars`: each with its share of the first one's attempts. */
export function usernamesTable(
  usernames: readonly Username[],
  { hasBars = false, longest = 60 }: { hasBars?: boolean; longest?: number } = {},
): Html {
  const most = usernames[0]?.attempts ?? 1;
  return table([
    { name: "user name", kind: "untrusted", cell: ({ text }) => untrusted(text, longest) },
    {
      name: "attempts",
      kind: "number",
      cell: ({ attempts }) => [hasBars ? share(attempts / most) : "", number(attempts)],
    },
  ], usernames);
}

function share(part: number): Html {
  return html`
    <svg class="share" aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none">
      <rect class="bar" width="${(part *
        100).toFixed(1)}" height="10" />
    </svg>
  `;
}

interface Sensor {
  readonly name: string;
  readonly alerts: number;
}

/** Sensors with their alerts, and in further columns when they were seen. */
export function sensorsTable<Row extends Sensor>(
  sensors: readonly Row[],
  times: readonly Column<Row>[],
): Html {
  const rows = table<Row>([
    { name: "sensor", kind: "untrusted", cell: ({ name }) => untrusted(name, 60) },
    { name: "alerts", kind: "number", cell: ({ alerts }) => number(alerts) },
    ...times,
  ], sensors);
  return tableBox("sensors-box", "Sensors", rows);
}

/** A technique's id, and its name in ATT&CK. */
export function techniqueText({ id }: { readonly id: string }): Html {
  const name = ATTACK_NAMES.get(id);
  return html`${untrusted(id, 20)} ${
    name === undefined ? "" : html`<span class="muted">${name}</span>`
  }`;
}
