/**
 * `serve` and its load, each as a process of its own.
 *
 * @module
 */
import { V8_FLAGS } from "../deploy/startup/v8.ts";
import { createProgram, type Program, type ProgramOptions } from "../tests/e2e/program.ts";
import { freePort } from "../tests/support/ports.ts";

/** Connections of the load, and how long it lasts. */
export const CONNECTIONS = 32;
export const SECONDS = 10;

/** `serve` as a process, on an empty buffer; it goes with its scope. */
export async function startServe(
  kind: Program["kind"],
  environment: Readonly<Record<string, string>> = {},
  hosts: ProgramOptions = {},
) {
  const listen = `127.0.0.1:${freePort()}`;
  const program = await createProgram(kind, { listen, ...hosts });
  const child = program.command(["serve"], {
    WM_SERVER_LISTEN: listen,
    WM_SERVER_MAX_REQUESTS_PER_MINUTE: "0",
    WM_SERVER_MAX_PARALLEL: "0",
    // As in the binary.
    DENO_V8_FLAGS: V8_FLAGS.replace("--v8-flags=", ""),
    ...environment,
  }).spawn();
  void child.stdout.cancel();
  const listening = Promise.withResolvers<void>();
  void (async () => {
    let said = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (said.includes("listening")) listening.resolve();
    }
    listening.reject(new Error(said));
  })();
  await listening.promise;
  return {
    url: `http://${listen}`,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await program[Symbol.asyncDispose]();
    },
  };
}

/** What a load saw. Times are milliseconds. */
export interface Load {
  readonly perSecond: number;
  readonly median: number;
  readonly p99: number;
  readonly sent: number;
  /** Of the load's own process. */
  readonly cpuSeconds: number;
}

/** The load as a process of its own; `serve_load.ts` says its arguments. */
export function load(...args: readonly string[]): Deno.Command {
  const script = new URL("serve_load.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=bench", script, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
}

/** One alert a request, by so many connections for so many seconds. */
export async function single(
  url: string,
  first: number,
  connections = CONNECTIONS,
  seconds = SECONDS,
): Promise<Load> {
  const child = load("single", url, `${connections}`, `${seconds}`, `${first}`).spawn();
  await child.stdin.close();
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout)) as Load;
}
