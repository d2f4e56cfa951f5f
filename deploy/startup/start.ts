/**
 * Starts the program in the binary. V8 would read, parse and compile what an integration call runs at
 * every alert, which is half of what the program costs beside an empty one. So `deploy/compile.ts` puts
 * it into the binary as one script together with its compiled code, which the runtime takes as it is.
 *
 * The script's classes are its own: what it loads later comes from the modules beside it, and brings
 * others of the same names.
 *
 * @module
 */
import { codeOf, START_CODE, startScript } from "./start_script.ts";

Deno.exit(await startScript(codeOf(START_CODE)).program(Deno.args));
