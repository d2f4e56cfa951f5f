/**
 * Starts this program once more, without what the environment says to the runtime. A proxy, an
 * authority or an address to listen on in a variable of the runtime would apply whatever the binary's
 * permissions are, and the binary may neither see nor unset it (docs/security.md, "The environment").
 *
 * @module
 */
import { configurationKeys, environmentName } from "../../config/keys.ts";
import { messageOf } from "../../errors.ts";
import { EXIT, Failure } from "../exit.ts";
import { IN_OWN_ENVIRONMENT } from "./own_environment.ts";

/** The signals that the program or its commands know. */
const SIGNALS: readonly Deno.Signal[] = ["SIGTERM", "SIGINT", "SIGHUP"];

/** What to start. */
export interface OwnStart {
  readonly root: string;
  readonly configFile: string | undefined;
  /** The command and its arguments. */
  readonly args: readonly string[];
  /** Whether it does not read its standard input: then it ends when this process is killed. */
  readonly watched: boolean;
}

/**
 * Runs the binary with the same arguments, and passes signals on to it.
 *
 * @returns its exit code; 128 and the signal's number when a signal ended it
 * @throws {Failure} there can be no other process
 */
export async function startInOwnEnvironment(start: OwnStart): Promise<number> {
  const { root, configFile, args, watched } = start;
  const env = ownEnvironment(root);
  const options = [IN_OWN_ENVIRONMENT, watched ? "watched" : "alone", "--root", root].concat(
    configFile === undefined ? [] : ["--config", configFile],
  );
  const child = spawn({
    args: [...options, ...args],
    clearEnv: true,
    env: Deno.noColor ? { ...env, NO_COLOR: "1" } : env,
    stdin: watched ? "piped" : "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  for (const signal of SIGNALS) Deno.addSignalListener(signal, () => passOn(child, signal));
  const { code } = await child.status;
  // The pipe stays open until here: it would be closed once nothing refers to it.
  if (watched) await child.stdin.close().catch(() => undefined);
  return code;
}

function spawn(options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command("/proc/self/exe", options).spawn();
  } catch (error) {
    const reason = messageOf(error);
    throw new Failure(
      EXIT.failed,
      `this binary cannot start itself once more: ${reason}; mount /proc, and allow another process`,
    );
  }
}

function passOn(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has just ended, and so does this process.
  }
}

/** Ends this process as soon as the one that started it does, even by SIGKILL. */
export function endWithStarter(): void {
  void Deno.stdin.read(new Uint8Array(1)).finally(() => Deno.exit(EXIT.failed));
}

/** The variables of this program that are set. The permissions do not allow to list the others. */
function ownEnvironment(root: string): Record<string, string> {
  const names = ["WM_CONFIG", ...Object.keys(configurationKeys(root)).map(environmentName)];
  const set = names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set);
}
