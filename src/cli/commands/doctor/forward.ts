/**
 * What `doctor` looks at where alerts are forwarded.
 *
 * @module
 */
import type { SpoolStatus } from "../../../buffer/spool.ts";
import { type Config, ConfigError } from "../../../config/load.ts";
import { HttpReceiver } from "../../../forward/receiver.ts";
import { type Check, failure, ok, warning } from "../../terminal/checks.ts";
import { receiverOptions } from "../../wiring/forwarder.ts";

/** Whether the other side can be reached, and takes the token. */
export async function checkForward(config: Config): Promise<readonly Check[]> {
  try {
    const options = receiverOptions(config);
    if (options === undefined) return [];
    const { url, token } = options;
    using receiver = new HttpReceiver(options);
    const problem = await receiver.probe(Date.now());
    const { protocol, hostname } = new URL(url);
    const isOpen = token !== undefined && protocol === "http:" &&
      !/^(127\.|localhost$|\[::1\]$)/.test(hostname);
    return [
      ...(isOpen
        ? [warning("forward.url", `${url} is not encrypted: the token can be read`, "use https")]
        : []),
      problem === undefined
        ? ok("forwarding", `${url} takes alerts`)
        : failure("forwarding", problem, "alerts are kept meanwhile; `flush --now` tries at once"),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [failure("forwarding", error.message, "see `help config`")];
  }
}

/** Alerts that were set aside. */
export function checkSpool({ waiting, refused, lastRefusal }: SpoolStatus): readonly Check[] {
  if (refused > 0) {
    const found = `${refused} alerts were refused: ${lastRefusal}`;
    return [warning("forwarded", found, "`flush --now` sends them again")];
  }
  return waiting > 0 ? [ok("forwarded", `${waiting} alerts wait`)] : [];
}
