/**
 * Where a request comes from, and which address it asks for.
 *
 * @module
 */
import type { MiddlewareHandler } from "@hono/hono";
import { canonicalAddress } from "../../address.ts";
import type { NetworkSet } from "../../guard/network_set.ts";
import type { Context } from "../context.ts";

/** `Host` is part of the address, and may hold anything. */
export const withSoundAddress: MiddlewareHandler<Context> = async (context, next) => {
  const url = URL.parse(context.req.url);
  if (url === null) return context.json({ error: "Host is not a valid host name" }, 400);
  context.set("url", url);
  return await next();
};

/** Answers only requests from some networks. */
export function fromNetworks(allowed: NetworkSet): MiddlewareHandler<Context> {
  return async (context, next) => {
    const address = canonicalAddress(context.env.remoteAddress);
    const isAllowed = address !== undefined && allowed.namesOf(address).length > 0;
    if (!isAllowed) return context.json({ error: "not from your network" }, 403);
    return await next();
  };
}
