/**
 * The checks of `doctor` where alerts are forwarded.
 *
 * @module
 */
import type { SpoolStatus } from "../../../buffer/spool.ts";
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import { HttpReceiver } from "../../../forward/receiver.ts";
import { type Check, failure, ok, warning } from "../../terminal/checks.ts";
import { checkEncryption } from "./encryption.ts";
import { counted } from "../../terminal/counted.ts";
import { receiverOptions } from "../../wiring/forwarder.ts";

/** Checks whether the remote `serve` can be reached, and accepts the token. */
export async function checkForward(config: Config): Promise<readonly Check[]> {
  try {
    const options = receiverOptions(config);
    if (options === undefined) return [];
    const { url, token } = options;
    using receiver = new HttpReceiver(options);
    const problem = await receiver.probe(Date.now());
    return [
      ...(token === undefined ? [] : checkEncryption("forward.url", url, "token")),
      problem === undefined
        ? ok("forwarding", `${url} accepts alerts`)
        : failure("forwarding", problem, hintOf(problem)),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [failure("forwarding", error.what, error.hint ?? "see `help config`")];
  }
}

const hintOf = (problem: string) =>
  problem.startsWith("this binary may not")
    ? "do so, or set forward.url to the host that it was compiled for"
    : "alerts are kept meanwhile; `flush --now` tries at once";

/** Checks for alerts that the other side refused. */
export function checkSpool({ waiting, refused, lastRefusal }: SpoolStatus): readonly Check[] {
  if (refused > 0) {
    const found = `refused ${counted(refused, "alert")}: ${lastRefusal}`;
    return [warning("forwarded", found, "`flush --now` sends refused alerts again")];
  }
  return waiting > 0 ? [ok("forwarded", `${counted(waiting, "alert")} waiting`)] : [];
}
