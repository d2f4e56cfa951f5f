/**
 * The program under `deno run`; the binary starts by deploy/startup/start.ts.
 *
 * @module
 */
import { program } from "./src/cli/program.ts";

// Without waiting for timers or for the buffer's closing checkpoint: what counts is committed.
if (import.meta.main) Deno.exit(await program(Deno.args));
