/**
 * Rounds of forwarding. What they need is loaded only where `forward.url` is set.
 *
 * @module
 */
import type { Buffer } from "../../buffer/buffer.ts";
import type { Config } from "../../config/config.ts";
import type { ForwardRound } from "../../forward/forwarder.ts";
import type { Log } from "../terminal/log.ts";
import { ownerName } from "./context.ts";

/** Forwards what waits, by connections that must be closed. */
export interface ForwardingRounds extends Disposable {
  /** @returns undefined while another forwarder is at work */
  readonly forward: (everything?: boolean) => Promise<ForwardRound | undefined>;
}

/**
 * Builds what forwards here; undefined without `forward.url`.
 *
 * @throws {ConfigError} a token or certificate file that cannot be read
 */
export async function createForwarding(
  config: Config,
  buffer: Buffer,
  log: Log,
): Promise<ForwardingRounds | undefined> {
  if (config.forward.url === undefined) return undefined;
  const { createForwarder } = await import("./forwarder.ts");
  const { forwardWaiting } = await import("../../forward/forwarder.ts");
  const forwarder = createForwarder(config, buffer, log)!;
  const owner = ownerName();
  return {
    forward: (everything) => forwardWaiting(forwarder, owner, everything),
    [Symbol.dispose]: () => forwarder[Symbol.dispose](),
  };
}
