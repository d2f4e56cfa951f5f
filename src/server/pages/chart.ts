/**
 * Charts as SVG, drawn here: pages need no script for them. Words stand beside the drawing, since it is
 * stretched to the room there is. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { MinuteRow, SourceView } from "../../buffer/views.ts";
import { cleaned, clock, counted, type Html, moment, number } from "./text.ts";
import { MINUTE } from "../../clock.ts";

/** Units of the drawing's own coordinates. */
const STEP = 10;
const HEIGHT = 100;

/** Attempts over a while, a bar for so many minutes. */
export interface BarChart {
  readonly name: string;
  readonly minutes: readonly MinuteRow[];
  readonly bars: number;
  readonly minutesOfBar: number;
  /** Times below the chart. */
  readonly labels: number;
  /** Milliseconds UTC. */
  readonly now: number;
}

interface Bar {
  readonly at: number;
  readonly attempts: number;
  /** Attempts per minute: of the last bar only those minutes that have begun count. */
  readonly rate: number;
}

/** `3`, `3.4`: small rates are told with a digit more. */
export function rateText(rate: number): string {
  return rate >= 10 || Number.isInteger(rate) ? number(Math.round(rate)) : rate.toFixed(1);
}

/** Draws attempts per minute. */
export function barChart(chart: BarChart): Html {
  const bars = barsOf(chart);
  const most = Math.max(...bars.map(({ rate }) => rate));
  const top = scaleOf(most);
  const peak = bars.find(({ rate }) => rate === most)!;
  const total = bars.reduce((sum, { attempts }) => sum + attempts, 0);
  const told = most === 0
    ? "none"
    : `${counted(total, "attempt")}, at most ${rateText(most)} per minute at ${clock(peak.at)} UTC`;
  const width = bars.length * STEP;
  return html`
    <figure class="chart">
      <figcaption><b>${chart.name}</b> <span class="quiet">${told}</span></figcaption>
      <div class="plot">
        <div class="scale"
          aria-hidden="true"><span>${rateText(top)}</span><span>${rateText(
            top / 2,
          )}</span><span>0</span></div>
        <svg role="img" aria-label="${chart.name}: ${told}" viewBox="0 0 ${width} ${HEIGHT}"
          preserveAspectRatio="none">
    <path class="grid" d="M0 .5H${width}M0 ${HEIGHT / 2}H${width}M0 ${HEIGHT - 0.5}H${width}"/>
    ${bars.map((bar, index) => {
      const height = top === 0 ? 0 : bar.rate / top * HEIGHT;
      if (height === 0) return "";
      const shown = Math.max(height, 1);
      const kind = index === bars.length - 1 ? "bar latest" : "bar";
      return html`
        <rect class="${kind}" x="${index * STEP + 1}" y="${(HEIGHT - shown).toFixed(
          1,
        )}" width="${STEP - 2}" height="${shown.toFixed(1)}">
          <title>${clock(bar.at)} UTC: ${rateText(bar.rate)} per minute</title>
        </rect>
      `;
    })}</svg>
        <div class="times" aria-hidden="true">${Array.from({ length: chart.labels }, (_, index) => {
          const at = bars[Math.round(index * bars.length / chart.labels)]!.at;
          return html`<span>${clock(at)}</span>`;
        })}<span>now</span></div>
      </div>
    </figure>
  `;
}

function barsOf({ minutes, bars, minutesOfBar, now }: BarChart): readonly Bar[] {
  const span = minutesOfBar * MINUTE;
  // Bars begin at round times, so that they do not change their height while they move.
  const last = Math.floor(now / span) * span;
  const first = last - (bars - 1) * span;
  const sums = new Array<number>(bars).fill(0);
  for (const { at, attempts } of minutes) {
    const index = Math.floor((at - first) / span);
    if (index >= 0 && index < bars) sums[index]! += attempts;
  }
  const begun = Math.floor((now - last) / MINUTE) + 1;
  return sums.map((attempts, index) => ({
    at: first + index * span,
    attempts,
    rate: attempts / (index === bars - 1 ? begun : minutesOfBar),
  }));
}

/** The next round number: 1, 2 or 5 and noughts. */
function scaleOf(most: number): number {
  if (most <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= most)!;
}

/** Attempts of each hour, for those who do not see the chart or want the numbers. */
export function hoursTable(minutes: readonly MinuteRow[]): Html {
  const hours = [...Map.groupBy(minutes, ({ at }) => Math.floor(at / (60 * MINUTE)))].reverse();
  return html`
    <details id="hours">
      <summary>The numbers, hour by hour</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">hour, UTC</th>
            <th scope="col" class="number">attempts</th>
            <th scope="col" class="number">alerts</th>
          </tr>
        </thead>
        <tbody>${hours.map(([hour, rows]) =>
          html`
            <tr>
              <th scope="row">${moment(hour * 60 * MINUTE).slice(0, 16)}</th>
              <td class="number">${number(
                rows.reduce((sum, { attempts }) => sum + attempts, 0),
              )}</td>
              <td class="number">${number(rows.reduce((sum, { alerts }) => sum + alerts, 0))}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </details>
  `;
}

/** Bars from the first to the last contact of each sensor, and marks for the reports. */
export function timeline(source: SourceView, now: number): Html {
  const end = Math.max(now, source.lastSeen);
  const reported = source.reports.map(({ snapshotAt }) => snapshotAt);
  const start = Math.min(source.firstSeen, ...reported);
  const span = Math.max(end - start, MINUTE);
  const x = (at: number) => Math.min(Math.max((at - start) / span * 1000, 0), 1000);
  const bar = (from: number, to: number) => {
    const width = Math.max(x(to) - x(from), 4);
    return html`
      <rect class="bar" x="${Math.min(x(from), 1000 - width).toFixed(1)}" y="3" width="${width
        .toFixed(1)}" height="10" rx="2" />
    `;
  };
  const row = (name: string, told: string, drawing: unknown) =>
    html`
      <div class="lane">
        <dt title="${name}"><bdi>${name}</bdi></dt>
        <dd>
          <svg role="img" aria-label="${told}" viewBox="0 0 1000 16"
            preserveAspectRatio="none"><path class="grid" d="M0 8H1000"/>${drawing}</svg>
        </dd>
      </div>
    `;
  const marks = source.reports.map(({ snapshotAt, state, sink }) => {
    const kind = `mark ${state}`;
    return html`
      <rect class="${kind}" x="${Math.min(x(snapshotAt), 995).toFixed(
        1,
      )}" y="1" width="5" height="14">
        <title>${moment(snapshotAt)}: report to ${sink}, ${state}</title>
      </rect>
    `;
  });
  const middle = start + span / 2;
  return html`
    <dl class="timeline">
    ${source.sensors.slice(0, 20).map(({ name, firstSeen, lastSeen }) =>
      row(
        cleaned(name, 60),
        `seen from ${moment(firstSeen)} to ${moment(lastSeen)}`,
        bar(firstSeen, lastSeen),
      )
    )}
    ${source.reports.length === 0
      ? ""
      : row("reports", counted(source.reports.length, "report"), marks)}
    </dl>
    <div class="times lanes"
      aria-hidden="true"><span>${moment(start).slice(0, 16)}</span><span>${moment(middle).slice(
        0,
        16,
      )}</span><span>now</span></div>
  `;
}
