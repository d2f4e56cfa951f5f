/**
 * Arguments of commands.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { EXIT, Failure } from "../exit.ts";
import { nearest } from "../manual/nearest.ts";
import { messageOf } from "../../errors.ts";

/** What `parseArgs` takes, with arguments that are only read. */
type Wanted = Omit<ParseArgsConfig, "args"> & { readonly args: readonly string[] };

/** What `parseArgs` gives for it. */
type Parsed<T extends Wanted> = ReturnType<typeof parseArgs<Omit<T, "args"> & { args: string[] }>>;

/**
 * Runs `parseArgs` and turns what it throws into one line for people.
 *
 * @param command whose arguments these are
 * @throws {Failure}
 */
export function parse<const T extends Wanted>(command: string, wanted: T): Parsed<T> {
  try {
    return parseArgs({ ...wanted, args: [...wanted.args] }) as Parsed<T>;
  } catch (error) {
    const [message = ""] = (messageOf(error)).split("\n");
    const [said = ""] = message.split(". ");
    const guess = meant(/^Unknown option '--([^']*)'/.exec(said)?.[1], wanted);
    throw new Failure(EXIT.usage, `${said}; ${guess}\`help ${command}\` lists the options`);
  }
}

function meant(unknown: string | undefined, { options = {} }: Wanted): string {
  const known = [...Object.keys(options), "help", "config"];
  const name = unknown === undefined ? undefined : nearest(unknown, known);
  return name === undefined ? "" : `did you mean --${name}? `;
}
