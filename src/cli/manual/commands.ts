/**
 * The command line: commands, options, exit codes, examples. `help`, the manual page, the
 * completions, the "did you mean" hints and what each command accepts all come from this one list.
 *
 * @module
 */
import type { Command } from "./command.ts";
import { INPUT_COMMANDS } from "./input_commands.ts";
import { LIST_COMMANDS } from "./list_commands.ts";
import { PUBLISHING_COMMANDS } from "./publishing_commands.ts";
import { LOOKING_COMMANDS } from "./looking_commands.ts";
import { SETUP_COMMANDS } from "./setup_commands.ts";

const LIST = [
  ...INPUT_COMMANDS,
  ...LOOKING_COMMANDS,
  ...PUBLISHING_COMMANDS,
  ...LIST_COMMANDS,
  ...SETUP_COMMANDS,
] as const;

/** A command, exactly. */
export type Listed = typeof LIST[number];

/** The name of a command. */
export type CommandName = Listed["name"];

/** The commands, in the order of `help`. */
export const COMMANDS: readonly Command[] = LIST;

/** A command by its name; undefined for a name that is not one. */
export function commandNamed(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}
