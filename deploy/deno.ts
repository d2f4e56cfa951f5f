/**
 * The Deno that compiles, and the folder that it works in.
 *
 * @module
 */

/** The project's folder. */
export const PROJECT = new URL("../", import.meta.url).pathname;

/**
 * Runs Deno in the project's folder. A failure ends the build with Deno's message.
 *
 * @returns its output
 */
export async function deno(args: readonly string[]): Promise<string> {
  // Deno would take an empty path for the runtime's.
  if (Deno.env.get("DENORT_BIN") === "") Deno.env.delete("DENORT_BIN");
  // Where Deno's download server is out of reach, COMPILE_DENO and DENORT_BIN name a CLI and its runtime.
  const command = Deno.env.get("COMPILE_DENO") || Deno.execPath();
  return await output(`deno ${args[0]}`, command, { args: [...args] }, downloadHelp);
}

/**
 * What to do when Deno cannot fetch the runtime that it puts into a binary.
 *
 * @param text what Deno printed
 * @returns undefined for any other failure
 */
export function downloadHelp(text: string): string | undefined {
  const url = /https:\/\/dl\.deno\.land\/[^\s):]*/.exec(text)?.[0];
  if (url === undefined) return undefined;
  const isCertificate = /certificate|UnknownIssuer/i.test(text);
  return `deno compile cannot download ${url}
This file is the runtime that the binary contains. There are three ways to go on:
  1. Compile on a machine that reaches dl.deno.land, then copy dist/ and deploy/ here.
  2. Fetch the file there, unpack it here, and name it: DENORT_BIN=/path/to/denort.
  3. Name the proxy that leads there: HTTPS_PROXY=http://HOST:PORT.${
    isCertificate
      ? "\nA proxy inspects this connection, and Deno does not know its authority: set\n" +
        "DENO_TLS_CA_STORE=system, if your system knows it, or DENO_CERT=FILE."
      : ""
  }`;
}

/**
 * Runs a program in the project's folder. A failure ends the build with the program's message.
 *
 * @param name what a message calls the program
 * @param help what to print instead of a message; undefined: the message
 * @returns its output
 */
export async function output(
  name: string,
  command: string,
  options: Deno.CommandOptions,
  help: (text: string) => string | undefined = () => undefined,
): Promise<string> {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  for (let tries = 1;; tries++) {
    const child = await new Deno.Command(command, { cwd: PROJECT, ...options }).output();
    if (child.success) return text(child.stdout);
    const printed = text(child.stderr);
    if (tries < MOST_TRIES && UNPACKING.test(printed)) continue;
    return fail(help(printed) ?? `${name} failed:\n${printed}`);
  }
}

/** Tries of a program that another process was unpacking. */
const MOST_TRIES = 5;
/** The first `deno bundle` of a user unpacks its bundler, which another one may start, or unpack too. */
const UNPACKING = /Text file busy|failed to copy esbuild binary/;

/** Ends the build. */
export function fail(message: string): never {
  console.error(message);
  Deno.exit(1);
}
