/**
 * How pages look: dense, in the system's font, light or dark as the system is.
 *
 * @module
 */

/** The style sheet. */
export const STYLE_TEXT = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f8; --sheet: #fff; --ink: #1c2227; --muted: #5b656e; --line: #dfe3e6;
  --accent: #2f5d8a; --bar: #5b87b1; --latest: #2f5d8a; --hover: #eef2f5;
  --good: #1d6b3f; --good-ground: #e4f3ea; --wait: #7a5200; --wait-ground: #fbf0d9;
  --bad: #a3261f; --bad-ground: #fbe7e5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181b; --sheet: #1b2024; --ink: #dde3e8; --muted: #98a3ad; --line: #2e353b;
    --accent: #8fbbe4; --bar: #4f7ca6; --latest: #8fbbe4; --hover: #232a30;
    --good: #7fd0a0; --good-ground: #1b3325; --wait: #e8bf6a; --wait-ground: #382d15;
    --bad: #f3968f; --bad-ground: #40201e;
  }
}
* { box-sizing: border-box; }
html { font: 14px/1.4 system-ui, sans-serif; background: var(--ground); color: var(--ink); }
body { margin: 0 auto; max-width: 1280px; padding: 0 16px 16px; overflow-wrap: break-word; }
a { color: var(--accent); text-underline-offset: 2px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
main:focus { outline: none; }
h1 { font-size: 22px; line-height: 1.2; margin: 8px 0 12px; }
h2 { font-size: 14px; margin: 0 0 8px; }
p { margin: 0 0 8px; max-width: 70ch; }
code { font: 13px/1.4 ui-monospace, monospace; }
.muted { color: var(--muted); font-weight: 400; }
.visually-hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
.skip { position: absolute; left: -999px; }
.skip:focus { left: 16px; top: 8px; background: var(--sheet); padding: 8px; }

header { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 20px; padding: 12px 0; }
header .name { font-weight: 600; font-size: 16px; color: inherit; text-decoration: none; }
nav { display: flex; gap: 16px; }
nav a { padding: 3px 0; text-decoration: none; }
nav a[aria-current] { color: inherit; box-shadow: 0 2px var(--accent); }
.lookup { display: flex; gap: 6px; margin-left: auto; }
input, button {
  font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--muted);
  border-radius: 4px; padding: 3px 10px;
}
select { font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--muted);
  border-radius: 4px; padding: 3px 6px; }
input { width: 26ch; min-width: 0; }
input::placeholder { color: var(--muted); opacity: 1; }
button { cursor: pointer; white-space: nowrap; }
button:hover { background: var(--hover); }
footer { display: flex; gap: 12px; align-items: center; flex-wrap: wrap; color: var(--muted);
  margin-top: 16px; font-size: 13px; }
.live { display: flex; gap: 8px; align-items: center; font-size: 13px; color: var(--muted); }
.live .pause { padding: 1px 8px; color: var(--ink); }
#liveness:not(:empty)::before { content: ""; display: inline-block; width: 8px; height: 8px;
  border-radius: 50%; margin-right: 6px; background: var(--muted); }
[data-state="live"] #liveness::before { background: var(--good); }
[data-state="lost"] #liveness { color: var(--bad); background: var(--bad-ground); font-weight: 600;
  padding: 2px 8px; border-radius: 4px; }
[data-state="lost"] #liveness::before { background: var(--bad); }
[data-state="lost"] :is(main, footer) { --ink: var(--muted); --accent: var(--muted); color: var(--muted);
  filter: grayscale(1); }
[data-state="lost"] main section:not(:empty) { background: var(--ground); }

section:not(:empty) {
  background: var(--sheet); border: 1px solid var(--line); border-radius: 6px; padding: 12px;
  margin-bottom: 12px;
}
section:empty { display: none; }
#figures, #attention, #spans { background: none; border: 0; padding: 0; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 340px; gap: 0 12px; align-items: start; }
.columns.even { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.pair { align-items: stretch; }
.pair > section { min-width: 0; }

.figures { display: grid; grid-template-columns: repeat(6, 1fr); gap: 1px; margin: 0;
  background: var(--line); border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.figures > div { background: var(--sheet); padding: 9px 12px; }
.figures dt { color: var(--muted); font-size: 13px; }
.figures dd { margin: 0; font-size: 23px; line-height: 1.25; font-variant-numeric: tabular-nums;
  font-weight: 600; }
.figures .more { font-size: 13px; font-weight: 400; color: var(--muted); }

section.alarm:not(:empty) { background: var(--bad-ground); border: 2px solid var(--bad); }
.alarm h2 { color: var(--bad); font-size: 16px; margin: 0 0 4px; }
.alarm p { margin: 0; max-width: none; }
.alarm .muted, .alarm a { color: inherit; }
.attention { list-style: none; margin: 0; padding: 8px 12px; background: var(--bad-ground);
  border-left: 4px solid var(--bad); border-radius: 4px; }
h1 + .attention { margin-bottom: 12px; }
.attention li + li { margin-top: 4px; }
.attention b { color: var(--bad); }
.attention a { color: inherit; }
.notice { background: var(--good-ground); border-left: 4px solid var(--good); border-radius: 4px;
  padding: 8px 12px; max-width: none; }
section > form { margin-bottom: 12px; }
.docs + .docs, section + .docs { margin-top: 12px; }
.docs table { margin-bottom: 12px; }
.docs caption { text-align: left; font-weight: 600; padding-bottom: 4px; }
.docs :is(th, td) { overflow-wrap: break-word; min-width: 9ch; }
.docs th code { white-space: nowrap; }
.docs :is(dt, dd) { margin: 0 0 4px; max-width: 80ch; }
.docs dt { font-weight: 600; }
.group + .group { margin-top: 12px; }
.group .box { margin-top: 8px; }
.answer { white-space: pre-wrap; overflow-wrap: anywhere; max-width: none; margin: 6px 0 0; }
.start pre { background: var(--ground); padding: 8px 12px; border-radius: 4px; overflow-x: auto; margin: 0 0 8px; }
.start ul, .plain { margin: 0; padding-left: 18px; }
.plain { list-style: none; padding: 0; }

#spans nav { flex-wrap: wrap; align-items: center; }
.charts { display: grid; grid-template-columns: 2fr 1fr; gap: 20px; }
.charts.even { grid-template-columns: 1fr 1fr; }
.nothing { height: 100px; margin: 0; max-width: none; border: 1px dashed var(--line); border-radius: 4px; }
.chart { margin: 0; min-width: 0; }
.chart figcaption { margin-bottom: 6px; }
.chart figcaption span { display: block; font-size: 13px; }
.plot { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 3px 6px; }
.plot svg { width: 100%; height: 130px; display: block; }
.scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right;
  font-size: 12px; line-height: 1; color: var(--muted); font-variant-numeric: tabular-nums; }
.times { grid-column: 2; display: flex; justify-content: space-between; font-size: 12px;
  color: var(--muted); font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); fill: none; vector-effect: non-scaling-stroke; }
.bar { fill: var(--bar); }
.latest { fill: var(--latest); }
.bar:hover { fill: var(--accent); }
.ranking th { width: 100%; }
.title { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; margin-bottom: 8px; }
.title h1 { margin-bottom: 0; overflow-wrap: anywhere; }
.copy { padding: 0 8px; font-size: 13px; }
.out { flex-wrap: wrap; gap: 0 12px; margin-left: auto; font-size: 13px; }
.search { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 8px 12px;
  align-items: end; margin: 0; }
.search label { display: block; color: var(--muted); font-size: 13px; }
.search :is(input, select) { width: 100%; height: 30px; }
.sources td.untrusted { min-width: 20ch; }
.actions { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; }
.list-head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 16px; }
.pager { margin-top: 12px; justify-content: flex-end; }
.share { width: 60px; height: 8px; margin-right: 8px; vertical-align: baseline; transform: scaleX(-1); }
details { margin-top: 8px; }
summary { cursor: pointer; color: var(--muted); width: fit-content; }
details table { width: auto; margin-top: 6px; }

.box { overflow-x: auto; position: relative; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; font-weight: 400; padding: 4px 14px 4px 0; vertical-align: baseline; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--muted); font-size: 13px; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:hover { background: var(--hover); }
.number { text-align: right; white-space: nowrap; }
.address { font-variant-numeric: tabular-nums; }
th .address { white-space: nowrap; }
td time { white-space: nowrap; }
.untrusted { overflow-wrap: anywhere; }
.sources td:nth-child(2) { white-space: nowrap; }
.reason, .state { overflow-wrap: anywhere; min-width: 24ch; }
abbr { text-decoration: none; font-family: ui-monospace, monospace; font-size: 12px; color: var(--muted); }
.badge { display: inline-block; padding: 0 7px; border-radius: 9px; font-size: 12px; line-height: 18px;
  background: var(--hover); color: var(--muted); white-space: nowrap; }
.badge.delivered { background: var(--good-ground); color: var(--good); }
.badge.pending { background: var(--wait-ground); color: var(--wait); }
.badge.refused { background: var(--bad-ground); color: var(--bad); }

.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 8px 16px;
  margin: 0 0 16px; background: var(--sheet); border: 1px solid var(--line); border-radius: 6px;
  padding: 12px; }
.facts dt { color: var(--muted); font-size: 13px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.timeline { margin: 0; }
.lane { display: grid; grid-template-columns: 130px minmax(0, 1fr); gap: 8px; align-items: center; }
.lane dt { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.lane dd { margin: 0; }
.lane svg { width: 100%; height: 20px; display: block; }
.mark { fill: var(--wait); }
.mark.delivered { fill: var(--good); }
.mark.refused { fill: var(--bad); }
.times.lanes { margin: 2px 0 12px 138px; }

@media (max-width: 1000px) {
  .columns { grid-template-columns: minmax(0, 1fr); }
  .figures { grid-template-columns: repeat(3, 1fr); }
}
@media (max-width: 640px) {
  body { padding: 0 10px 10px; }
  .figures { grid-template-columns: repeat(2, 1fr); }
  .figures dd { font-size: 20px; }
  .charts, .charts.even, .columns.even { grid-template-columns: minmax(0, 1fr); }
  .lookup { margin: 0; width: 100%; }
  .lookup input { flex: 1; }
  .plot svg { height: 96px; }
  .lane { grid-template-columns: minmax(0, 1fr); gap: 0; margin-bottom: 4px; }
  .lane dt { white-space: normal; overflow-wrap: anywhere; }
  .times.lanes { margin-left: 0; }
  .search { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .out { margin-left: 0; }
  .times.lanes span:nth-child(2) { display: none; }
  th, td { padding-right: 10px; }
  .state, .reason { min-width: 14ch; }
  table.refused :is(th, td):is(:nth-child(2), :nth-child(3), :nth-child(4), :nth-child(5)) { display: none; }
  .docs :is(th, td) { min-width: 0; }
  .docs th code { white-space: normal; }
  .docs td code { overflow-wrap: anywhere; }
  .box button, th .badge { white-space: normal; }
  /* A source is a card: its address and figures, and below them its state, whole. */
  .sources, .sources tbody { display: block; }
  .sources thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .sources td.untrusted { min-width: 0; }
  .sources tr { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 10px; padding: 6px 0; }
  .sources :is(th, td) { border: 0; padding: 0; text-align: left; }
  .sources tbody tr + tr { border-top: 1px solid var(--line); }
  .sources tbody tr + tr > * { border-top: 0; }
  .sources tbody th { flex: 1 0 100%; }
  .sources td[data-label]::before { content: attr(data-label) " "; color: var(--muted); font-size: 12px; }
  .sources td.state { flex: 1 0 100%; }
  .sources td:has(> .none:only-child) { display: none; }
  th .address { white-space: normal; overflow-wrap: anywhere; }
  #history :is(th, td):nth-child(2) { display: none; }
}
@media (pointer: coarse) { button, nav a, input { min-height: 32px; } nav a { display: inline-flex; align-items: center; } }
@media (forced-colors: active) { .bar, .mark { fill: CanvasText; } .badge { border: 1px solid; } }
`;
