/**
 * Charts as SVG, so that pages need no script for them. Their text stands beside the drawing, which is
 * stretched to the available width. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { MinuteRow } from "../../buffer/views.ts";
import type { History } from "../../buffer/rankings.ts";
import { DAY, HOUR, MINUTE } from "../../clock.ts";
import { table } from "./table.ts";
import { clock, counted, dateOf, type Html, moment, number } from "./text.ts";

/** In units of the drawing's own coordinates. */
const STEP = 10;
const HEIGHT = 100;

/** Attempts over a span of time, one bar for each part of it. */
export interface BarChart {
  readonly name: string;
  /** By when they were made. */
  readonly rows: readonly { readonly at: number; readonly attempts: number }[];
  /** How many bars there are. */
  readonly bars: number;
  /** How long a bar lasts, milliseconds: some minutes, an hour or a day. */
  readonly barMs: number;
  /** How many times stand below the chart. */
  readonly labels: number;
  /** Milliseconds UTC. */
  readonly now: number;
}

interface Bar {
  readonly at: number;
  readonly attempts: number;
}

/** `3`, `3.4`: a small rate has one decimal. */
export function rateText(rate: number): string {
  return rate >= 10 || Number.isInteger(rate) ? number(Math.round(rate)) : rate.toFixed(1);
}

/** Draws how many attempts were made in each part of the span. */
export function barChart(chart: BarChart): Html {
  const bars = barsOf(chart);
  const most = Math.max(...bars.map(({ attempts }) => attempts));
  const length = lengthText(chart.barMs);
  const caption = (summary: string) =>
    html`<figcaption><b>${chart.name}</b> <span class="muted">${summary}</span></figcaption>`;
  if (most === 0) {
    return html`<figure class="chart">${caption("no attempts")}<p class="nothing"></p></figure>`;
  }
  const total = bars.reduce((sum, { attempts }) => sum + attempts, 0);
  const peak = bars.find(({ attempts }) => attempts === most)!;
  const summary = `${counted(total, "attempt")}, at most ${number(most)} in ${length} from ${
    timeText(peak.at, chart.barMs)
  }${meanText(most, chart.barMs)}`;
  const width = bars.length * STEP;
  const top = scaleOf(most);
  return html`
    <figure class="chart">
      ${caption(`${summary}; each bar is ${length}`)}
      <div class="plot">
        <div class="scale" aria-hidden="true"><span>${number(top)}</span><span>${number(
          top / 2,
        )}</span><span>0</span></div>
        <svg role="img" aria-label="${chart.name}: ${summary}" viewBox="0 0 ${width} ${HEIGHT}"
          preserveAspectRatio="none">
    <path class="grid" d="M0 .5H${width}M0 ${HEIGHT / 2}H${width}M0 ${HEIGHT - 0.5}H${width}"/>
    ${bars.map((bar, index) => {
      if (bar.attempts === 0) return "";
      const shown = Math.max(bar.attempts / top * HEIGHT, 1);
      const isLatest = index === bars.length - 1;
      const kind = isLatest ? "bar latest" : "bar";
      return html`
        <rect class="${kind}" x="${index * STEP + 1}" y="${(HEIGHT - shown).toFixed(
          1,
        )}" width="${STEP - 2}" height="${shown.toFixed(1)}">
          <title>${timeText(bar.at, chart.barMs)}: ${number(bar.attempts)} in ${length}${isLatest
            ? " so far"
            : ""}</title>
        </rect>
      `;
    })}</svg>
        <div class="times" aria-hidden="true">${Array.from({ length: chart.labels }, (_, index) => {
          const { at } = bars[Math.round(index * bars.length / chart.labels)]!;
          return html`<span>${chart.barMs < DAY ? clock(at) : dateOf(at).slice(5)}</span>`;
        })}<span>now</span></div>
      </div>
    </figure>
  `;
}

/** Draws a history as the buffer has it, hour by hour or day by day. */
export function historyChart(name: string, history: History, now: number): Html {
  const { since, stepMs, rows } = history;
  const bars = Math.floor(now / stepMs) - Math.floor(since / stepMs) + 1;
  return barChart({ name, rows, bars, barMs: stepMs, labels: 4, now });
}

/** `a minute`, `15 minutes`, `an hour`, `a day` */
function lengthText(milliseconds: number): string {
  if (milliseconds === DAY) return "a day";
  if (milliseconds === HOUR) return "an hour";
  return milliseconds === MINUTE ? "a minute" : `${milliseconds / MINUTE} minutes`;
}

/** The mean by minute, or by hour where that says more; empty where neither says anything. */
function meanText(attempts: number, milliseconds: number): string {
  const units = [["minute", MINUTE], ["hour", HOUR]] as const;
  const found = units.filter(([, unit]) => unit < milliseconds)
    .map(([name, unit]) => ({ name, rate: attempts / (milliseconds / unit) }))
    .find(({ rate }) => rate >= 0.1);
  return found === undefined ? "" : `, a mean of ${rateText(found.rate)} per ${found.name}`;
}

function timeText(at: number, milliseconds: number): string {
  return milliseconds < DAY ? `${clock(at)} UTC` : dateOf(at);
}

function barsOf({ rows, bars, barMs, now }: BarChart): readonly Bar[] {
  // Bars begin at round times, so that a bar keeps its height while it moves.
  const first = Math.floor(now / barMs) * barMs - (bars - 1) * barMs;
  const sums = new Array<number>(bars).fill(0);
  for (const { at, attempts } of rows) {
    const index = Math.floor((at - first) / barMs);
    if (index >= 0 && index < bars) sums[index]! += attempts;
  }
  return sums.map((attempts, index) => ({ at: first + index * barMs, attempts }));
}

/** The even number right above, of those that are easy to read. */
function scaleOf(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.2, 1.4, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((factor) => Math.round(factor * power))
    .find((value) => value >= most && value % 2 === 0)!;
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
