/**
 * `top`: who and what most attempts came from.
 *
 * @module
 */
import {
  RANKED_KINDS,
  type RankedKind,
  type Ranking,
  RANKING_SPANS,
  type RankingRow,
  type Rankings,
  type RankingSpan,
} from "../../../buffer/rankings.ts";
import type { Start } from "../../wiring/context.ts";
import { standingsOf } from "../../wiring/lists/parts.ts";
import { EXIT } from "../../exit.ts";
import { bar } from "../../terminal/bars.ts";
import { oneLine } from "../../../text.ts";
import { createLog } from "../../terminal/log.ts";
import { oneOf, parse } from "../../terminal/options.ts";
import {
  cut,
  padded,
  type Screen,
  screenJson,
  screenOf,
  styled,
  widthOf,
} from "../../terminal/screen.ts";
import { openReading } from "./reading.ts";

/** Rows of each ranking. */
const ROWS = 10;

/** Runs `top [--span SPAN] [--json]`. */
export async function top(start: Start): Promise<number> {
  const { values } = parse("top", start.args);
  const span = oneOf("span", values.span ?? "day", RANKING_SPANS) as RankingSpan;
  const { config, buffer: opened } = await openReading(start);
  using buffer = opened;
  const standing = await standingsOf(config, createLog(config.log, false))();
  const found = await buffer.views.rankings(RANKED_KINDS, span, Date.now(), ROWS, true, standing);
  console.log(
    values.json
      ? screenJson({ span, ...rankingsJson(found) })
      : rankingsText(found, screenOf(Deno.stdout)),
  );
  return EXIT.ok;
}

const TITLES: Readonly<Record<RankedKind, string>> = {
  source: "sources",
  username: "usernames",
  technique: "techniques",
  sensor: "sensors",
  country: "countries",
  network: "networks",
};

/** Rankings in JSON. Times are ISO 8601, UTC. */
export function rankingsJson({ since, rankings }: Rankings) {
  return {
    since: new Date(since).toISOString(),
    ...Object.fromEntries(rankings.map(({ kind, rows }) => [
      TITLES[kind],
      rows.map((row) => ({ name: nameOf(kind, row), ...keyOf(kind, row), attempts: row.attempts })),
    ])),
  };
}

/** A sensor is known to people by its name; its key distinguishes those of several managers. */
const nameOf = (kind: RankedKind, { name, label }: RankingRow) =>
  kind === "sensor" ? label ?? name : name;

function keyOf(kind: RankedKind, { name, label }: RankingRow) {
  if (kind === "sensor") return { key: name };
  return kind === "network" ? { organisation: label ?? null } : {};
}

/** Columns of names, and of bars, where there is no terminal. */
const NAME_COLUMNS = 40;
const BAR_COLUMNS = 30;

/** Rankings as text; those without a row are left out. */
export function rankingsText({ since, rankings }: Rankings, screen: Screen): string {
  const filled = rankings.filter(({ rows }) => rows.length > 0);
  const from = `${new Date(since).toISOString().slice(0, 16).replace("T", " ")}Z`;
  if (filled.length === 0) return `no attempts since ${from}`;
  const title = `attempts since ${from}`;
  const lines = filled.flatMap((ranking) => ["", ...rankingLines(ranking, screen)]);
  return [screen.columns === undefined ? title : cut(title, screen.columns), ...lines].join("\n");
}

function rankingLines({ kind, rows }: Ranking, screen: Screen): readonly string[] {
  const { columns } = screen;
  const shown = rows.map((row) => {
    const name = oneLine(nameOf(kind, row));
    const label = kind === "network" && row.label !== undefined ? ` ${oneLine(row.label)}` : "";
    return { text: name === "" ? "(empty)" : name + label, attempts: row.attempts };
  });
  const most = shown[0]!.attempts;
  const digits = String(most).length;
  const longest = Math.max(...shown.map(({ text }) => widthOf(text)));
  const width = Math.min(longest, columns === undefined ? NAME_COLUMNS : Math.floor(columns / 2));
  const left = columns === undefined ? BAR_COLUMNS : columns - width - digits - 4;
  return [
    styled(TITLES[kind], "dim", screen),
    ...shown.map(({ text, attempts }) => {
      const name = columns === undefined ? padded(text, width) : padded(cut(text, width), width);
      const drawn = left < 1 ? "" : bar(attempts, most, Math.min(left, BAR_COLUMNS));
      const line = `  ${name} ${String(attempts).padStart(digits)} ${drawn}`.trimEnd();
      return columns === undefined ? line : cut(line, columns);
    }),
  ];
}
