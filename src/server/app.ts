/**
 * The HTTP service: who may do what, and which room answers.
 *
 * @module
 */
import { Hono, type MiddlewareHandler } from "@hono/hono";
import { secureHeaders } from "@hono/hono/secure-headers";
import type { NetworkSet } from "../guard/network_set.ts";
import { canonicalAddress } from "../address.ts";
import { type Sender, senderOf, type TokenHash } from "./access.ts";
import { addFeed, type FeedParts } from "./feed.ts";
import { addHealth, type HealthParts } from "./health.ts";
import { ingest, type IngestParts } from "./ingest.ts";
import type { Limits } from "./limits.ts";
import { addMetrics, countRequests, type Metrics } from "./metrics.ts";
import { addOpenApi } from "./openapi.ts";
import { addPages, type PageParts } from "./pages/pages.ts";

/** What the service works with. */
export interface AppParts extends IngestParts, HealthParts, FeedParts {
  /** With none, only this machine may hand alerts over and look. */
  readonly tokens: () => readonly TokenHash[];
  /** Whether pages, metrics and feed can be seen without a token. */
  readonly openPages: boolean;
  /** From where requests are answered at all; undefined: from everywhere. */
  readonly allowNetworks: NetworkSet | undefined;
  readonly limits: Limits;
  /** undefined: nothing is measured, and `/metrics` is not there. */
  readonly metrics?: Metrics | undefined;
  /** Undefined: there are no pages. */
  readonly pages?: PageParts;
}

/** What a request carries from room to room. */
export interface Context {
  Bindings: { readonly remoteAddress: string };
  Variables: { readonly sender: Sender; readonly url: URL };
}

/** The app as rooms add their routes to it. */
export type App = Hono<Context>;

const POLICY = "Content-Security-Policy";

/** What is told to senders, who are no browsers: all that pages tell takes longer than to read an alert. */
const TO_SENDERS: [string, string][] = [
  ["Content-Type", "application/json"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  [POLICY, "default-src 'none'; frame-ancestors 'none'"],
];

/** Builds the app. Its environment carries the address of the other side. */
export function createApp(parts: AppParts): App {
  const app: App = new Hono<Context>();
  app.use(withPolicy);
  countRequests(app, parts);
  if (parts.allowNetworks !== undefined) app.use(fromNetworks(parts.allowNetworks));
  app.use(withSoundAddress);
  addHealth(app, parts);
  addMetrics(app, parts);
  addFeed(app, parts);
  addOpenApi(app, parts);
  app.post("/alerts/:token?", onlySenders(parts), async (context) => {
    const { status, body } = await ingest(parts, context.req.raw);
    return new Response(JSON.stringify(body), { status, headers: TO_SENDERS });
  });
  if (parts.pages !== undefined) {
    const { now, log } = parts;
    addPages(app, parts.pages, {
      ...{ now, log },
      onlyViewers: onlyViewers(parts),
      onlySenders: onlySenders(parts),
    });
  }
  app.notFound((context) => context.json({ error: "not here; POST /alerts or GET /healthz" }, 404));
  app.onError((error, context) => {
    // The path may hold a token.
    const room = context.req.path.split("/", 2).join("/");
    parts.log("error", `${context.req.method} ${room}: ${error.message}`);
    return context.json({ error: "something went wrong here; the log says what" }, 500);
  });
  return app;
}

const setPolicy = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
  // Without a referrer browsers send `Origin: null` with our own forms, too.
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
});

/** What browsers are told of an answer; one that tells them itself is left alone. */
const withPolicy: MiddlewareHandler<Context> = async (context, next) => {
  await next();
  if (!context.res.headers.has(POLICY)) await setPolicy(context, () => Promise.resolve());
};

/** Lets only senders through, and not too many requests of one. */
export function onlySenders(parts: AppParts): MiddlewareHandler<Context> {
  return async (context, next) => {
    const tokens = parts.tokens();
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
    const admission = parts.limits.admit(sender.name, parts.now());
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
export function onlyViewers(parts: AppParts): MiddlewareHandler<Context> {
  const guarded = onlySenders(parts);
  return (context, next) => parts.openPages ? next() : guarded(context, next);
}

/** `Host` is part of the address, and may hold anything. */
const withSoundAddress: MiddlewareHandler<Context> = async (context, next) => {
  const url = URL.parse(context.req.url);
  if (url === null) return context.json({ error: "Host is no host" }, 400);
  context.set("url", url);
  return await next();
};

function fromNetworks(allowed: NetworkSet): MiddlewareHandler<Context> {
  return async (context, next) => {
    const address = canonicalAddress(context.env.remoteAddress);
    const isAllowed = address !== undefined && allowed.namesOf(address).length > 0;
    if (!isAllowed) return context.json({ error: "not from your network" }, 403);
    return await next();
  };
}
