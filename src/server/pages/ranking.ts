/**
 * Rankings, whose names lead to the list of the sources that have them. Pure.
 *
 * @module
 */
import { html } from "@hono/hono/html";
import type { RankedKind, Ranking, RankingRow, RankingSpan } from "../../buffer/rankings.ts";
import { ATTACK_NAMES } from "../../misp/galaxy/attack_names.ts";
import { table } from "./table.ts";
import { cleaned, type Html, number, untrusted } from "./text.ts";

/** The spans as people call them. */
export const SPAN_NAMES: Readonly<Record<RankingSpan, string>> = {
  hour: "last hour",
  day: "last 24 hours",
  week: "last 7 days",
  month: "last 30 days",
};

/** A kind that stands in a card of its own. */
export type ListedKind = Exclude<RankedKind, "source">;

/** The kinds that can be asked for in the list of sources, by the name of its field. */
const CARDS: Readonly<Record<ListedKind, { readonly title: string; readonly name: string }>> = {
  username: { title: "Top user names", name: "user name" },
  technique: { title: "Techniques", name: "MITRE ATT&CK" },
  sensor: { title: "Top sensors", name: "sensor" },
  country: { title: "Top countries", name: "country" },
  network: { title: "Top networks", name: "network" },
};

/** The list of the sources that have something. */
export function listOf(kind: ListedKind, name: string): string {
  return `/sources?${new URLSearchParams({ [kind]: name })}`;
}

/** A name that leads to its list. */
export function listLink(kind: ListedKind, name: string, shown: Html): Html {
  if (name === "") return shown;
  return html`<a href="${listOf(kind, name)}">${shown}</a>`;
}

/** One ranking, each row with its share of the first one's attempts; empty without rows. */
export function rankingCard(
  rankings: readonly Ranking[],
  kind: ListedKind,
  span: RankingSpan,
): Html | "" {
  const { rows, isComplete } = rankings.find((ranking) => ranking.kind === kind) ??
    { rows: [], isComplete: true };
  if (rows.length === 0) return "";
  const { title, name } = CARDS[kind];
  const most = rows[0]!.attempts;
  return html`
    <h2>${title} <span class="muted">${SPAN_NAMES[span]}${isComplete
      ? ""
      : ", names with few attempts may be missing"}</span></h2>
    ${table<RankingRow>(
      [
        {
          name,
          kind: "untrusted",
          cell: (row) => [listLink(kind, row.name, shownName(row, kind)), behindName(row, kind)],
        },
        {
          name: "attempts",
          kind: "number",
          cell: ({ attempts }) => [share(attempts / most), number(attempts)],
        },
      ],
      rows,
      { kind: "ranking" },
    )}
  `;
}

function shownName({ name, label }: RankingRow, kind: ListedKind): Html {
  if (kind === "sensor") return untrusted(label ?? name, 60);
  return untrusted(name, kind === "username" ? 60 : 20);
}

/** What the name stands for. */
function behindName({ name, label }: RankingRow, kind: ListedKind): Html | "" {
  const text = kind === "technique"
    ? ATTACK_NAMES.get(name)
    : kind === "country"
    ? countryName(name)
    : kind === "network"
    ? label
    : undefined;
  return text === undefined ? "" : html`
    <span class="muted"><bdi>${cleaned(text, 40)}</bdi></span>
  `;
}

const REGIONS = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/** The name of a country by its code; undefined: there is none. */
export function countryName(code: string): string | undefined {
  return /^[A-Z]{2}$/.test(code) ? REGIONS.of(code) : undefined;
}

function share(part: number): Html {
  return html`
    <svg class="share" aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none">
      <rect class="bar" width="${(part * 100).toFixed(1)}" height="10" />
    </svg>
  `;
}
