/**
 * The manual page, as roff with the macros of man(7), which every `man` can read.
 *
 * @module
 */
import { configurationKeys, environmentName } from "../../config/keys.ts";
import { PROGRAM } from "../../config/defaults.ts";
import type { Command, Option } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT_CODES, GLOBAL_OPTIONS, HELP_OPTION } from "./shared.ts";
import { optionName, wrap } from "./help_text.ts";

/** Text that roff prints unchanged, whatever the encoding of its input. */
function plain(text: string): string {
  const escaped = [...text.replaceAll("\\", "\\e").replaceAll("-", "\\-")].map((character) => {
    const code = character.codePointAt(0)!;
    return code < 128 ? character : `\\[u${code.toString(16).toUpperCase().padStart(4, "0")}]`;
  }).join("");
  return escaped.replace(/^[.']/, "\\&$&");
}

/** Text that roff fills, in short lines: the source is readable, too. */
function filled(text: string): string {
  return wrap(plain(text), 78).map((line) => line.replace(/^[.']/, "\\&$&")).join("\n");
}

const bold = (text: string) => `\\fB${plain(text)}\\fR`;

const item = (head: string, about: string) => [".TP", head, filled(about)];

const options = (list: readonly Option[]) =>
  list.flatMap((option) => item(bold(optionName(option)), option.about));

const exits = (codes: Readonly<Record<number, string>>) =>
  Object.entries(codes).flatMap(([code, meaning]) => item(bold(code), meaning));

function commandLines(command: Command): readonly string[] {
  const { name, synopsis, about, words = [], examples } = command;
  return [
    `.SS ${plain(name)}`,
    ...synopsis.flatMap((line, index) => index === 0 ? [bold(line)] : [".br", bold(line)]),
    ...about.flatMap((paragraph) => [".PP", filled(paragraph)]),
    ...words.flatMap((word) => item(bold(word.name), word.about)),
    ...options(command.options),
    ".PP",
    "Exit codes:",
    ...exits(command.exit),
    ".PP",
    "Examples:",
    ...examples.flatMap(({ line, does }) => item(bold(`${PROGRAM} ${line}`), does)),
  ];
}

function keyLines(root: string): readonly string[] {
  return Object.entries(configurationKeys(root)).flatMap(([name, { fallback, about }]) => {
    const shown = Array.isArray(fallback) ? fallback.join(", ") : String(fallback ?? "");
    return item(
      bold(name),
      `${about}. Variable: ${environmentName(name)}. Default: ${shown || "none"}.`,
    );
  });
}

/**
 * The manual page.
 *
 * @param date ISO 8601, when this program was made
 * @param root Wazuh's folder, which the paths begin with
 */
export function manPage(version: string, date: string, root: string): string {
  return [
    `.TH ${PROGRAM.toUpperCase()} 8 ${date.slice(0, 10)} "${version}" " "`,
    // No hyphenation, no justification: keys and paths must be copied as they are.
    ".nh",
    ".ad l",
    ".SH NAME",
    `${plain(PROGRAM)} \\- SSH brute force seen by Wazuh, as MISP events`,
    ".SH SYNOPSIS",
    `${bold(PROGRAM)} [options] command [arguments]`,
    ".br",
    `${bold(PROGRAM)} alert\\-file api\\-key hook\\-url ...`,
    ".SH DESCRIPTION",
    filled(
      "Reads alerts of Wazuh about failed SSH logins at honeypots, counts them by source, and " +
        "publishes each attacker as one MISP event. Wazuh's integratord starts it with an alert " +
        "file; the commands are for people, timers and services.",
    ),
    ".SH OPTIONS",
    ...options([...GLOBAL_OPTIONS, HELP_OPTION]),
    ".SH COMMANDS",
    ...COMMANDS.flatMap(commandLines),
    ".SH EXIT STATUS",
    ...exits(EXIT_CODES),
    ".SH ENVIRONMENT",
    ...item(bold("WM_CONFIG"), "the configuration file; --config overrides it"),
    ...item(bold("WM_SECTION_KEY"), "overrides a key of the file; see below"),
    ...item(bold("NO_COLOR"), "if it is not empty, output has no colours"),
    ".SH FILES",
    ...item(bold(`${root}/etc/${PROGRAM}.json`), "the configuration"),
    ...item(bold(`${root}/queue/custom-misp/`), "the buffer, the feed"),
    ...item(bold(`${root}/logs/integrations.log`), "the log"),
    ".SH CONFIGURATION",
    ...keyLines(root),
  ].join("\n");
}
