/**
 * Charts as SVG, so that pages need no script for them. Their text stands beside the drawing, which is
 * stretched to the available width. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { MinuteRow, SourceView } from "../../buffer/views.ts";
import { cleaned, clock, counted, type Html, moment, number } from "./text.ts";
import { MINUTE } from "../../clock.ts";
import { table } from "./table.ts";

/** In units of the drawing's own coordinates. */
const STEP = 10;
const HEIGHT = 100;

/** Attempts over a span of time, one bar for each few minutes. */
export interface BarChart {
  readonly name: string;
  readonly minutes: readonly MinuteRow[];
  /** How many bars there are. */
  readonly bars: number;
  readonly minutesOfBar: number;
  /** How many times stand below the chart. */
  readonly labels: number;
  /** Milliseconds UTC. */
  readonly now: number;
}

interface Bar {
  readonly at: number;
  readonly attempts: number;
  /** Attempts per minute. Of the last bar only the minutes that have begun count. */
  readonly rate: number;
}

/** `3`, `3.4`: a small rate has one decimal. */
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
  const summary = most === 0
    ? "none"
    : `${counted(total, "attempt")}, at most ${rateText(most)} per minute at ${clock(peak.at)} UTC`;
  const width = bars.length * STEP;
  return html`
    <figure class="chart">
      <figcaption><b>${chart.name}</b> <span class="muted">${summary}</span></figcaption>
      <div class="plot">
        <div class="scale"
          aria-hidden="true"><span>${rateText(top)}</span><span>${rateText(
            top / 2,
          )}</span><span>0</span></div>
        <svg role="img" aria-label="${chart.name}: ${summary}" viewBox="0 0 ${width} ${HEIGHT}"
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
  // Bars begin at round times, so that a bar keeps its height while it moves.
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

/** The next round number: 1, 2 or 5, times a power of ten. */
function scaleOf(most: number): number {
  if (most <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= most)!;
}

/** Attempts of each hour, for readers who cannot see the chart or want the numbers. */
export function hoursTable(minutes: readonly MinuteRow[]): Html {
  const hours = [...Map.groupBy(minutes, ({ at }) => Math.floor(at / (60 * MINUTE)))].reverse();
  const sumOf = (rows: readonly MinuteRow[], what: "attempts" | "alerts") =>
    number(rows.reduce((sum, row) => sum + row[what], 0));
  return html`
    <details id="hours">
      <summary>The numbers, hour by hour</summary>
      ${table([
        { name: "hour, UTC", cell: ([hour]) => moment(hour * 60 * MINUTE).slice(0, 16) },
        { name: "attempts", kind: "number", cell: ([, rows]) => sumOf(rows, "attempts") },
        { name: "alerts", kind: "number", cell: ([, rows]) => sumOf(rows, "alerts") },
      ], hours)}
    </details>
  `;
}

/** A bar from the first to the last contact of each sensor, and a mark for each report. */
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
  const row = (name: string, label: string, drawing: unknown) =>
    html`
      <div class="lane">
        <dt title="${name}"><bdi>${name}</bdi></dt>
        <dd>
          <svg role="img" aria-label="${label}" viewBox="0 0 1000 16"
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
