/**
 * Starts this program once more, detached, to publish what waits.
 *
 * @module
 */
import type { Loaded } from "../../config/load.ts";
import type { Start } from "./context.ts";
import type { Log } from "../terminal/log.ts";
import { messageOf } from "../../errors.ts";
import { HOOK_KEY, HOOK_URL } from "./given.ts";

/**
 * This program, wherever its file is: the only one that it may run. Under `deno run` this is Deno, which
 * gets the same permission set.
 */
export const SELF = "/proc/self/exe";

/** The arguments that start a command of this program as this start was: its folder, its file. */
export function selfArgs(start: Start, ...command: readonly string[]): string[] {
  const configuration = start.configFile === undefined ? [] : ["--config", start.configFile];
  const args = ["--root", start.root, ...configuration, ...command];
  // The start script of the binary has no address of its own.
  if (Deno.build.standalone) return args;
  // What this start loaded is in the cache: the other one downloads nothing.
  return ["run", "--quiet", "--cached-only", "-P", mainModule(), ...args];
}

/**
 * Starts `flush --until-idle`. All its streams are closed, or integratord would wait for it
 * (docs/contracts/wazuh.md 1.5). What integratord gave goes by the environment, which only the same user can read: there it
 * counts for as much as integratord's own arguments, and the file still overrides it.
 */
export function startBackgroundPublisher(
  start: Start,
  { entries, variables }: Loaded,
  log: Log,
): void {
  const given = (key: string) =>
    String(
      entries.find((entry) => entry.key === key && entry.origin === "integratord")?.value ?? "",
    );
  try {
    const command = new Deno.Command(SELF, {
      args: selfArgs(start, "flush", "--until-idle"),
      // It uses the network, and needs this program's variables only. `deno run` needs others to find
      // its cache.
      clearEnv: Deno.build.standalone,
      env: {
        ...(Deno.build.standalone ? variables : {}),
        [HOOK_URL]: given("misp.url"),
        [HOOK_KEY]: given("misp.api_key"),
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    });
    command.spawn().unref();
  } catch (error) {
    const reason = messageOf(error);
    log("warning", `no publisher could be started; let a timer call \`flush\`: ${reason}`);
  }
}

const mainModule = () => new URL("../../../main.ts", import.meta.url).pathname;
