/**
 * The program under test: `deno run` with the project's permissions, and the compiled binary.
 *
 * @module
 */
import { type Dialogue, inTerminal, type Shown } from "./terminal.ts";
import { type BinaryOptions, CAN_COMPILE, newBase, putBinary } from "./binary.ts";

export { CAN_COMPILE };

/** What one run of the program gave. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A way to start the program, in a throw-away Wazuh folder of its own. */
export interface Program extends AsyncDisposable {
  readonly kind: "deno run" | "binary";
  /** Stands for `/var/ossec`. */
  readonly root: string;
  /** Where alert files are put, as integratord puts them into `/tmp`. */
  readonly alerts: string;
  readonly buffer: string;
  readonly feed: string;
  readonly log: string;
  command(args: readonly string[], environment?: Record<string, string>): Deno.Command;
  /** @param wrapper a command that runs the program, such as `setpriv` and its arguments */
  run(
    args: readonly string[],
    environment?: Record<string, string>,
    wrapper?: readonly string[],
  ): Promise<Result>;
  /** Runs the program with something on its standard input. */
  feedInput(args: readonly string[], input: string): Promise<Result>;
  /** Runs it in a pseudo-terminal, and answers its questions. Needs `script`. */
  inTerminal(args: readonly string[], dialogue: Dialogue): Promise<Shown>;
}

const PROJECT = new URL("../../", import.meta.url).pathname;

/** What a program is allowed and told beside the defaults. */
export interface ProgramOptions extends BinaryOptions {
  readonly environment?: Record<string, string>;
}

/** Starts nothing yet: makes the folders, and the binary when there is to be one. */
export async function createProgram(
  kind: Program["kind"],
  options: ProgramOptions = {},
): Promise<Program> {
  const base = await newBase();
  const root = `${base}/ossec`;
  const alerts = await Deno.makeTempDir({ dir: "/tmp", prefix: "e2e-alerts-" });
  for (const folder of ["queue/custom-misp", "logs", "etc/custom-misp", "integrations"]) {
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
  }
  const state = `${root}/queue/custom-misp`;
  const log = `${root}/logs/integrations.log`;
  const binary = `${root}/integrations/custom-misp_ssh_bruteforce-publish`;
  if (kind === "binary") await putBinary(binary, base, root, options);
  // Nothing of the caller's environment but what Deno needs to find its cache.
  const inherited = Object.fromEntries(
    ["PATH", "HOME", "DENO_DIR", "DENO_TLS_CA_STORE"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const lineOf = (args: readonly string[]) =>
    kind === "binary" ? [binary, ...args] : [
      ...[Deno.execPath(), "run", "--quiet", "-P", `${PROJECT}main.ts`, "--root", root],
      ...args,
    ];
  // integratord gives no HOME (docs/contracts/wazuh.md 1.5); only `deno run` needs one, for its cache. It also
  // asks for its own updates, by whatever proxy a test sets.
  const ofRuntime = { ...inherited, DENO_NO_UPDATE_CHECK: "1" };
  const variables = { ...(kind === "binary" ? {} : ofRuntime), ...options.environment };
  const command = (
    args: readonly string[],
    environment: Record<string, string> = {},
    stdin: "null" | "piped" = "null",
    wrapper: readonly string[] = [],
  ) => {
    const line = [...wrapper, ...lineOf(args)];
    return new Deno.Command(line[0]!, {
      args: line.slice(1),
      clearEnv: true,
      env: { ...variables, ...environment },
      cwd: "/",
      stdin,
      stdout: "piped",
      stderr: "piped",
    });
  };
  return {
    kind,
    root,
    alerts,
    buffer: `${state}/buffer.db`,
    feed: `${state}/feed`,
    log,
    command,
    run: async (args, environment, wrapper) =>
      decode(await command(args, environment, "null", wrapper).output()),
    feedInput: async (args, input) => {
      const child = command(args, {}, "piped").spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
      return decode(await child.output());
    },
    inTerminal: (args, dialogue) => inTerminal(lineOf(args), variables, dialogue),
    [Symbol.asyncDispose]: async () => {
      await removeBusy(base);
      await Deno.remove(alerts, { recursive: true });
    },
  };
}

/**
 * A background publisher ends by itself once the buffer is gone, and may make a file until then:
 * the folder is removed again, as long as it is not empty.
 */
async function removeBusy(folder: string): Promise<void> {
  for (let tries = 50;; tries--) {
    try {
      await Deno.remove(folder, { recursive: true });
      return;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      if (tries === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function decode(output: Deno.CommandOutput): Result {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

/**
 * How the program is started where either way shows the same: as the binary where this machine can
 * compile. Both ways cost twice the time; `.ci/run` runs the tests once with each.
 */
export const KIND: Program["kind"] = CAN_COMPILE ? "binary" : "deno run";
export const KINDS: readonly Program["kind"][] = [KIND];

/** integratord's arguments for an alert file (docs/contracts/wazuh.md 1.4). */
export function integratordArgs(file: string, apiKey = "", hookUrl = ""): readonly string[] {
  return [file, apiKey, hookUrl, "", "", "10", "3", "> /dev/null 2>&1"];
}

/** Waits until a feed has been written, its manifest last. @returns false when it takes too long */
export async function feedWritten(program: Program, milliseconds: number): Promise<boolean> {
  const exists = () => Deno.stat(`${program.feed}/manifest.json`).then(() => true, () => false);
  const watcher = Deno.watchFs(`${program.root}/queue/custom-misp`, { recursive: true });
  const deadline = setTimeout(() => watcher.close(), milliseconds);
  try {
    // Any change is a reason to look: a folder that is new may be watched too late for its first file.
    if (await exists()) return true;
    for await (const _ of watcher) {
      if (await exists()) return true;
    }
    return false;
  } finally {
    clearTimeout(deadline);
  }
}
