/**
 * The script that the binary starts with, and its compiled code.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import * as sqlite from "node:sqlite";
import { Script } from "node:vm";

/** `src/cli/program.ts` with all that an integration call needs, as a CommonJS module. */
export const START_SCRIPT = "start_script.js";
/** What V8 made of it. */
export const START_CODE = "start_script.code";

/** The modules beside the script have the names that the bundler gave them. */
type Late = (name: string) => Promise<unknown>;

type Wrapped = (
  require: (name: string) => unknown,
  module: { exports: unknown },
  late: Late,
) => void;

/** Puts a CommonJS module into a function; the last argument loads what it loads by `import()`. */
export function wrapped(commonjs: string): string {
  return `(function(require,module,late){${commonjs}})`;
}

const beside = (name: string) => new URL(name, import.meta.url);

/** Reads compiled code; undefined: there is none, as in a binary for another machine. */
export function codeOf(name: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(beside(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Runs the script. Code that this runtime did not make is not used, and the script compiled anew. */
export function startScript(code?: Uint8Array) {
  const source = Deno.readTextFileSync(beside(START_SCRIPT));
  const cachedData = code && Buffer.from(code.buffer, code.byteOffset, code.byteLength);
  const script = new Script(source, { filename: START_SCRIPT, cachedData });
  const module = { exports: {} as typeof import("../../src/cli/program.ts") };
  (script.runInThisContext() as Wrapped)(
    // It needs no other.
    () => sqlite,
    module,
    (name) => import(beside(name).href),
  );
  return { script, program: module.exports.program };
}
