/**
 * The parts of documents that come from the code: the keys, the commands, the endpoints and the
 * metrics. `deno task docs` writes them, and a test compares them.
 *
 * @module
 */
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import type { Command } from "../../src/cli/manual/command.ts";
import { COMMANDS } from "../../src/cli/manual/commands.ts";
import { optionName } from "../../src/cli/manual/help_text.ts";
import { GLOBAL_OPTIONS, HELP_OPTION } from "../../src/cli/manual/shared.ts";
import type { Key } from "../../src/config/key.ts";
import { configurationKeys } from "../../src/config/keys.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { describeService } from "../../src/server/openapi.ts";
import { rowsBehind, table } from "./markdown.ts";

/** A part of a document, between the markers of its name. */
export interface Generated {
  readonly path: string;
  readonly name: string;
  /** @param old the document as it is: words that people wrote beside a name are kept */
  readonly write: (old: string) => string | Promise<string>;
}

/** Every part that is generated. */
export const GENERATED: readonly Generated[] = [
  { path: "docs/configuration.md", name: "keys", write: keysTable },
  { path: "docs/cli.md", name: "commands", write: commandsText },
  { path: "docs/serve.md", name: "endpoints", write: endpointsTable },
  { path: "docs/metrics.md", name: "metrics", write: metricsTable },
];

/** Columns that a cell may have before the table gets too wide to read. */
const WIDEST = 60;

function shownDefault({ fallback }: Key): string {
  if (fallback === undefined || Array.isArray(fallback) && fallback.length === 0) return "none";
  const shown = (Array.isArray(fallback) ? fallback : [fallback]).map((item) => `\`${item}\``)
    .join(", ");
  return shown.length > WIDEST ? "see `help config`" : shown;
}

function shownValues({ kind, choices, minimum, maximum, whole, check, atLeastOne }: Key): string {
  if (kind === "choice") return (choices ?? []).map((one) => `\`${one}\``).join(", ");
  if (kind === "boolean") return "`true`, `false`";
  if (kind === "number") {
    const range = maximum === undefined ? `from ${minimum}` : `${minimum} to ${maximum}`;
    return `${whole ? "whole number" : "number"}, ${range}`;
  }
  // What a check says of a wrong text is what it allows.
  const allowed = check?.(" ") ?? "text";
  if (kind === "text") return allowed;
  if (kind === "list") return `list: ${allowed}${atLeastOne ? "; at least one" : ""}`;
  return "list of objects";
}

function keysTable(): string {
  const keys = Object.entries(configurationKeys("/var/ossec"));
  return table(
    ["key", "default", "what it is", "values"],
    keys.map(([name, key]) => [`\`${name}\``, shownDefault(key), key.about, shownValues(key)]),
  );
}

const code = (text: string) => `\`${text}\``;

function commandText(command: Command): string {
  const { name, synopsis, about, words = [], options, exit, examples } = command;
  return [
    `### ${code(name)}`,
    ["```", ...synopsis, "```"].join("\n"),
    ...about,
    ...(words.length === 0
      ? []
      : [table(["word", "about"], words.map((word) => [code(word.name), word.about]))]),
    ...(options.length === 0 ? [] : [table(
      ["option", "what it does"],
      options.map((option) => [code(optionName(option)), option.about]),
    )]),
    `Exit codes: ${
      Object.entries(exit).map(([number, meaning]) => `${code(number)} ${meaning}`).join(" · ")
    }.`,
    `Examples: ${examples.map(({ line, does }) => `${code(line)} (${does})`).join(" · ")}.`,
  ].join("\n\n");
}

function commandsText(): string {
  return [
    table(["command", "what it does"], [
      ["`ALERT_FILE API_KEY HOOK_URL …`", "one alert; how Wazuh's integratord calls"],
      ...COMMANDS.map(({ name, brief }) => [code(name), brief]),
    ]),
    "Every command has these options:",
    table(
      ["option", "what it does"],
      [...GLOBAL_OPTIONS, HELP_OPTION].map((one) => [code(optionName(one)), one.about]),
    ),
    ...COMMANDS.map(commandText),
  ].join("\n\n");
}

/** The last column of a table as people wrote it, by the first one. */
const wordsIn = (old: string, name: string) =>
  new Map(rowsBehind(old, `<!-- ${name} -->`).map((row) => [row[0]!, row.at(-1)!]));

function endpointsTable(old: string): string {
  const words = wordsIn(old, "endpoints");
  const rows = Object.entries(describeService().paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, summary }]) => {
      const endpoint = code(`${method.toUpperCase()} ${path}`);
      const who = path.includes("{token}")
        ? "token in the path"
        : security.length > 0
        ? "token"
        : "everybody";
      return [endpoint, who, words.get(endpoint) ?? summary];
    })
  );
  return table(["endpoint", "who", "answer"], rows);
}

async function metricsTable(old: string): Promise<string> {
  const words = wordsIn(old, "metrics");
  const lines = await scrapedLines();
  const rows = lines.flatMap((line) => {
    const [, name, help] = /^# HELP (\S+) (.*)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const sample = lines.find((one) => new RegExp(`^${name}(_count)?\\{`).test(one)) ?? "";
    const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label);
    const metric = code(`${name}${labels.length > 0 ? `{${labels.join(",")}}` : ""}`);
    return [[metric, words.get(metric) ?? help!.replace(/\.$/, "")]];
  });
  return table(["metric", "is"], ownFirst(rows));
}

/** The program's metrics before those of the process, in the order of the scrape. */
function ownFirst(rows: readonly string[][]): readonly string[][] {
  const isOwn = ([name]: string[]) => name!.startsWith("`custom_misp");
  return [...rows.filter(isOwn), ...rows.filter((row) => !isOwn(row))];
}

let scrape: Promise<readonly string[]> | undefined;

/** A scrape in which each metric has a sample; made once. */
const scrapedLines = () => scrape ??= scraped();

async function scraped(): Promise<readonly string[]> {
  using buffer = new SqliteBuffer(":memory:", 0);
  const metrics = await createMetrics({
    status: async () => ({ ...await buffer.views.status(), ignored: new Map([["malformed", 1]]) }),
    compromised: () => buffer.views.compromised(0),
    sensors: () => Promise.resolve([{ name: "honeypot-fra1", lastSeen: 0 }]),
    ...{ maxBytes: 1, version: "1", now: () => 0 },
    lists: () =>
      Promise.resolve([
        { name: "a", addresses: 1, keptOut: 0, problem: undefined, loggedAt: undefined },
      ]),
  });
  metrics.observe({ route: "/", method: "GET", status: 200, seconds: 1 });
  return (await metrics.text()).split("\n");
}
