/**
 * Help for people at a terminal, at most 80 columns wide.
 *
 * @module
 */
import { PROGRAM } from "../../config/defaults.ts";
import type { Command, Option } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT_CODES, GLOBAL_OPTIONS, HELP_OPTION } from "./shared.ts";

/** Columns that every terminal has. */
const COLUMNS = 80;

/** Words in lines of at most so many columns; a longer word gets its own line. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** An option as it is written: `--since TIME`. */
export function optionName({ name, value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

/** Rows of two columns; text that is too long for the left one gets its own line. */
function pairs(rows: readonly (readonly [string, string])[], widest = 30): readonly string[] {
  const width = Math.min(widest, Math.max(...rows.map(([left]) => left.length)));
  const indent = " ".repeat(width + 4);
  return rows.flatMap(([left, right]) => {
    const lines = wrap(right, COLUMNS - indent.length).map((line) => indent + line);
    if (left.length > width) return [`  ${left}`, ...lines];
    return [`  ${left.padEnd(width)}  ${lines[0]!.trimStart()}`, ...lines.slice(1)];
  });
}

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : ["", `${title}:`, ...lines];

const exitRows = (codes: Readonly<Record<number, string>>) =>
  pairs(Object.entries(codes).map(([code, meaning]) => [code, meaning] as const));

/** `help`: the commands at a glance. */
export function overview(): string {
  return [
    "SSH brute force seen by Wazuh, as MISP events",
    "",
    `usage: ${PROGRAM} [--config FILE] COMMAND`,
    ...section(
      "commands",
      pairs([
        ["ALERT_FILE API_KEY HOOK_URL …", "one alert; how Wazuh's integratord calls"],
        ...COMMANDS.map(({ name, brief }) => [name, brief] as const),
      ], 12),
    ),
    ...section(
      "options of every command",
      pairs(
        [...GLOBAL_OPTIONS, HELP_OPTION].map((option) =>
          [optionName(option), option.about] as const
        ),
      ),
    ),
    ...section("exit codes", exitRows(EXIT_CODES)),
    "",
    "`help COMMAND` describes a command, `help config` each configuration key.",
  ].join("\n");
}

/** `help COMMAND`. */
export function commandHelp(command: Command): string {
  const { synopsis, about, words = [], options, exit, examples } = command;
  return [
    ...synopsis.map((line, index) => `${index === 0 ? "usage:" : "      "} ${line}`),
    ...about.flatMap((paragraph) => ["", ...wrap(paragraph, COLUMNS)]),
    ...(words.length === 0
      ? []
      : ["", ...pairs(words.map(({ name, about }) => [name, about] as const))]),
    ...section(
      "options",
      pairs([...options, HELP_OPTION].map((option) => [optionName(option), option.about] as const)),
    ),
    ...section("exit codes", exitRows(exit)),
    ...section("examples", pairs(examples.map(({ line, does }) => [line, does] as const))),
  ].join("\n");
}
