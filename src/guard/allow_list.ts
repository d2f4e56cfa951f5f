/**
 * The networks and names of `guard.allow_networks`. A call of integratord loads this only where there are any.
 *
 * @module
 */
import { createNetworkSet, type NetworkSet, parseNetwork } from "./network_set.ts";

/** A host name; what has a number at its end is an address, or none. */
const NAME =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i;

const isName = (text: string) => NAME.test(text) && parseNetwork(text) === undefined;

/** The host names of a list, in lower case. */
export function ownNames(list: readonly string[]): readonly string[] {
  return list.filter(isName).map((name) => name.toLowerCase());
}

/**
 * Reads the networks of a list of networks.
 *
 * @throws {RangeError} for a text that is neither a network nor a host name; the message names it
 */
export function allowList(list: readonly string[]): NetworkSet {
  return createNetworkSet([{
    name: "allowed",
    networks: list.filter((text) => !isName(text)).map(networkOf),
  }]);
}

function networkOf(text: string) {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new RangeError(
    `"${text}" is not a valid network; use a form such as 192.0.2.0/24 or 2001:db8::/32`,
  );
}
