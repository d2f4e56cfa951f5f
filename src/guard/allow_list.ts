/**
 * The networks of `guard.allow_networks`. A call of integratord loads this only where there are any.
 *
 * @module
 */
import { createNetworkSet, type NetworkSet, parseNetwork } from "./network_set.ts";

/**
 * Reads a list of networks.
 *
 * @throws {RangeError} for a text that is not a network; the message names it
 */
export function allowList(networks: readonly string[]): NetworkSet {
  return createNetworkSet([{ name: "allowed", networks: networks.map(networkOf) }]);
}

function networkOf(text: string) {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new RangeError(
    `"${text}" is not a valid network; use a form such as 192.0.2.0/24 or 2001:db8::/32`,
  );
}
