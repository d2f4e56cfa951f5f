/**
 * The HTTP service: its middleware and its routes.
 *
 * @module
 */
import { Hono } from "@hono/hono";
import { getPath } from "@hono/hono/utils/url";
import type { NetworkSet } from "../guard/network_set.ts";
import type { App, Context } from "./context.ts";
import { addFeed, type FeedParts } from "./feed.ts";
import { addHealth, type HealthParts } from "./health.ts";
import { ingest, type IngestParts } from "./ingest.ts";
import { Turns } from "./ingest/turns.ts";
import { addLists, type ListParts } from "./lists.ts";
import { addMetrics, countRequests, type Metrics } from "./metrics.ts";
import { linksUnder, withoutBasePath } from "./middleware/base_path.ts";
import { POLICY, withPolicy } from "./middleware/policy.ts";
import { addUnknown, refusalsAsPages } from "./middleware/refusals.ts";
import {
  closesAfterRefusal,
  fromNetworks,
  onlyOneLength,
  withValidUrl,
} from "./middleware/request_address.ts";
import { type AccessRules, onlySenders, onlyViewers } from "./middleware/senders.ts";
import { addOpenApi } from "./openapi.ts";
import { emptyFrame, messagePage } from "./pages/layout.ts";
import { addPages, type PageParts } from "./pages/pages.ts";

/** What the service is made of. */
export interface AppParts
  extends Omit<IngestParts, "turns">, HealthParts, FeedParts, ListParts, AccessRules {
  /** Networks whose requests are answered; undefined: all. */
  readonly allowNetworks: NetworkSet | undefined;
  /** Undefined: nothing is measured, and there is no `/metrics`. */
  readonly metrics?: Metrics | undefined;
  /** Undefined: there are no pages. */
  readonly pages?: PageParts;
  /** Path below which a proxy shows the service; undefined: none. */
  readonly basePath?: string | undefined;
  /** The turns of long bodies; those of the runtime's event loop by default. */
  readonly turns?: Turns;
}

/** Headers for senders, which are not browsers: the headers of pages take longer than reading an alert. */
const TO_SENDERS: [string, string][] = [
  ["Content-Type", "application/json"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  [POLICY, "default-src 'none'; frame-ancestors 'none'"],
];

/** A lock is waited for already: the next try should find the buffer in another state. Seconds. */
const RETRY_AFTER: [string, string] = ["Retry-After", "5"];

/**
 * The path by which a route is found. MISP joins `/manifest.json` to a feed's address as it was typed, so
 * that a slash at its end gives two (docs/contracts/misp.md 7). Whatever is encoded stays a part of a name.
 */
const singleSlashes = (request: Request) => getPath(request).replaceAll(/\/{2,}/g, "/");

/** Builds the app. Its environment carries the remote address. */
export function createApp(parts: AppParts): App {
  const { basePath = "" } = parts;
  const getPath = (request: Request) => withoutBasePath(singleSlashes(request), basePath);
  const app: App = new Hono<Context>({ getPath });
  const ingestParts: IngestParts = { ...parts, turns: parts.turns ?? new Turns() };
  app.use(closesAfterRefusal);
  app.use(withPolicy);
  if (basePath !== "") app.use(linksUnder(basePath));
  app.use(refusalsAsPages(async (title, text) => {
    return String(await messagePage(title, text, emptyFrame(parts.now())));
  }));
  countRequests(app, parts);
  app.use(async (_, next) => {
    const { turns } = ingestParts;
    turns.storeSize.visit(turns.now());
    await next();
  });
  app.use(onlyOneLength);
  if (parts.allowNetworks !== undefined) app.use(fromNetworks(parts.allowNetworks));
  app.use(withValidUrl);
  addHealth(app, parts);
  addMetrics(app, parts);
  addFeed(app, parts);
  addLists(app, parts);
  const { pages } = parts;
  addOpenApi(app, parts, basePath, async () => {
    const now = parts.now();
    if (pages === undefined) return emptyFrame(now);
    return { now, compromised: await pages.buffer.views.compromised(now) };
  });
  app.post("/alerts/:token?", onlySenders(parts), async (context) => {
    const { status, body } = await ingest(
      ...[ingestParts, context.req.raw, context.get("sender").name, context.env.isEnding] as const,
    );
    const headers = status === 503 ? [...TO_SENDERS, RETRY_AFTER] : TO_SENDERS;
    return new Response(JSON.stringify(body), { status, headers });
  });
  if (pages !== undefined) {
    const { now, log } = parts;
    addPages(app, pages, {
      ...{ now, log, basePath },
      onlyViewers: onlyViewers(parts),
      onlySenders: onlySenders(parts),
    });
  }
  addUnknown(app);
  app.onError((error, context) => {
    // The path may hold a token.
    const route = context.req.path.split("/", 2).join("/");
    parts.log("error", `${context.req.method} ${route}: ${error.message}`);
    // A database that is away comes back: who asked may ask again.
    if (error.name === "BufferError") {
      return context.json({ error: "the buffer cannot be used now" }, 503, {
        [RETRY_AFTER[0]]: RETRY_AFTER[1],
      });
    }
    return context.json({ error: "internal error; see the log of the service" }, 500);
  });
  return app;
}
