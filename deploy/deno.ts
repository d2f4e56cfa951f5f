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
  // Where Deno's download server is out of reach, COMPILE_DENO and DENORT_BIN name a CLI and its runtime.
  const command = Deno.env.get("COMPILE_DENO") ?? Deno.execPath();
  return await output(`deno ${args[0]}`, command, { args: [...args] });
}

/**
 * Runs a program in the project's folder. A failure ends the build with the program's message.
 *
 * @param name what a message calls the program
 * @returns its output
 */
export async function output(
  name: string,
  command: string,
  options: Deno.CommandOptions,
): Promise<string> {
  const child = await new Deno.Command(command, { cwd: PROJECT, ...options }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (child.success) return text(child.stdout);
  return fail(`${name} failed:\n${text(child.stderr)}`);
}

/** Ends the build. */
export function fail(message: string): never {
  console.error(message);
  Deno.exit(1);
}
