/**
 * A REST sink that delivers to a fake MISP.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Report } from "../../src/model.ts";
import { MispClient } from "../../src/misp/client.ts";
import { buildEvent, type EventRules } from "../../src/misp/event.ts";
import { RestSink } from "../../src/misp/rest_sink.ts";
import { eventUuid } from "../../src/misp/uuid.ts";
import type { Outcome } from "../../src/sink.ts";
import { FakeMisp, type FakeMispOptions } from "../fake_misp/server.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { firstReport, sourceRecord } from "../support/source_record.ts";

export const TAGS = ["tlp:green", 'misp-galaxy:mitre-attack-pattern="Brute Force - T1110"'];
export const RULES: EventRules = { ...PLAIN_SNAPSHOT_RULES, tags: ["tlp:green"] };
export const uuidOf = (sourceIp: string) => eventUuid("wazuh-manager-01", sourceIp, "2026-11-23");
export const UUID = uuidOf("198.51.100.7");

export const record = (attempts: number, sourceIp: string) =>
  sourceRecord({
    sourceIp,
    eventUuid: uuidOf(sourceIp),
    openedOn: "2026-11-23",
    firstSeen: Date.UTC(2026, 10, 23, 0, 4, 11),
    lastSeen: Date.UTC(2026, 10, 23, 7, 41, 2),
    alerts: attempts,
    compacted: { pam: 0, sshd: attempts, connect: 0 },
    attempts,
    usernames: { root: attempts },
  });

export function report(
  attempts = 3,
  changes: Partial<Report> = {},
  sourceIp = "198.51.100.7",
): Report {
  const about = record(attempts, sourceIp);
  return firstReport(about, buildEvent(about, RULES), {
    uuid: "00000000-0000-5000-8000-000000000001",
    ...changes,
  });
}

export class Rig implements AsyncDisposable {
  readonly misp: FakeMisp;
  readonly #client: MispClient;
  readonly #sink: RestSink;

  constructor(misp: FakeMisp, key: string, timeoutMs: number, publish: boolean) {
    this.misp = misp;
    const options = { url: misp.url, apiKey: key, caCertificate: undefined, timeoutMs };
    this.#client = new MispClient(options);
    this.#sink = new RestSink(this.#client, { publish, maxParallel: 4 });
  }

  async deliver(...reports: Report[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for await (const { outcome } of this.#sink.deliver(reports, Date.now)) outcomes.push(outcome);
    return outcomes;
  }

  /** What a colleague does by the same API. */
  async asAnalyst(path: string, body: unknown): Promise<void> {
    const headers = {
      Authorization: this.misp.keys.orgadmin,
      "Content-Type": "application/json",
    };
    const options = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(this.misp.url + path, options);
    await response.body?.cancel();
    assert.equal(response.status, 200);
  }

  paths(): string[] {
    return this.misp.requests.map(({ method, path }) =>
      `${method} ${path.replace(/[0-9a-f-]{36}/, "UUID")}`
    );
  }

  close(): void {
    this.#client[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.misp[Symbol.asyncDispose]();
  }
}

export interface RigOptions extends FakeMispOptions {
  readonly as?: "publisher" | "user" | "readonly" | "other" | "orgadmin";
  readonly key?: string;
  readonly timeoutMs?: number;
  readonly publish?: boolean;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const { as = "publisher", key, timeoutMs = 10_000, publish = true, ...fake } = options;
  const misp = await FakeMisp.start({ tags: TAGS, ...fake });
  return new Rig(misp, key ?? misp.keys[as], timeoutMs, publish);
}

/** The outcome of a delivery without anything to note; what is left for the next one is another test. */
export const DELIVERED: Outcome = { kind: "delivered", notes: [] };

/** Outcomes without what they leave for the next delivery. */
export const bare = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.map((outcome) => {
    if (outcome.kind !== "delivered") return outcome;
    const { lastPublished: _, ...rest } = outcome;
    return rest;
  });

export const notesOf = ([outcome]: readonly Outcome[]) =>
  outcome?.kind === "delivered" ? outcome.notes : outcome;
export const lastPublishedOf = (outcome: Outcome | undefined) =>
  outcome?.kind === "delivered" ? outcome.lastPublished ?? "" : "";

/** What an analyst sees of an event. */
export function seen(misp: FakeMisp) {
  return misp.events().map((event) => ({
    info: event.info,
    published: event.published,
    addresses: event.Attribute.filter(({ type }) => type === "ip-src").map(({ value, to_ids }) =>
      `${value} ${to_ids}`
    ),
    objects: event.Object.map((object) =>
      object.Attribute.map(({ object_relation, value }) => `${object_relation} ${value}`)
    ),
  }));
}
