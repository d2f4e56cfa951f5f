/**
 * Arguments of commands.
 *
 * @module
 */
import { EXIT, Failure } from "./exit.ts";

/**
 * Runs `parseArgs` and turns what it throws into one line for people.
 *
 * @throws {Failure}
 */
export function parse<T>(parseArgs: () => T): T {
  try {
    return parseArgs();
  } catch (error) {
    const [message = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new Failure(EXIT.usage, `${message.split(". ")[0]}; \`help\` lists the options`);
  }
}
