/**
 * A service on a buffer in memory, called without a socket.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { parseTokens, type TokenHash } from "../../src/server/middleware/access.ts";
import { type AppParts, createApp } from "../../src/server/app.ts";
import type { App } from "../../src/server/context.ts";
import { Limits } from "../../src/server/middleware/limits.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { ReadTimeout } from "../../src/server/ingest/read_timeout.ts";
import { Turns } from "../../src/server/ingest/turns.ts";
import { decideDefaultItem, sshdAlert } from "../support/fixtures.ts";

/** The time of every rig. */
export const NOW = Date.UTC(2026, 10, 23, 12);
export const TOKEN = "Correct-Horse-Battery-Staple";
export const AUTHORIZED = { Authorization: `Bearer ${TOKEN}` };
export const MAX_BYTES = 1_000_000;

/** A tokens file: `sender-0`, `sender-1` and so on. */
export const tokensOf = (...texts: string[]): readonly TokenHash[] =>
  parseTokens(
    texts.map((text, index) =>
      `sender-${index} sha256:${createHash("sha256").update(text).digest("hex")}`
    ).join("\n"),
  );

/** A tokens file that knows {@link TOKEN} only. */
export const oneToken = (): readonly TokenHash[] => tokensOf(TOKEN);

export const alertText = () => JSON.stringify(sshdAlert());

/** What a request has beside its path. */
export interface Call {
  readonly body?: BodyInit | null;
  readonly authorization?: string;
  readonly from?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

/** An answer, whose body is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- each test looks at what it expects
  readonly body: any;
}

/** What a test works with. */
export interface Rig extends Disposable {
  readonly app: App;
  readonly buffer: SqliteBuffer;
  readonly logged: string[];
  /** Sends a request, from the local machine by default. */
  ask(path: string, init?: RequestInit, from?: string): Promise<Response>;
  get(path: string, call?: Call): Promise<Answer>;
  /** To `/alerts` by default. */
  post(body: BodyInit | null, call?: Call): Promise<Answer>;
}

/** What a test changes. */
export type Changes = Partial<AppParts> & {
  readonly readTimeoutMs?: number;
  readonly storeTimeoutMs?: number;
};

/** Makes a service without metrics, and no tokens unless `changes` says so. */
export function createService(
  { readTimeoutMs = 10_000, storeTimeoutMs = 10_000, ...changes }: Changes = {},
): Rig {
  const buffer = new SqliteBuffer(":memory:", NOW);
  const logged: string[] = [];
  const readTimeout = new ReadTimeout(readTimeoutMs);
  const storeTimeout = new ReadTimeout(storeTimeoutMs);
  // A turn ends after the answer: no test leaves its timer behind.
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const later = (work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, 1);
    timers.add(timer);
  };
  const accept = changes.accept ??
    ((decisions) => buffer.intake.accept(decisions, { maxUsernames: 100 }, NOW));
  const app = createApp({
    readTimeout,
    storeTimeout,
    turns: new Turns({ later }),
    tokens: () => [],
    openPages: false,
    allowNetworks: undefined,
    limits: new Limits({ maxParallel: 0, maxPerMinute: 0 }),
    maxBodyBytes: 4096,
    decide: decideDefaultItem,
    accept,
    acceptAtOnce: accept,
    isStoring: () => buffer.leases.isHeld("any", NOW).then(() => true),
    probeWrite: () => buffer.settings.put("probe", "1"),
    status: () => buffer.views.status(),
    feedDirectory: undefined,
    now: () => NOW,
    log: (level, message) => logged.push(`${level}: ${message}`),
    ...changes,
  });
  const ask: Rig["ask"] = async (path, init = {}, from = "127.0.0.1") =>
    await app.fetch(new Request(`http://127.0.0.1${path}`, init), { remoteAddress: from });
  const send = async (method: string, path: string, call: Call): Promise<Answer> => {
    const { body = null, authorization, from } = call;
    const headers = {
      ...call.headers,
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    };
    const response = await ask(path, { method, body, headers }, from);
    const { status } = response;
    return { status, headers: response.headers, body: JSON.parse(await response.text()) };
  };
  return {
    ...{ app, buffer, logged, ask },
    get: (path, asked = {}) => send("GET", path, asked),
    post: (body, asked = {}) => send("POST", asked.path ?? "/alerts", { ...asked, body }),
    [Symbol.dispose]: () => {
      timers.forEach((timer) => clearTimeout(timer));
      readTimeout[Symbol.dispose]();
      storeTimeout[Symbol.dispose]();
      buffer[Symbol.dispose]();
    },
  };
}

/** Makes a service with everything in it. */
export async function createRig(changes: Changes = {}): Promise<Rig> {
  const now = changes.now ?? (() => NOW);
  const status = changes.status ?? (() => rig.buffer.views.status());
  const metrics = await createMetrics({
    ...{ status, now, maxBytes: MAX_BYTES, version: "1.2.3" },
    compromised: () => rig.buffer.views.compromised(now()),
    sensors: () => rig.buffer.views.sensorContacts(),
  });
  const rig = createService({ metrics, ...changes });
  return rig;
}
