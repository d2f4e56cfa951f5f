/**
 * A service on a buffer in memory, asked without a socket.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SqliteBuffer } from "../../src/buffer/sqlite.ts";
import { parseTokens, type TokenHash } from "../../src/server/access.ts";
import { type App, type AppParts, createApp } from "../../src/server/app.ts";
import { Limits } from "../../src/server/limits.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { decideDefault } from "../support/fixtures.ts";

/** The time of every rig. */
export const NOW = Date.UTC(2026, 10, 23, 12);
export const TOKEN = "Correct-Horse-Battery-Staple";
export const AUTHORIZED = { Authorization: `Bearer ${TOKEN}` };
export const MAX_BYTES = 1_000_000;

/** A tokens file that knows {@link TOKEN} only. */
export const oneToken = (): readonly TokenHash[] =>
  parseTokens(`sender sha256:${createHash("sha256").update(TOKEN).digest("hex")}`);

/** What a test asks with. */
export interface Rig extends Disposable {
  readonly app: App;
  readonly buffer: SqliteBuffer;
  readonly logged: string[];
  /** A request of this machine, unless told otherwise. */
  ask(path: string, init?: RequestInit, from?: string): Promise<Response>;
}

/** Makes a service with everything in it, and no tokens unless `changes` says so. */
export async function createRig(changes: Partial<AppParts> = {}): Promise<Rig> {
  const buffer = new SqliteBuffer(":memory:", NOW);
  const logged: string[] = [];
  const now = changes.now ?? (() => NOW);
  const status = changes.status ?? (() => buffer.status());
  const app = createApp({
    tokens: () => [],
    openPages: false,
    allowNetworks: undefined,
    limits: new Limits({ maxParallel: 0, maxPerMinute: 0 }),
    maxBodyBytes: 4096,
    patienceMs: 10_000,
    decide: decideDefault,
    accept: (decisions) => buffer.accept(decisions, { maxUsernames: 100 }, NOW),
    isStoring: () => buffer.isLeaseHeld("any", NOW).then(() => true),
    probeWrite: () => buffer.remember("probe", "1"),
    status,
    now,
    metrics: await createMetrics({ status, now, maxBytes: MAX_BYTES, version: "1.2.3" }),
    feedDirectory: undefined,
    log: (level, message) => logged.push(`${level}: ${message}`),
    ...changes,
  });
  return {
    app,
    buffer,
    logged,
    ask: async (path, init = {}, from = "127.0.0.1") =>
      await app.fetch(new Request(`http://127.0.0.1${path}`, init), { remoteAddress: from }),
    [Symbol.dispose]: () => buffer[Symbol.dispose](),
  };
}
