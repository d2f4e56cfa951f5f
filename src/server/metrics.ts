/**
 * `GET /metrics` for Prometheus. The counts of alerts and reports come from the buffer, so that they
 * survive a restart; requests are counted here.
 *
 * @module
 */
import { createRequire } from "node:module";
import { matchedRoutes } from "@hono/hono/route";
import type { Context as RequestContext } from "@hono/hono";
import type { Gauge, Registry } from "prom-client";
import type { BufferStatus, CompromisedSources, SensorContact } from "../buffer/views.ts";
import type { App, Context } from "./context.ts";
import type { ListState } from "../lists/states.ts";
import { type AccessRules, onlyViewers } from "./middleware/senders.ts";
import { messageOf } from "../errors.ts";
import { oneLine } from "../text.ts";
import { addProcessMetrics } from "./process_metrics.ts";

/** What is measured. */
export interface MetricsParts {
  readonly status: () => Promise<BufferStatus>;
  readonly compromised: () => Promise<Pick<CompromisedSources, "lastDay" | "ever">>;
  readonly sensors: () => Promise<readonly SensorContact[]>;
  /** What became of each list. Undefined: there are none. */
  readonly lists?: (() => Promise<readonly ListState[]>) | undefined;
  /** `buffer.max_bytes`; undefined: a database holds the buffer, whose size nothing limits here. */
  readonly maxBytes: number | undefined;
  readonly version: string;
  /** Milliseconds UTC. */
  readonly now: () => number;
}

/** Counts requests, and writes all metrics in Prometheus' text format. */
export interface Metrics {
  readonly contentType: string;
  observe(request: Observed): void;
  /** @throws what the buffer says when it cannot be read */
  text(): Promise<string>;
}

/** A request that was answered. */
export interface Observed {
  /** Its pattern, never the path, which may hold a token. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

type Library = Pick<typeof import("prom-client"), "Counter" | "Gauge">;

/** Characters of a sensor's name in a label. */
const LONGEST_NAME = 100;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Loads prom-client, which only `serve` does, and registers all metrics. */
export async function createMetrics(parts: MetricsParts): Promise<Metrics> {
  // In a bundle of Deno 2.5, a CommonJS package finds modules of the runtime only by this.
  (globalThis as { require?: NodeJS.Require }).require ??= createRequire(import.meta.url);
  // There the package has its exports behind `default` only.
  const { default: library } = await import("prom-client");
  const registry = new library.Registry();
  const registers = [registry];
  addProcessMetrics(library, registry);
  const setStatus = addStatusMetrics(library, registry, parts);
  const setSources = addSourceMetrics(library, registry);
  const setLists = addListMetrics(library, registry);
  const requests = new library.Counter({
    ...{ registers, name: "custom_misp_http_requests_total" },
    help: "Answered requests, by pattern of the route.",
    labelNames: ["route", "method", "status"] as const,
  });
  const duration = new library.Histogram({
    ...{ registers, name: "custom_misp_http_request_duration_seconds", buckets: BUCKETS },
    help: "Time from a request's headers to its answer.",
    labelNames: ["route", "method"] as const,
  });
  return {
    contentType: registry.contentType,
    observe: ({ route, method: given, status, seconds }) => {
      const method = METHODS.has(given) ? given : "other";
      requests.inc({ route, method, status });
      duration.observe({ route, method }, seconds);
    },
    text: async () => {
      setStatus(await parts.status());
      setSources(await parts.compromised(), await parts.sensors());
      setLists(await parts.lists?.() ?? []);
      return registry.metrics();
    },
  };
}

/** @returns sets all of them from a status of the buffer */
function addStatusMetrics(
  library: Library,
  registry: Registry,
  parts: MetricsParts,
): (found: BufferStatus) => void {
  const registers = [registry];
  const gauge = (name: string, help: string, label?: string) =>
    new library.Gauge({
      ...{ registers, name: `custom_misp_${name}`, help },
      labelNames: label === undefined ? [] : [label],
    });
  const counter = (name: string, help: string, label?: string) =>
    new library.Counter({
      ...{ registers, name: `custom_misp_${name}_total`, help },
      labelNames: label === undefined ? [] : [label],
    });
  const alerts = counter("alerts", "Alerts that were stored, and that were sent again.", "outcome");
  const ignored = counter("alerts_ignored", "Alerts that became no attempt, by reason.", "reason");
  const spoofed = counter(
    "spoofed_srcip",
    "Alerts whose srcip is not the address that sshd wrote.",
  );
  const attacks = gauge("attacks_pending", "Sources with attempts that no report contains yet.");
  const attempts = gauge("attempts_pending", "Attempts that no report contains yet.");
  const oldest = gauge("oldest_attack_age_seconds", "Age of the oldest pending attack.");
  const reports = gauge("reports", "Reports by state.", "state");
  const sources = gauge("sources_known", "Sources that have an event.");
  const expired = counter("expired", "What expired after silence, each time again.", "what");
  const sessions = counter("sessions", "Sessions at decoys that began.");
  const payloads = counter("payloads", "Files that sessions brought, each time again.");
  const hashes = gauge("payload_hashes", "Different files that source records hold.");
  const lastAccepted = gauge("last_accepted_timestamp_seconds", "When an alert was last stored.");
  const lastDelivered = gauge(
    "last_delivered_timestamp_seconds",
    "When a report last reached its sink.",
  );
  const paused = gauge("sink_paused", "Whether a sink is paused after failures.", "sink");
  const bytes = gauge(
    "buffer_bytes",
    "How much of the buffer's file, or of its database, is in use.",
  );
  const limit = gauge("buffer_limit_bytes", "The limit buffer.max_bytes.");
  const evicted = counter("given_up", "Detail that was evicted at the size limit.", "what");
  gauge("build_info", "Always 1; the label says which version runs.", "version")
    .set({ version: parts.version }, 1);
  if (parts.maxBytes === undefined) limit.remove();
  else limit.set(parts.maxBytes);
  // Without a time the series is absent: 0 would be 1970.
  const setTime = (one: Gauge, at: number | undefined) =>
    at === undefined ? one.remove() : one.set(at / 1000);
  return (found) => {
    for (const one of [alerts, ignored, spoofed, evicted, expired, sessions, payloads]) one.reset();
    alerts.inc({ outcome: "accepted" }, found.accepted);
    alerts.inc({ outcome: "duplicate" }, found.duplicate);
    for (const [reason, times] of found.ignored) ignored.inc({ reason }, times);
    spoofed.inc(found.spoofedSrcip);
    attacks.set(found.pendingAttacks);
    attempts.set(found.pendingAttempts);
    const { oldestOpenedAt } = found;
    oldest.set(oldestOpenedAt === undefined ? 0 : Math.max(0, parts.now() - oldestOpenedAt) / 1000);
    for (const state of ["waiting", "delivered", "refused", "dropped"] as const) {
      reports.set({ state }, found[state]);
    }
    sources.set(found.knownSources);
    expired.inc({ what: "addresses" }, found.expired);
    expired.inc({ what: "session_items" }, found.expiredItems);
    sessions.inc(found.sessions.sessions);
    payloads.inc(found.sessions.payloads);
    hashes.set(found.sessions.hashes);
    setTime(lastAccepted, found.lastAcceptedAt);
    setTime(lastDelivered, found.lastDeliveredAt);
    paused.reset();
    for (const sink of ["misp", "feed"]) paused.set({ sink }, 0);
    for (const { sink } of found.paused) paused.set({ sink }, 1);
    bytes.set(found.bytes);
    evicted.inc({ what: "alert_ids" }, found.evicted.alertIds);
    evicted.inc({ what: "usernames" }, found.evicted.usernames);
    evicted.inc({ what: "passwords" }, found.evicted.passwords);
    evicted.inc({ what: "commands" }, found.evicted.commands);
  };
}

/** @returns sets what must wake somebody: logins that succeeded, and sensors that fell silent */
function addSourceMetrics(library: Library, registry: Registry) {
  const registers = [registry];
  const compromised = new library.Gauge({
    ...{ registers, name: "custom_misp_compromised_sources" },
    help: "Sources whose login succeeded on a honeypot: in the last 24 hours (day), and ever.",
    labelNames: ["window"],
  });
  const lastSeen = new library.Gauge({
    ...{ registers, name: "custom_misp_sensor_last_seen_timestamp_seconds" },
    help: "When a sensor last saw an attempt; of the 100 sensors with the latest ones.",
    labelNames: ["sensor"],
  });
  return (
    { lastDay, ever }: Pick<CompromisedSources, "lastDay" | "ever">,
    sensors: readonly SensorContact[],
  ): void => {
    compromised.set({ window: "day" }, lastDay);
    compromised.set({ window: "ever" }, ever);
    lastSeen.reset();
    for (const one of sensors) {
      lastSeen.set({ sensor: oneLine(one.name).slice(0, LONGEST_NAME) }, one.lastSeen / 1000);
    }
  };
}

/** @returns sets all of them from what became of each list */
function addListMetrics(
  library: Library,
  registry: Registry,
): (lists: readonly ListState[]) => void {
  const gauge = (name: string, help: string) =>
    new library.Gauge({ registers: [registry], name, help, labelNames: ["list"] });
  const addresses = gauge("custom_misp_list_addresses", "Addresses in the file of a list.");
  const held = gauge(
    "custom_misp_list_not_written",
    "Whether the newest content of a list was not written; the log says why.",
  );
  return (lists) => {
    for (const one of [addresses, held]) one.reset();
    for (const { name, addresses: count, problem } of lists) {
      if (count !== undefined) addresses.set({ list: name }, count);
      held.set({ list: name }, problem === undefined ? 0 : 1);
    }
  };
}

/** What `GET /metrics` works with. */
export interface MetricsRoute {
  /** Undefined: nothing is measured, and there is no `/metrics`. */
  readonly metrics?: Metrics | undefined;
  readonly log: (level: "error", message: string) => void;
}

/** Counts every request to the routes that are added to the app after this. */
export function countRequests(app: App, { metrics }: Pick<MetricsRoute, "metrics">): void {
  if (metrics === undefined) return;
  app.use(async (context, next) => {
    const start = performance.now();
    await next();
    metrics.observe({
      route: routeOf(context),
      method: context.req.method,
      status: context.res.status,
      seconds: (performance.now() - start) / 1000,
    });
  });
}

/** Adds `GET /metrics`. */
export function addMetrics(app: App, parts: AccessRules & MetricsRoute): void {
  const { metrics } = parts;
  if (metrics === undefined) return;
  app.get("/metrics", onlyViewers(parts), async (context) => {
    const text = await metrics.text().catch((error: unknown) => {
      parts.log("error", `GET /metrics: ${messageOf(error)}`);
    });
    if (text === undefined) return context.json({ error: "the buffer cannot be read" }, 503);
    return context.body(text, 200, { "Content-Type": metrics.contentType });
  });
}

/** The pattern of the route that answered; requests without one share the name `none`. */
function routeOf(context: RequestContext<Context>): string {
  return matchedRoutes(context).findLast(({ path }) => !path.includes("*"))?.path ?? "none";
}
