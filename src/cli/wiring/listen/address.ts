/**
 * Where `serve` listens.
 *
 * @module
 */
import { ConfigError } from "../../../config/values.ts";
import type { Address } from "./listening.ts";

/**
 * Reads `HOST:PORT`.
 *
 * @throws {ConfigError}
 */
export function listenAddress(listen: string): Address {
  const at = listen.lastIndexOf(":");
  const hostname = listen.slice(0, at).replace(/^\[|\]$/g, "");
  const port = Number(listen.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new ConfigError(
      `server.listen is "${listen}"; allowed is HOST:PORT, such as 127.0.0.1:8787`,
    );
  }
  return { hostname, port };
}

/** Whether only this machine reaches a host. */
export const isLoopback = (hostname: string): boolean => /^(127\.|localhost$|::1$)/.test(hostname);
