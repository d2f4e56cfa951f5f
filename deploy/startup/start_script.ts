/**
 * The start script and V8's code of it: their names in the binary, and what runs them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import * as path from "node:path";
import * as sqlite from "node:sqlite";
import { Script } from "node:vm";
import type { BuiltInCode } from "../../src/cli/wiring/build.ts";

/** `src/cli/program.ts` with all that an integration call needs, as a CommonJS module. */
export const START_SCRIPT = "start_script.js";
/** V8's code of it. */
export const START_CODE = "start_script.code";

/** The runtime's modules that the script can import; the build refuses others. */
export const GIVEN: Readonly<Record<string, unknown>> = {
  "node:path": path,
  "node:sqlite": sqlite,
};

/** Loads a module beside the script, by the name that the bundler gave it. */
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

/** Reads V8's code; undefined: the binary has none, as one for another machine. */
export function codeOf(name: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(beside(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Runs the script. V8 compiles it anew where there is no code, or where it rejects the code. */
export function startScript(cached?: Uint8Array) {
  const source = Deno.readTextFileSync(beside(START_SCRIPT));
  const cachedData = cached && Buffer.from(cached.buffer, cached.byteOffset, cached.byteLength);
  const script = new Script(source, { filename: START_SCRIPT, cachedData });
  const code: BuiltInCode = cached === undefined
    ? "none"
    : script.cachedDataRejected
    ? "rejected"
    : "accepted";
  const module = { exports: {} as typeof import("../../src/cli/program.ts") };
  (script.runInThisContext() as Wrapped)(
    (name) => GIVEN[name],
    module,
    (name) => import(beside(name).href),
  );
  return { script, code, program: module.exports.program };
}
