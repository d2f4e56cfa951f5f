/** What tests of the service share: the service on a buffer in memory. */
import { SqliteBuffer } from "../../src/buffer/sqlite.ts";
import { createHash } from "node:crypto";
import { parseTokens } from "../../src/server/access.ts";
import { type AppParts, createApp } from "../../src/server/app.ts";
import { Limits } from "../../src/server/limits.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";

export const TOKEN = "Correct-Horse-Battery-Staple";
export const NOW = Date.UTC(2026, 10, 23);

export const tokensOf = (...texts: string[]) =>
  parseTokens(
    texts.map((text, index) =>
      `sender-${index} sha256:${createHash("sha256").update(text).digest("hex")}`
    ).join("\n"),
  );

export interface Call {
  readonly body?: BodyInit | null;
  readonly authorization?: string;
  readonly from?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

export const PARTS: AppParts = {
  tokens: () => [],
  openPages: false,
  allowNetworks: undefined,
  limits: new Limits({ maxParallel: 0, maxPerMinute: 0 }),
  maxBodyBytes: 4096,
  patienceMs: 10_000,
  decide: decideDefault,
  accept: () => Promise.reject(new Error("no buffer")),
  isStoring: () => Promise.resolve(true),
  probeWrite: () => Promise.resolve(),
  status: () => Promise.reject(new Error("no buffer")),
  feedDirectory: undefined,
  now: () => NOW,
  log: () => undefined,
};

/** A service on a buffer that lasts as long as the test. */
export function createService(changes: Partial<AppParts> = {}) {
  const buffer = new SqliteBuffer(":memory:", NOW);
  const logged: string[] = [];
  const app = createApp({
    ...PARTS,
    accept: (decisions) => buffer.accept(decisions, { maxUsernames: 100 }, NOW),
    log: (level, message) => logged.push(`${level}: ${message}`),
    ...changes,
  });
  const request = async (method: string, path: string, call: Call = {}) => {
    const { body = null, authorization, from = "127.0.0.1" } = call;
    const response = await app.fetch(
      new Request(`http://127.0.0.1${path}`, {
        method,
        body,
        headers: {
          ...call.headers,
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
      }),
      { remoteAddress: from },
    );
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(await response.text()),
    };
  };
  return {
    buffer,
    logged,
    get: (path: string, call: Call = {}) => request("GET", path, call),
    post: (body: BodyInit | null, call: Call = {}) =>
      request("POST", call.path ?? "/alerts", { ...call, body }),
    [Symbol.dispose]: () => buffer[Symbol.dispose](),
  };
}

export const alertText = () => JSON.stringify(sshdAlert());
