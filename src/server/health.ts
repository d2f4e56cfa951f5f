/**
 * Whether the service lives, and whether it can do its work. Anybody may ask, so that neither answer
 * contains a path, an address or the text of an error.
 *
 * @module
 */
import type { BufferStatus } from "../buffer/views.ts";
import { MINUTE, SECOND } from "../clock.ts";
import type { App } from "./context.ts";
import type { Health, Readiness } from "./answers.ts";
import { cached } from "./cached.ts";

/** What the health routes need. */
export interface HealthParts {
  /** Whether the buffer can be read. */
  readonly isStoring: () => Promise<boolean>;
  /** Writes a small row into the buffer and commits it. */
  readonly probeWrite: () => Promise<void>;
  readonly status: () => Promise<BufferStatus>;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** How long the buffer is waited for, milliseconds; two seconds by default. */
  readonly healthMs?: number;
}

const HEALTH_MS = 2 * SECOND;

/** A sink that is paused for longer counts as out of reach, milliseconds. */
const LONGEST_PAUSE_MS = 15 * MINUTE;
/** How long the result of a write counts, milliseconds: each write costs a sync of the disk. */
const PROBE_KEPT_MS = 2000;

/** Adds `GET /livez`, `GET /healthz` and `GET /readyz`. */
export function addHealth(app: App, parts: HealthParts): void {
  const { healthMs = HEALTH_MS } = parts;
  // Nobody must restart a process that waits for a database.
  app.get("/livez", (context) => context.json({ status: "ok" } satisfies Health));
  app.get("/healthz", async (context) => {
    const isWell = await within(healthMs, parts.isStoring()).catch(() => false);
    const body: Health = { status: isWell ? "ok" : "the buffer cannot be read" };
    return context.json(body, isWell ? 200 : 503);
  });
  const probe = cached(parts.probeWrite, PROBE_KEPT_MS, parts.now);
  app.get("/readyz", async (context) => {
    const body = await readiness({
      ...parts,
      probeWrite: () => within(healthMs, probe()),
      status: () => within(healthMs, parts.status()),
    });
    return context.json(body, body.reasons.length === 0 ? 200 : 503);
  });
}

async function readiness({ probeWrite, status, now }: HealthParts): Promise<Readiness> {
  const reasons: string[] = [];
  await probeWrite().catch(() => reasons.push("the buffer cannot be written"));
  const found = await status().catch(() => undefined);
  if (found === undefined) reasons.push("the buffer cannot be read");
  for (const { sink, since } of found?.paused ?? []) {
    if (now() - since < LONGEST_PAUSE_MS) continue;
    reasons.push(`${sink} has accepted nothing since ${new Date(since).toISOString()}`);
  }
  return {
    status: reasons.length === 0 ? "ready" : "not ready",
    reasons,
    last_delivered: found?.lastDeliveredAt === undefined
      ? null
      : new Date(found.lastDeliveredAt).toISOString(),
  };
}

/** Who asks must not wait for a database that does not answer. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Deno.errors.TimedOut()),
    milliseconds,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
