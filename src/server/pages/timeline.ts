/**
 * When each sensor saw a source, and when it was reported. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { SourceView } from "../../buffer/views.ts";
import { MINUTE } from "../../clock.ts";
import { cleaned, counted, type Html, moment } from "./text.ts";

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
