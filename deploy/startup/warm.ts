/**
 * Runs an integration call by the start script, and writes V8's code of what ran. The build compiles
 * this module as it compiles the binary, because V8 accepts code only from a runtime with the same
 * flags.
 *
 * @module
 */
import { startScript } from "./start_script.ts";

const [output, ...args] = Deno.args;
const { script, program } = startScript();
const code = await program(args);
if (code !== 0) Deno.exit(code);
const compiled = script.createCachedData();
if (startScript(compiled).code !== "accepted") throw new Error("V8 rejects the code that it made");
Deno.writeFileSync(output!, compiled);
Deno.exit();
