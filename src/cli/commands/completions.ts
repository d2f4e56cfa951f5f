/**
 * `completions SHELL`: a script by which a shell completes this program's command line.
 *
 * @module
 */
import type { Start } from "../wiring/context.ts";
import { EXIT, Failure } from "../exit.ts";
import { SCRIPTS } from "../manual/completion_scripts.ts";
import { nearest } from "../manual/nearest.ts";
import { parse } from "../terminal/options.ts";

/** What `parseArgs` takes. */
export const OPTIONS = {} as const;

/** Runs `completions bash | zsh | fish`. */
export function completions(start: Start): Promise<number> {
  const { positionals } = parse("completions", {
    args: start.args,
    options: OPTIONS,
    allowPositionals: true,
  });
  const [shell = "", ...more] = positionals;
  const known = Object.keys(SCRIPTS);
  if (!Object.hasOwn(SCRIPTS, shell) || more.length > 0) {
    const meant = nearest(shell, known);
    const guess = meant === undefined ? "" : `; did you mean ${meant}?`;
    throw new Failure(EXIT.usage, `completions takes one of ${known.join(", ")}${guess}`);
  }
  console.log(SCRIPTS[shell]!());
  return Promise.resolve(EXIT.ok);
}
