/**
 * The Deno that compiles, and the folder that it works in.
 *
 * @module
 */

/** The project's folder. */
export const PROJECT = new URL("../", import.meta.url).pathname;

/** Runs Deno in the project's folder. What fails ends the build, and is told. @returns its output */
export async function deno(args: readonly string[]): Promise<string> {
  // Where Deno's download server is out of reach, COMPILE_DENO and DENORT_BIN name a CLI and its runtime.
  const command = Deno.env.get("COMPILE_DENO") ?? Deno.execPath();
  return await output(`deno ${args[0]}`, command, { args: [...args] });
}

/** Runs a program in the project's folder. What fails ends the build, and is told. @returns its output */
export async function output(
  name: string,
  command: string,
  options: Deno.CommandOptions,
): Promise<string> {
  const child = await new Deno.Command(command, { cwd: PROJECT, ...options }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (child.success) return text(child.stdout);
  console.error(`${name} failed:\n${text(child.stderr)}`);
  Deno.exit(1);
}
