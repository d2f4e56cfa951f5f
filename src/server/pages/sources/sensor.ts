/**
 * The page of a sensor: what it saw, and when last. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { SourceList } from "../../../buffer/sources.ts";
import type { SensorView } from "../../../buffer/views.ts";
import { historyChart } from "../chart.ts";
import { isSilent } from "../evidence.ts";
import { type Frame, layout } from "../layout.ts";
import { listOf } from "../ranking.ts";
import { tableBox } from "../table.ts";
import { ago, cleaned, duration, fullTime, type Html, number, untrusted } from "../text.ts";
import { type RowParts, sourcesTable } from "./list.ts";

/** What the page shows. */
export interface SensorParts extends RowParts {
  readonly sensor: SensorView;
  /** The sources with most attempts that it saw. */
  readonly found: SourceList;
  /** A sensor that was not heard of for so long is silent, milliseconds; 0: none is. */
  readonly silentMs: number;
  readonly frame: Frame;
}

/** Writes the page. */
export function sensorPage({ sensor, found, silentMs, frame, ...parts }: SensorParts): Html {
  const { now } = parts;
  const { name, lastSeen } = sensor;
  const fact = (what: string, value: Html | string) =>
    html`
      <div>
        <dt>${what}</dt>
        <dd>${value}</dd>
      </div>
    `;
  const silent = isSilent(lastSeen, silentMs, now)
    ? html`
      <ul class="attention">
        <li><b>The sensor is silent</b>: no alert came for ${duration(
          silentMs,
        )} or longer. See whether the honeypot and its agent run.</li>
      </ul>
    `
    : "";
  return layout({
    title: `Sensor ${cleaned(name, 60)}`,
    frame,
    body: html`
      <h1>${untrusted(name, 100)}</h1>
      ${silent}
      <dl class="facts">
        ${fact("key", untrusted(sensor.sensor, 200))}
        ${fact("alerts", number(sensor.alerts))}
        ${fact("last alert", html`${fullTime(lastSeen)}, ${ago(lastSeen, now)}`)}
      </dl>
      <section>
        <h2>Attempts at this sensor</h2>
        <div class="charts even">${historyChart("24 hours", sensor.day, now)}${historyChart(
          "30 days",
          sensor.month,
          now,
        )}</div>
      </section>
      <section>
        <h2>Sources that it saw <span class="muted">with their attempts at all sensors</span></h2>
        ${found.rows.length === 0
          ? html`<p>The buffer has none.</p>`
          : tableBox("sources-box", "Sources", sourcesTable(found.rows, parts))}
        <p><a href="${listOf("sensor", sensor.sensor)}">All sources that it saw</a></p>
      </section>
    `,
  });
}
