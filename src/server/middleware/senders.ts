/**
 * Access to routes: senders, and viewers of pages.
 *
 * @module
 */
import type { MiddlewareHandler } from "@hono/hono";
import type { Context } from "../context.ts";
import { forwardedBy, senderOf, type TokenHash } from "./access.ts";
import type { Limits } from "./limits.ts";

/** The rules of access. */
export interface AccessRules {
  /** Without any, only the local machine may send alerts and see pages. */
  readonly tokens: () => readonly TokenHash[];
  /** Whether pages, metrics and feed need no token. */
  readonly openPages: boolean;
  readonly limits: Limits;
  /** Milliseconds UTC. */
  readonly now: () => number;
}

/** Admits senders within their limits. */
export function onlySenders(rules: AccessRules): MiddlewareHandler<Context> {
  return async (context, next) => {
    const tokens = rules.tokens();
    const { host, hostname } = context.get("url");
    const sender = senderOf({
      remoteAddress: context.env.remoteAddress,
      headers: context.req.raw.headers,
      pathToken: context.req.param("token"),
      host,
      hostname,
    }, tokens);
    if (sender === undefined) {
      return context.json({ error: refusalOf(context.req.raw.headers, tokens) }, 401, {
        "WWW-Authenticate": 'Basic realm="custom-misp", charset="UTF-8"',
      });
    }
    const admission = rules.limits.admit(sender.name, rules.now());
    if ("retryAfterSeconds" in admission) {
      return context.json({ error: "too many requests; see Retry-After" }, 429, {
        "Retry-After": String(admission.retryAfterSeconds),
      });
    }
    context.set("sender", sender);
    try {
      await next();
      return undefined;
    } finally {
      admission.leave();
    }
  };
}

function refusalOf(headers: Headers, tokens: readonly TokenHash[]): string {
  if (tokens.length > 0) return "send `Authorization: Bearer TOKEN`";
  const header = forwardedBy(headers);
  // Behind a proxy of this machine, everybody has an address of this machine.
  return header === undefined
    ? "without server.tokens_file only the local machine is allowed"
    : `${header} says that a proxy forwards this request; set server.tokens_file behind a proxy`;
}

/** The same for viewers, unless the pages are open to everybody. */
export function onlyViewers(rules: AccessRules): MiddlewareHandler<Context> {
  const guarded = onlySenders(rules);
  return (context, next) => rules.openPages ? next() : guarded(context, next);
}
