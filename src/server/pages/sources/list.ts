/**
 * The list of sources, and the form by which it is searched. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import { networkName } from "../../../buffer/activity.ts";
import { RANKING_SPANS } from "../../../buffer/rankings.ts";
import {
  SOURCE_STATES,
  type SourceList,
  type SourceOrder,
  type SourceRow,
} from "../../../buffer/sources.ts";
import { confidenceOfSource } from "../../../lists/source_confidence.ts";
import type { Location } from "../../../model.ts";
import { type Frame, layout } from "../layout.ts";
import { listLink, SPAN_NAMES } from "../ranking.ts";
import { compromisedMark, countryOf, NOTHING, sourceLink, stateOf } from "../source_state.ts";
import { type Column, table, tableBox } from "../table.ts";
import { ago, bounded, cleaned, counted, type Html, number, untrusted } from "../text.ts";
import { type Asked, type Field, listAddress } from "./query.ts";

/** What rows of sources are written with. */
export interface RowParts {
  readonly mispUrl: string | undefined;
  readonly locate: (address: string) => Location | undefined;
  readonly warninglistsOf: (address: string) => number;
  /** Milliseconds UTC. */
  readonly now: number;
}

/** What the page shows. */
export interface ListParts extends RowParts {
  readonly asked: Asked;
  readonly found: SourceList;
  readonly frame: Frame;
}

const ORDER_NAMES: Readonly<Record<SourceOrder, string>> = {
  attempts: "attempts",
  last_seen: "last seen",
  first_seen: "first seen",
  compromised: "logged in",
};

/** Writes the page. */
export function listPage(parts: ListParts): Html {
  const { asked, frame } = parts;
  return layout({
    title: "Sources",
    at: "/sources",
    frame,
    body: html`
      <h1>Sources</h1>
      ${problems(asked)}
      <section>${searchForm(asked)}</section>
      ${asked.problems.length > 0 ? "" : html`<section>${rows(parts)}</section>`}
    `,
  });
}

function problems({ problems }: Asked): Html | "" {
  if (problems.length === 0) return "";
  return html`<ul class="attention">${problems.map((one) => html`<li>${one}</li>`)}</ul>`;
}

function searchForm({ fields }: Asked): Html {
  const input = (name: Field, label: string, example: string) =>
    html`<div><label for="f-${name}">${label}</label>
<input id="f-${name}" name="${name}" value="${
      cleaned(fields.get(name) ?? "", 500)
    }" placeholder="${example}"
  autocomplete="off" spellcheck="false" maxlength="500"></div>`;
  const select = (
    name: Field,
    label: string,
    options: readonly (readonly [value: string, name: string])[],
  ) =>
    html`<div><label for="f-${name}">${label}</label>
<select id="f-${name}" name="${name}">${
      options.map(([value, text]) =>
        html`<option value="${value}" ${
          (fields.get(name) ?? "") === value ? html`selected` : ""
        }>${text}</option>`
      )
    }</select></div>`;
  return html`<form class="search" action="/sources" method="get">
${input("address", "Address or network", "192.0.2.0/24")}
${input("username", "User name", "root")}
${input("sensor", "Sensor", "honeypot-1")}
${input("country", "Country", "NL")}
${input("network", "Network", "AS64500")}
${input("technique", "Technique", "T1110.001")}
${
    select("state", "State", [
      ["", "any"],
      ...SOURCE_STATES.map((state) =>
        [state, state === "compromised" ? "logged in" : state] as const
      ),
    ])
  }
${
    select("seen", "Last seen in the", [
      ["", "whole time"],
      ...RANKING_SPANS.map((span) => [span, SPAN_NAMES[span]] as const),
    ])
  }
${
    select(
      "order",
      "Most first by",
      Object.entries(ORDER_NAMES).map(([order, name]) =>
        [order === "attempts" ? "" : order, name] as const
      ),
    )
  }
<div class="actions"><button>Search</button><a href="/sources">Clear</a></div>
</form>`;
}

function rows({ asked, found, ...parts }: ListParts): Html {
  const { fields, query } = asked;
  const list = found.rows.length === 0
    ? html`<p>No source matches${query.after === undefined ? "" : " behind this place"}.</p>`
    : tableBox("sources-box", "Sources", sourcesTable(found.rows, parts, asked));
  const incomplete = found.isComplete ? "" : html`
    <p
      class="muted">The buffer looked at the first ${number(
        20_000,
      )} sources by ${ORDER_NAMES[query.order]}. Others may match: search for less.</p>
  `;
  return html`
    <div class="list-head">
      <p>${found.rows.length === 0
        ? ""
        : `${counted(found.rows.length, "source")}${
          query.after === undefined ? "" : " on this page"
        }${found.next === undefined ? "" : ", and more"}`}</p>
      <p>Save all as <a href="${listAddress("/sources.csv", fields)}">CSV</a> or
    <a href="${listAddress("/sources.json", fields)}">JSON</a></p>
    </div>
    ${list}${incomplete}
    ${pager(asked, found)}
  `;
}

function pager({ fields, query }: Asked, { next }: SourceList): Html | "" {
  if (query.after === undefined && next === undefined) return "";
  const first = query.after === undefined
    ? ""
    : html`<a href="${listAddress("/sources", fields)}">First page</a>`;
  const behind = next === undefined
    ? ""
    : html`<a rel="next" href="${listAddress("/sources", fields, { after: next })}">Next page</a>`;
  return html`<nav class="pager" aria-label="Pages of the list">${first}${behind}</nav>`;
}

/** Writes sources as rows. @param asked undefined: headings do not sort */
export function sourcesTable(
  sources: readonly SourceRow[],
  { mispUrl, locate, warninglistsOf, now }: RowParts,
  asked?: Asked,
): Html {
  const heading = (order: SourceOrder): Pick<Column<SourceRow>, "name" | "label" | "isSorted"> => {
    const label = ORDER_NAMES[order];
    if (asked === undefined) return { name: label, label };
    const change = { order: order === "attempts" ? undefined : order };
    const address = listAddress("/sources", asked.fields, change);
    return {
      label,
      name: html`<a href="${address}">${label}</a>`,
      isSorted: asked.query.order === order,
    };
  };
  const location = (one: SourceRow) => locate(one.sourceIp) ?? one.sourceLocation;
  return table<SourceRow>(
    [
      { name: "source", cell: (one) => [sourceLink(one.sourceIp), compromisedMark(one)] },
      { name: "country", cell: (one) => countryOf(location(one)) },
      { name: "network", kind: "untrusted", cell: (one) => networkOf(location(one)) },
      { ...heading("attempts"), kind: "number", cell: ({ attempts }) => bounded(attempts) },
      { ...heading("first_seen"), cell: ({ firstSeen }) => ago(firstSeen, now) },
      { ...heading("last_seen"), cell: ({ lastSeen }) => ago(lastSeen, now) },
      ...(asked?.query.order === "compromised"
        ? [{
          ...heading("compromised"),
          cell: ({ compromisedAt }: SourceRow) => ago(compromisedAt, now),
        }]
        : []),
      {
        ...{ name: "confidence", label: "confidence", kind: "number" },
        cell: (one) => number(confidenceOfSource(one, warninglistsOf(one.sourceIp)).value),
      },
      { name: "state", kind: "state", cell: (one) => stateOf(one, { now, mispUrl }) },
    ],
    sources,
    { kind: "sources" },
  );
}

/** The network of a source and who runs it. */
export function networkOf(location: Location | undefined): Html {
  const name = networkName(location);
  const { organisation } = location ?? {};
  if (name === undefined && organisation === undefined) return NOTHING;
  return html`${name === undefined ? "" : listLink("network", name, html`${name}`)} ${
    organisation === undefined ? "" : untrusted(organisation, 40)
  }`;
}
