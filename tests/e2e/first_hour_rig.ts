/**
 * What tests of the first hour share: the line that a wrong input is answered with.
 *
 * @module
 */
import { PROGRAM } from "../../src/config/defaults.ts";
import type { Program } from "./program.ts";

/** The configuration file, as {@link said} shows it. */
export const CONF = `ROOT/etc/${PROGRAM}.json`;

/** Code and error line, where paths do not depend on the test's folder. */
export async function said(
  program: Program,
  args: readonly string[],
  { environment = {}, wrapper = [], input }: {
    readonly environment?: Record<string, string>;
    readonly wrapper?: readonly string[];
    readonly input?: string;
  } = {},
): Promise<readonly [code: number, line: string]> {
  const { code, stderr } = input === undefined
    ? await program.run(args, environment, wrapper)
    : await program.feedInput(args, input);
  const text = stderr.trim().replaceAll(program.root, "ROOT").replaceAll(program.alerts, "ALERTS");
  return [code, text.replace(`${PROGRAM}: `, "")];
}
