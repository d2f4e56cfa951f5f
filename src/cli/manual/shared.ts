/**
 * What the descriptions of several commands have in common.
 *
 * @module
 */
import { EXIT } from "../exit.ts";
import type { Option } from "./command.ts";

/** Every exit code of the program. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  [EXIT.ok]: "done",
  [EXIT.failed]: "failed, or could not be stored",
  [EXIT.usage]: "bad arguments or configuration",
  [EXIT.waiting]: "reports wait for a later try, or a publisher is at work",
  [EXIT.refused]: "MISP refused reports",
  [EXIT.noFile]: "no such file",
  [EXIT.notJson]: "not a JSON alert",
};

/** Options of every command. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  {
    name: "config",
    value: "FILE",
    filling: "file",
    about: "the configuration file; write it before or after the command",
  },
  {
    name: "root",
    value: "DIR",
    filling: "folder",
    about: "Wazuh's folder; write it before the command; a binary has its own built in",
  },
];

/** Asks any command for its help. */
export const HELP_OPTION: Option = { name: "help", about: "this help; -h is the same" };

/** Prints JSON in the place of text. */
export const JSON_OPTION = { name: "json", about: "print JSON" } as const satisfies Option;

/** The exit codes of a command: the common ones, and its own. */
export const codes = (more: Readonly<Record<number, string>> = {}) => ({
  [EXIT.ok]: EXIT_CODES[EXIT.ok]!,
  [EXIT.failed]: "failed",
  [EXIT.usage]: EXIT_CODES[EXIT.usage]!,
  ...more,
});
