/**
 * The program under `deno run`; the binary starts by deploy/startup/start.ts, unless it is compiled
 * with `--no-start-script`.
 *
 * @module
 */
import { program } from "./src/cli/program.ts";

// Nothing waits for timers or for the buffer's closing checkpoint: all data is committed.
if (import.meta.main) Deno.exit(await program(Deno.args));
