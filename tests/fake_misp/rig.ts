/**
 * A running fake MISP with a client, and what its tests send and expect.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeMisp, type FakeMispOptions, type Role } from "./server.ts";

// What tests name their own things by.
export const EVENT = "aaaaaaaa-0000-4000-8000-000000000001";
export const OTHER_EVENT = "aaaaaaaa-0000-4000-8000-000000000002";
/** Names nothing. */
export const MISSING = "99999999-0000-4000-8000-000000000001";
/** The first attribute of what `report()` gives. */
export const ATTRIBUTE = "aaaaaaaa-0000-4000-8000-0000000000a1";
export const OBJECT = "aaaaaaaa-0000-4000-8000-0000000000b1";
export const SIGHTING = "cccccccc-0000-4000-8000-000000000001";
export const BRUTE_FORCE = 'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"';
/** A character of four bytes in UTF-8, which MISP's database does not take. */
export const EMOJI = "\u{1F4A5}";

// What MISP says.
export const NO_PERMISSION = "You do not have permission to use this functionality.";
export const BROKEN = "An Internal Error Has Occurred.";

/** What MISP answered: tests look into it without asking first. */
// deno-lint-ignore no-explicit-any
export type Json = any;

/** A running fake and a client for it. */
export class Bench implements AsyncDisposable {
  readonly misp: FakeMisp;
  /** The time as the fake sees it: seconds since the epoch. */
  readonly clock: { seconds: number };

  private constructor(misp: FakeMisp, clock: { seconds: number }) {
    this.misp = misp;
    this.clock = clock;
  }

  static async start(options: FakeMispOptions = {}): Promise<Bench> {
    const clock = { seconds: 1795394026 };
    return new Bench(await FakeMisp.start({ now: () => clock.seconds * 1000, ...options }), clock);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.misp[Symbol.asyncDispose]();
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    role: Role = "publisher",
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; text: string; json: Json }> {
    const sent = body instanceof Uint8Array || typeof body === "string"
      ? body as BodyInit
      : body === undefined
      ? null
      : JSON.stringify(body);
    const response = await fetch(this.misp.url + path, {
      method,
      redirect: "manual",
      headers: {
        Authorization: this.misp.keys[role],
        Accept: "application/json",
        "Content-Type": "application/json",
        ...headers,
      },
      body: sent,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }

  get(path: string, role: Role = "publisher") {
    return this.send("GET", path, undefined, role);
  }

  post(path: string, body?: unknown, role: Role = "publisher") {
    return this.send("POST", path, body, role);
  }

  /** Adds the event and answers what MISP says is stored. */
  async add(event: Record<string, unknown>, role: Role = "publisher"): Promise<Json> {
    const { status, json } = await this.post(
      "/events/add",
      { Event: { uuid: EVENT, info: "x", ...event } },
      role,
    );
    assert.equal(status, 200);
    return json.Event;
  }

  async edit(event: Record<string, unknown>, role: Role = "publisher"): Promise<Json> {
    const { status, json } = await this.post(`/events/edit/${EVENT}`, { Event: event }, role);
    assert.equal(status, 200);
    return json.Event;
  }

  async values(sent: readonly unknown[], type = "ip-src"): Promise<string[]> {
    const uuid = crypto.randomUUID();
    const Attribute = sent.map((value) => ({ type, value }));
    const event = await this.add({ uuid, Attribute });
    return event.Attribute.map((attribute: Json) => attribute.value);
  }
}

/** @returns undefined for a text that is not JSON */
function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The body of an answer that is a complaint. */
export function said(message: string, url: string): Json {
  return { name: message, message, url };
}

/** An object of one source's attempts. */
export function report(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    uuid: OBJECT,
    name: "authentication-failure-report",
    "meta-category": "network",
    template_uuid: "9b39afe0-9809-4fe0-8a0b-4cec2b140dd2",
    template_version: "4",
    distribution: "5",
    Attribute: [
      { uuid: ATTRIBUTE, object_relation: "ip-src", type: "ip-src", value: "203.0.113.7" },
      { object_relation: "total", type: "counter", category: "Other", value: "42" },
      { object_relation: "type", type: "text", category: "Other", value: "ssh" },
    ],
    ...more,
  };
}
