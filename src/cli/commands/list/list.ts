/**
 * `list`: attackers for firewalls, for Wazuh and for other programs.
 *
 * @module
 */
import type { Buffer } from "../../../buffer/buffer.ts";
import { DAY } from "../../../clock.ts";
import type { Config } from "../../../config/config.ts";
import { LIST_FIELDS, numbersOf } from "../../../config/lists.ts";
import { messageOf } from "../../../errors.ts";
import { LIST_FORMATS, type ListFormat, type ListQuery } from "../../../list_query.ts";
import { entryOf, type Gates, isAskedFor, isKeptOut, sinceOf } from "../../../lists/entry.ts";
import { writeList } from "../../../lists/formats.ts";
import { writeLists } from "../../../lists/writer.ts";
import { EXIT, Failure } from "../../exit.ts";
import { createLog, type Log, oneLine } from "../../terminal/log.ts";
import { parse, type Values } from "../../terminal/options.ts";
import { lookIntoBuffer } from "../../wiring/buffer/open.ts";
import { loadStartConfig, type Start } from "../../wiring/context.ts";
import { gatesOf, listsParts } from "../../wiring/lists/parts.ts";

/** The name of a list that has none: the sets of nftables are named after it. */
const UNNAMED = "attackers";

/** A list to print. */
interface Asked extends ListQuery {
  readonly name: string;
  readonly format: ListFormat;
}

/** Runs `list FORMAT …`, `list NAME` or `list NAME --accept`. */
export async function list(start: Start): Promise<number> {
  const { values, positionals } = parse("list", start.args);
  const [name, ...more] = positionals;
  const { config } = loadStartConfig(start);
  if (name === undefined || more.length > 0) throw unknown(name, config);
  const { buffer: opened, isThere } = await lookIntoBuffer(config);
  using buffer = opened;
  const log = createLog(config.log, false);
  if (values.accept) {
    if (!config.lists.some((one) => one.name === name)) throw unknown(name, config);
    if (!isThere) throw new Failure(EXIT.failed, "there is no buffer yet, and so no list to write");
    return await acceptList(name, config, buffer, log);
  }
  const asked = askedFor(name, values, config);
  const gates = await gatesNow(config, log);
  try {
    await printList(asked, gates, buffer);
  } catch (error) {
    // Who reads it, such as `head`, has enough.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
  return EXIT.ok;
}

function askedFor(name: string, values: Values<"list">, config: Config): Asked {
  const query: ListQuery = {
    withinMs: daysOf(values["within-days"]),
    minAttempts: numberOf("min_attempts", values["min-attempts"]) ?? 0,
    minSensors: numberOf("min_sensors", values["min-sensors"]) ?? 1,
    gotIn: values["got-in"] ?? false,
  };
  const isOwn = Object.keys(values).length > 0;
  const named = config.lists.find((one) => one.name === name);
  if (named !== undefined && !isOwn) return named;
  const format = LIST_FORMATS.find((one) => one === name);
  if (format !== undefined) return { ...query, format, name: UNNAMED };
  if (named === undefined) throw unknown(name, config);
  throw new Failure(
    EXIT.usage,
    `list ${name} has its query from the configuration; change it there, or name a format`,
  );
}

function unknown(name: string | undefined, { lists }: Config): Failure {
  const known = [...LIST_FORMATS, ...lists.map((one) => one.name)];
  const what = name === undefined ? "list takes one format or name" : `unknown list "${name}"`;
  return new Failure(EXIT.usage, `${oneLine(what)}; use one of ${[...new Set(known)].join(", ")}`);
}

function daysOf(text: string | undefined): number | undefined {
  const days = numberOf("within_days", text);
  return days === undefined ? undefined : days * DAY;
}

function numberOf(
  name: "within_days" | "min_attempts" | "min_sensors",
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const field = LIST_FIELDS[name];
  const value = text.trim() === "" ? NaN : Number(text);
  const isWhole = !("whole" in field) || Number.isInteger(value);
  if (isWhole && value >= field.minimum && value <= field.maximum) return value;
  const option = `--${name.replace("_", "-")}`;
  throw new Failure(
    EXIT.usage,
    `${option}: ${JSON.stringify(text)} is not a valid number; use ${numbersOf(field)}`,
  );
}

async function gatesNow(config: Config, log: Log): Promise<Gates> {
  try {
    return await gatesOf(config, log)();
  } catch (error) {
    throw new Failure(EXIT.failed, messageOf(error));
  }
}

async function printList(asked: Asked, gates: Gates, buffer: Buffer): Promise<void> {
  const now = Date.now();
  const writing = writeList(asked.format, asked.name);
  const query = { since: sinceOf(asked, now), minAttempts: asked.minAttempts };
  await print(writing.begin());
  for await (const rows of buffer.views.listed(query)) {
    const entries = rows.filter((row) => !isKeptOut(row, gates)).map(entryOf)
      .filter((entry) => isAskedFor(entry, asked, now));
    await print(entries.map((entry) => writing.add(entry)).join(""));
  }
  await print(writing.end());
}

async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

async function acceptList(
  name: string,
  config: Config,
  buffer: Buffer,
  log: Log,
): Promise<number> {
  const states = await writeLists(listsParts(config, buffer, log), new Set([name]));
  if (states === undefined) {
    throw new Failure(EXIT.waiting, "another process makes the lists; try again in a minute");
  }
  const { problem, addresses = 0 } = states.find((state) => state.name === name)!;
  if (problem !== undefined) throw new Failure(EXIT.failed, problem);
  console.log(`list ${name} is written: ${addresses} addresses`);
  return EXIT.ok;
}
