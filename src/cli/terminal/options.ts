/**
 * Arguments of commands, read as the manual describes them.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { EXIT, Failure } from "../exit.ts";
import type { Option } from "../manual/command.ts";
import { type CommandName, commandNamed, type Listed } from "../manual/commands.ts";
import { didYouMean } from "../../nearest.ts";

type OptionOf<Name extends CommandName> = Extract<Listed, { name: Name }>["options"][number];

/** The options that a command was given. */
export type Values<Name extends CommandName> = {
  readonly [O in OptionOf<Name> as O["name"]]?: O extends { readonly value: string } ? string
    : boolean;
};

/** What a command was given. */
export interface Arguments<Name extends CommandName> {
  readonly values: Values<Name>;
  readonly positionals: readonly string[];
}

/**
 * Reads the arguments of a command.
 *
 * @throws {Failure} one line about the first wrong argument, with the next step
 */
export function parse<Name extends CommandName>(
  name: Name,
  args: readonly string[],
): Arguments<Name> {
  const { filling, options } = commandNamed(name)!;
  // `strict` would put Node's own messages before the user.
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      options.map((option) => [option.name, { type: typeOf(option) }] as const),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    const problem = token.kind === "option"
      ? problemOf(token, options)
      : token.kind === "positional" && filling === undefined
      ? `unexpected argument "${token.value}"; `
      : undefined;
    if (problem === undefined) continue;
    throw new Failure(EXIT.usage, `${problem}\`help ${name}\` lists the options`);
  }
  return { values: values as Values<Name>, positionals };
}

const typeOf = ({ value }: Option) => value === undefined ? "boolean" : "string";

/** An option as it was given. */
interface Given {
  readonly name: string;
  /** With its dashes. */
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function problemOf(given: Given, options: readonly Option[]): string | undefined {
  const { name, rawName, value, inlineValue } = given;
  const option = options.find((one) => rawName === `--${one.name}`);
  if (option === undefined) {
    const known = [...options.map((one) => one.name), "help", "config"];
    return `unknown option ${rawName}; ${didYouMean(name, known.map((one) => `--${one}`))}`;
  }
  if (typeOf(option) === "boolean") {
    return value === undefined ? undefined : `${rawName} takes no value; `;
  }
  // A value that looks like an option is the next option: the user left out the value.
  const isMissing = value === undefined || !inlineValue && /^-./.test(value);
  return isMissing ? `${rawName} needs a value; ` : undefined;
}

/**
 * The value of an option that takes one of some words.
 *
 * @throws {Failure} it is none of these
 */
export function oneOf(option: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new Failure(
    EXIT.usage,
    `--${option} "${value}" is not valid; ${didYouMean(value, allowed)}use one of ${
      allowed.join(", ")
    }`,
  );
}
