/**
 * Checks of the remote address, of the address in `Host`, and of the length of a body.
 *
 * @module
 */
import type { MiddlewareHandler } from "@hono/hono";
import { canonicalAddress } from "../../address.ts";
import type { NetworkSet } from "../../guard/network_set.ts";
import type { Context } from "../context.ts";

/** Refuses a request whose `Host` makes no valid URL: the sender chooses it. */
export const withValidUrl: MiddlewareHandler<Context> = async (context, next) => {
  const url = URL.parse(context.req.url);
  if (url === null) return context.json({ error: "Host is not a valid host name" }, 400);
  context.set("url", url);
  return await next();
};

/**
 * Says that the connection ends where a body was refused: the runtime closes it when a part of the body is
 * unread. Without the word a sender would use it again, and lose the next request (RFC 9112 9.6).
 */
export const closesAfterRefusal: MiddlewareHandler<Context> = async (context, next) => {
  await next();
  if (context.res.status < 400) return;
  const { headers } = context.req.raw;
  const hasBody = Number(headers.get("Content-Length")) > 0 || headers.has("Transfer-Encoding");
  if (hasBody) context.res.headers.set("Connection", "close");
};

/**
 * Refuses a body with two lengths, and closes the connection: a proxy may have read another length, and
 * what follows may be a request that it never saw (RFC 9112 6.3). Deno 2.9 refuses it itself.
 */
export const onlyOneLength: MiddlewareHandler<Context> = async (context, next) => {
  const { headers } = context.req.raw;
  if (!headers.has("Transfer-Encoding") || !headers.has("Content-Length")) return await next();
  return context.json({ error: "send Content-Length or Transfer-Encoding, not both" }, 400, {
    Connection: "close",
  });
};

/** Refuses requests from other networks. */
export function fromNetworks(allowed: NetworkSet): MiddlewareHandler<Context> {
  return async (context, next) => {
    const address = canonicalAddress(context.env.remoteAddress);
    const isAllowed = address !== undefined && allowed.namesOf(address).length > 0;
    if (!isAllowed) {
      return context.json({ error: "your address is not in server.allow_networks" }, 403);
    }
    return await next();
  };
}
