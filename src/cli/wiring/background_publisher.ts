/**
 * Starts this program once more, detached, to publish what waits.
 *
 * @module
 */
import type { Config } from "../../config/load.ts";
import type { Start } from "./context.ts";
import type { Log } from "../terminal/log.ts";
import { messageOf } from "../../errors.ts";

/**
 * This very program, wherever it lies: the only one that may be run. Under `deno run` it is Deno, and
 * gets the same permission set.
 */
const SELF = "/proc/self/exe";

/**
 * Starts `flush --until-idle`. All its streams are closed, or integratord would wait for it
 * (docs/contracts/wazuh.md 1.5). The key goes by the environment, which only the same user can read.
 */
export function startBackgroundPublisher(start: Start, config: Config, log: Log): void {
  const configuration = start.configFile === undefined ? [] : ["--config", start.configFile];
  const args = ["--root", start.root, ...configuration, "flush", "--until-idle"];
  const { url, apiKey } = config.misp;
  try {
    const command = new Deno.Command(SELF, {
      args: Deno.build.standalone ? args : ["run", "--quiet", "-P", mainModule(), ...args],
      env: {
        ...(url === undefined ? {} : { WM_MISP_URL: url }),
        ...(apiKey === undefined ? {} : { WM_MISP_API_KEY: apiKey }),
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
