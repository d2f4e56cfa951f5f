/**
 * `completions SHELL`: a script with which a shell completes this program's command line.
 *
 * @module
 */
import type { Start } from "../wiring/context.ts";
import { EXIT, Failure } from "../exit.ts";
import { SCRIPTS } from "../manual/completion_scripts.ts";
import { didYouMean } from "../../nearest.ts";
import { parse } from "../terminal/options.ts";

/** Runs `completions bash | zsh | fish`. */
export function completions(start: Start): Promise<number> {
  const { positionals } = parse("completions", start.args);
  const [shell = "", ...more] = positionals;
  const known = Object.keys(SCRIPTS);
  if (!Object.hasOwn(SCRIPTS, shell) || more.length > 0) {
    const hint = didYouMean(shell, known);
    throw new Failure(EXIT.usage, `${hint}completions takes one of ${known.join(", ")}`);
  }
  console.log(SCRIPTS[shell]!());
  return Promise.resolve(EXIT.ok);
}
