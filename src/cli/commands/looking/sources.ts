/**
 * `sources`: the sources, most attempts first, and all that is known of one.
 *
 * @module
 */
import { canonicalAddress } from "../../../address.ts";
import { SOURCE_CSV_HEAD, sourceCsv, sourceJson } from "../../../lists/source_rows.ts";
import type { SourceList, SourceRow } from "../../../buffer/sources.ts";
import type { Config } from "../../../config/config.ts";
import { EXIT, Failure } from "../../exit.ts";
import { oneLine } from "../../../text.ts";
import { createLog } from "../../terminal/log.ts";
import { parse } from "../../terminal/options.ts";
import { openWarninglists } from "../../wiring/lookups.ts";
import { cut, screenJson, screenOf } from "../../terminal/screen.ts";
import type { Start } from "../../wiring/context.ts";
import { standingsOf } from "../../wiring/lists/parts.ts";
import { listText } from "./list_text.ts";
import { openReading } from "./reading.ts";
import { queryOf } from "./query.ts";
import { shownJson, shownText } from "./source_text.ts";

/** Sources that a table has, unless `--limit` says otherwise. */
const LISTED = 50;

/** Runs `sources [QUERY]` and `sources show ADDRESS`. */
export async function sources(start: Start): Promise<number> {
  const { values, positionals } = parse("sources", start.args);
  const { json = false, csv = false } = values;
  if (json && csv) throw new Failure(EXIT.usage, "use --json or --csv, not both");
  if (positionals[0] === "show") return await show(start, positionals.slice(1), values);
  const { config, buffer: opened } = await openReading(start);
  using buffer = opened;
  const limit = limitOf(values.limit) ?? (json || csv ? Infinity : LISTED);
  const query = await queryOf(positionals, values, buffer.views, Date.now());
  const standing = await standingsOf(config, createLog(config.log, false))();
  const isOffered = (json || csv) && query.state === undefined;
  const parts = buffer.views.sourceParts({ ...query, standing, isOffered }, limit);
  const warninglistsOf = await warninglists(config);
  if (json) await printJson(parts, warninglistsOf);
  else if (csv) await printCsv(parts, warninglistsOf);
  else await printTable(parts, warninglistsOf);
  return EXIT.ok;
}

/** How many warning lists an address is on. */
type WarninglistsOf = (address: string) => number;

const warninglists = (config: Config): Promise<WarninglistsOf> =>
  openWarninglists(config, createLog(config.log, true));

async function printJson(
  parts: AsyncIterable<SourceList>,
  warninglistsOf: WarninglistsOf,
): Promise<void> {
  let isFirst = true;
  for await (const { rows } of parts) {
    if (rows.length === 0) continue;
    const shown = rows.map((row) =>
      sourceJson(row, { warninglists: warninglistsOf(row.sourceIp) })
    );
    const inner = screenJson(shown).split("\n").slice(1, -1).join("\n");
    console.log(isFirst ? `[\n${inner}` : `,\n${inner}`);
    isFirst = false;
  }
  console.log(isFirst ? "[]" : "]");
}

async function printCsv(
  parts: AsyncIterable<SourceList>,
  warninglistsOf: WarninglistsOf,
): Promise<void> {
  console.log(SOURCE_CSV_HEAD);
  for await (const { rows } of parts) {
    const lines = rows.map((row) => sourceCsv(row, { warninglists: warninglistsOf(row.sourceIp) }));
    if (lines.length > 0) console.log(lines.join("\n"));
  }
}

async function printTable(
  parts: AsyncIterable<SourceList>,
  warninglistsOf: WarninglistsOf,
): Promise<void> {
  const rows: SourceRow[] = [];
  let isMore = false;
  for await (const part of parts) {
    rows.push(...part.rows);
    isMore = part.next !== undefined;
  }
  const screen = screenOf(Deno.stdout);
  const lines = rows.length === 0 ? ["no such sources"] : [listText(rows, screen, warninglistsOf)];
  if (isMore) {
    const more = "there are more: `--limit` lists more, `--csv` and `--json` all";
    lines.push(cut(more, screen.columns ?? Infinity));
  }
  console.log(lines.join("\n"));
}

async function show(
  start: Start,
  addresses: readonly string[],
  values: Readonly<Record<string, string | boolean | undefined>>,
): Promise<number> {
  const [given, more] = addresses;
  if (given === undefined || more !== undefined) {
    throw new Failure(EXIT.usage, "sources show takes one address, such as 192.0.2.7");
  }
  const other = Object.keys(values).find((name) => name !== "json");
  if (other !== undefined) {
    throw new Failure(EXIT.usage, `--${other} is for lists, not for sources show`);
  }
  const address = canonicalAddress(given);
  if (address === undefined) {
    throw new Failure(
      EXIT.usage,
      `${oneLine(given)} is not a valid address; use one such as 192.0.2.1`,
    );
  }
  const { config, buffer } = await openReading(start);
  using _ = buffer;
  const source = await buffer.views.source(address);
  if (source === undefined) {
    throw new Failure(EXIT.usage, `${address} is not known; \`sources\` lists those that are`);
  }
  const hours = await buffer.views.history("day", Date.now(), address);
  const history = hours.rows.length > 0
    ? hours
    : await buffer.views.history("month", Date.now(), address);
  const standing = (await standingsOf(config, createLog(config.log, false))())(address);
  const shown = {
    ...{ source, history, standing, mispUrl: config.misp.url },
    warninglists: (await warninglists(config))(address),
  };
  console.log(
    values.json ? screenJson(shownJson(shown)) : shownText(shown, screenOf(Deno.stdout)),
  );
  return EXIT.ok;
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Failure(EXIT.usage, `--limit "${text}" is not valid; use a whole number from 1`);
}
