/**
 * Starts the program in the binary.
 *
 * @module
 */
import { codeOf, START_CODE, startScript } from "./start_script.ts";

const { program, code } = startScript(codeOf(START_CODE));
Deno.exit(await program(Deno.args, code));
