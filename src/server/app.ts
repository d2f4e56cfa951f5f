/**
 * The HTTP service: alerts in, health out.
 *
 * @module
 */
import { Hono } from "@hono/hono";
import { timingSafeEqual } from "node:crypto";
import type { Accepted } from "../buffer/buffer.ts";
import type { Decision } from "../types.ts";
import { readAlertFile } from "../wazuh/alert_file.ts";

/** What the service works with. */
export interface AppParts {
  /** Bearer tokens; with none, only this machine may hand alerts over. */
  readonly tokens: readonly string[];
  readonly maxBodyBytes: number;
  readonly decide: (value: unknown) => Decision;
  readonly accept: (decisions: readonly Decision[]) => Promise<Accepted>;
  readonly isStoring: () => Promise<boolean>;
  readonly log: (level: "warning" | "error", message: string) => void;
}

/** Addresses of this machine. */
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * A page in a browser on this machine could send here too, from anywhere on the web: a browser says
 * `Origin`, or a name that is not ours in `Host`.
 */
function isFromPage(request: Request): boolean {
  const host = new URL(request.url).hostname;
  return request.headers.has("Origin") || !/^(127\.[\d.]+|localhost|\[::1\])$/.test(host);
}

type Bindings = { readonly remoteAddress: string };

/** Builds the app. Its environment carries the address of the other side. */
export function createApp(parts: AppParts): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.get("/healthz", async (context) => {
    const isWell = await parts.isStoring().catch(() => false);
    return context.json(
      { status: isWell ? "ok" : "the buffer cannot be read" },
      isWell ? 200 : 503,
    );
  });
  app.post("/alerts", async (context) => {
    const { tokens } = parts;
    const isAllowed = tokens.length === 0
      ? LOOPBACK.test(context.env.remoteAddress) && !isFromPage(context.req.raw)
      : hasToken(context.req.header("Authorization"), tokens);
    if (!isAllowed) {
      const error = tokens.length === 0
        ? "without server.tokens_file only this machine may hand alerts over"
        : "send `Authorization: Bearer TOKEN`";
      return context.json({ error }, 401, { "WWW-Authenticate": "Bearer" });
    }
    const body = await readBody(context.req.raw, parts.maxBodyBytes);
    if (body === undefined) {
      return context.json({ error: `longer than ${parts.maxBodyBytes} bytes` }, 413);
    }
    return context.json(...await take(parts, body));
  });
  app.notFound((context) => context.json({ error: "not here; POST /alerts or GET /healthz" }, 404));
  app.onError((error, context) => {
    parts.log("error", `${context.req.method} ${context.req.path}: ${error.message}`);
    return context.json({ error: "could not be stored; send it again" }, 503);
  });
  return app;
}

type Reply = [body: object, status: 200 | 400];

/** Answers only after the commit, since senders never send again what was answered (contracts/wazuh.md 6). */
async function take(parts: AppParts, body: Uint8Array): Promise<Reply> {
  const items = readAlertFile(body);
  const errors: { where: string; reason: string }[] = [];
  const decisions = items.map((item): Decision => {
    const decision = "reason" in item
      ? { kind: "ignored" as const, key: undefined, reason: item.reason }
      : parts.decide(item.value);
    if (decision.kind === "ignored" && decision.key === undefined) {
      errors.push({ where: item.where, reason: decision.reason });
    }
    return decision;
  });
  const { accepted, duplicate, ignored } = await parts.accept(decisions);
  const isNothingUsable = errors.length === items.length;
  const reply = { accepted, duplicate, ignored: Object.fromEntries(ignored), errors };
  return [reply, isNothingUsable ? 400 : 200];
}

/** Compares with every token, in a time that does not depend on how much of one was right. */
function hasToken(header: string | undefined, tokens: readonly string[]): boolean {
  const given = digest(/^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? "");
  return tokens.map((token) => timingSafeEqual(given, digest(token))).some(Boolean);
}

/** A fixed length, as the comparison wants it, without telling that of the token. */
function digest(token: string): Uint8Array {
  const bytes = new TextEncoder().encode(token);
  const padded = new Uint8Array(LONGEST_TOKEN + 4);
  padded.set(bytes.subarray(0, LONGEST_TOKEN));
  new DataView(padded.buffer).setUint32(LONGEST_TOKEN, bytes.length);
  return padded;
}

/** Longest token that is told apart, bytes. */
export const LONGEST_TOKEN = 512;

/** Reads a body, but no further than it may be long, whatever its headers claim. */
async function readBody(request: Request, most: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > most) return undefined;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
