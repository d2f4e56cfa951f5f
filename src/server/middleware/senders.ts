/**
 * Who may hand alerts over, and who may look.
 *
 * @module
 */
import type { MiddlewareHandler } from "@hono/hono";
import type { Context } from "../context.ts";
import { senderOf, type TokenHash } from "./access.ts";
import type { Limits } from "./limits.ts";

/** Who is let through. */
export interface AccessRules {
  /** With none, only this machine may hand alerts over and look. */
  readonly tokens: () => readonly TokenHash[];
  /** Whether pages, metrics and feed can be seen without a token. */
  readonly openPages: boolean;
  readonly limits: Limits;
  /** Milliseconds UTC. */
  readonly now: () => number;
}

/** Lets only senders through, and not too many requests of one. */
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
      const error = tokens.length === 0
        ? "without server.tokens_file only this machine may do this"
        : "send `Authorization: Bearer TOKEN`";
      return context.json({ error }, 401, {
        "WWW-Authenticate": 'Basic realm="custom-misp", charset="UTF-8"',
      });
    }
    const admission = rules.limits.admit(sender.name, rules.now());
    if ("retryAfterSeconds" in admission) {
      return context.json({ error: "too many requests" }, 429, {
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

/** The same for those who only look, unless everybody may. */
export function onlyViewers(rules: AccessRules): MiddlewareHandler<Context> {
  const guarded = onlySenders(rules);
  return (context, next) => rules.openPages ? next() : guarded(context, next);
}
