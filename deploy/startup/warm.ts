/**
 * Makes the compiled code of the script that the binary starts with: runs an integration call, and
 * writes down what V8 compiled for it. Built as the binary is, because V8 takes code only from a runtime
 * like itself with the same flags.
 *
 * @module
 */
import { startScript } from "./start_script.ts";

const [output, ...args] = Deno.args;
const { script, program } = startScript();
const code = await program(args);
if (code !== 0) Deno.exit(code);
const compiled = script.createCachedData();
if (startScript(compiled).script.cachedDataRejected) throw new Error("V8 refuses its own code");
Deno.writeFileSync(output!, compiled);
Deno.exit();
