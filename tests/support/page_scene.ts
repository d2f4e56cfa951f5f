/**
 * A service with pages on its own buffer, whose clock and sink the test controls.
 *
 * @module
 */
import type { Buffer } from "../../src/buffer/buffer.ts";
import type { Decision, Location, Report, SinkName } from "../../src/model.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { dayEventUuid, eventUuid } from "../../src/misp/uuid.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { publishDue, type PublisherParts } from "../../src/publish/publisher.ts";
import type { Outcome, Sink } from "../../src/sink.ts";
import { type AppParts, createApp } from "../../src/server/app.ts";
import { Limits } from "../../src/server/middleware/limits.ts";
import { ReadTimeout } from "../../src/server/ingest/read_timeout.ts";
import type { PageParts } from "../../src/server/pages/pages.ts";
import { decideDefaultItem } from "./fixtures.ts";
import { seededRandom } from "./random.ts";
import { MINUTE } from "../../src/clock.ts";

const DELIVERED: Outcome = { kind: "delivered", notes: [] };

/** When scenes begin. */
export const SCENE_START = Date.UTC(2026, 10, 23, 14, 7, 20);

/** One attempt of a source. */
export interface SceneAttempt {
  readonly source: string;
  readonly username?: string;
  readonly sensor?: string;
  readonly pid?: number;
  readonly sourceLocation?: Location;
  readonly technique?: string;
  readonly isCompromise?: boolean;
}

let made = 0;

/** The decision on an attempt. */
export function attempted(attempt: SceneAttempt, at: number): Decision {
  const { source, username = "root", sensor = "honeypot-fra1", pid = 26279, sourceLocation } =
    attempt;
  const { technique = "Password Guessing", isCompromise = false } = attempt;
  return {
    kind: "attempts",
    key: { manager: "wazuh-manager-01", id: `${Math.floor(at / 1000)}.${++made}` },
    spoofedSrcip: false,
    attempts: [{
      ...{
        sourceIp: source,
        at,
        evidence: "sshd",
        count: 1,
        username,
        pid,
        sourceLocation,
        isCompromise,
      },
      sensor: { manager: "wazuh-manager-01", id: sensor, name: sensor },
      location: "journald",
      techniques: [{ id: "T1110.001", name: technique }, { id: "T1021.004", name: "SSH" }],
      service: "ssh",
    }],
  };
}

/** The scene. */
export class PageScene implements Disposable {
  readonly buffer: Buffer;
  readonly logged: string[] = [];
  now = SCENE_START;
  /** The sink's outcome of a report. */
  answer: (report: Report) => Outcome = () => DELIVERED;
  /** Steps of the live page, for a scene that does not use timers. */
  readonly steps = new Set<() => void>();
  readonly app: ReturnType<typeof createApp>;
  readonly #readTimeout = new ReadTimeout(10_000);

  constructor(
    changes: Partial<AppParts> = {},
    pages: Partial<PageParts> = {},
    buffer: Buffer = new SqliteBuffer(":memory:", SCENE_START),
  ) {
    this.buffer = buffer;
    const accept: AppParts["accept"] = (decisions) =>
      this.buffer.intake.accept(decisions, { maxUsernames: 100 }, this.now);
    this.app = createApp({
      tokens: () => [],
      openPages: false,
      allowNetworks: undefined,
      limits: new Limits({ maxParallel: 0, maxPerMinute: 0 }),
      maxBodyBytes: 1024 * 1024,
      readTimeout: this.#readTimeout,
      storeTimeout: this.#readTimeout,
      decide: decideDefaultItem,
      accept,
      acceptAtOnce: accept,
      isStoring: () => Promise.resolve(true),
      probeWrite: () => Promise.resolve(),
      status: () => this.buffer.views.status(),
      feedDirectory: undefined,
      now: () => this.now,
      log: (level, message) => void this.logged.push(`${level}: ${message}`),
      pages: {
        buffer: this.buffer,
        mispUrl: "https://misp.example.org/",
        due: this.#due,
        locate: () => undefined,
        owner: "pages",
        repeat: (work) => {
          this.steps.add(work);
          return { stop: () => void this.steps.delete(work) };
        },
        ...pages,
      },
      ...changes,
    });
  }

  [Symbol.dispose](): void {
    this.#readTimeout[Symbol.dispose]();
    this.buffer[Symbol.dispose]();
  }

  readonly #due = {
    periodMs: 15 * MINUTE,
    maxHoldMs: 60 * MINUTE,
    sinks: ["misp"] as SinkName[],
  };

  async attack(...attempts: readonly SceneAttempt[]): Promise<void> {
    const decisions = attempts.map((one) => attempted(one, this.now));
    await this.buffer.intake.accept(decisions, { maxUsernames: 100 }, this.now);
  }

  /** Publishes what is due; `everything`: all that is open. */
  async publish(everything = false): Promise<void> {
    const sink: Sink = { name: "misp", deliver: (reports) => this.#deliver(reports) };
    const parts: PublisherParts = {
      buffer: this.buffer,
      sinks: [sink],
      due: this.#due,
      deliveryMs: 30_000,
      prepare: () => Promise.resolve(),
      close: () => [],
      snapshot: (attack, record, now) =>
        snapshotAttack(attack, record, {
          ...{ sinks: ["misp"], publishIntervalMs: 0, reopenAfterMs: 30 * 24 * 60 * MINUTE },
          ...{ maxUsernames: 100, publisher: undefined, distribution: 0 },
          ...{ eventUuidOf: eventUuid, dayEventUuidOf: dayEventUuid },
          ...{ threatLevel: 3, analysis: 0, usernames: "top", sensorNames: "name", tags: [] },
          ...{ passwords: false, minAttempts: 1 },
        }, { now }),
      now: () => this.now,
      random: () => 0.5,
      log: (level, message) => void this.logged.push(`${level}: ${message}`),
    };
    await publishDue(parts, "publisher", everything);
  }

  async *#deliver(reports: readonly Report[]) {
    for (const report of reports) {
      const outcome = this.answer(report);
      yield await Promise.resolve({ report, outcome, startedAt: this.now });
      if (outcome.kind === "unavailable") return;
    }
  }

  /** Sends a request as a browser on this machine does. */
  async fetch(path: string, init: RequestInit = {}, from = "127.0.0.1"): Promise<Response> {
    const request = new Request(`http://127.0.0.1:8787${path}`, init);
    return await this.app.fetch(request, { remoteAddress: from });
  }

  async page(path: string): Promise<string> {
    const response = await this.fetch(path);
    return await response.text();
  }
}

const LOCATIONS: readonly Location[] = [
  { countryCode: "CN", country: "China", asn: 4134, organisation: "Chinanet" },
  { countryCode: "NL", country: "Netherlands", asn: 64496, organisation: "Example Hosting B.V." },
  { countryCode: "US", country: "United States", asn: 64497, organisation: "Example Cloud" },
  { countryCode: "BR", country: "Brazil", asn: 64498, organisation: "Provedor Exemplo" },
  { countryCode: "VN", country: "Vietnam", asn: 64499, organisation: "Example Telecom" },
  { countryCode: "DE", country: "Germany", asn: 64500, organisation: "Beispiel GmbH" },
];
const NAMES = [
  ...["root", "root", "root", "root", "admin", "admin", "ubuntu", "test", "user", "oracle"],
  ...["postgres", "git", "deploy", "pi", "ftpuser", "hadoop", "mysql", "jenkins", "www", "nagios"],
];
const SENSORS = ["honeypot-fra1", "honeypot-ams2", "honeypot-nyc1", "honeypot-sgp3"];

/**
 * A day as honeypots have it, of documentation addresses: waves of attackers, one that MISP refuses, one
 * that logged in after failures, a sensor that fell silent. The same in each run.
 */
export async function liveThroughDay(scene: PageScene): Promise<void> {
  const random = seededRandom(20261123);
  const end = scene.now;
  const ranges = ["192.0.2", "198.51.100", "203.0.113"];
  const sourceOf = (index: number) =>
    index % 9 === 8 ? `2001:db8:${index.toString(16)}::7` : `${ranges[index % 3]}.${7 + index * 3}`;
  let isBusy = false;
  scene.answer = ({ sourceIp }) => {
    if (sourceIp === sourceOf(13)) {
      const reason =
        "MISP left out: attribute 1: A similar attribute already exists for this event.";
      return { kind: "refused", reason };
    }
    const isSent = !isBusy || (sourceIp !== sourceOf(12) && sourceIp !== sourceOf(16));
    return isSent ? DELIVERED : { kind: "retry", reason: "MISP answered 503: busy" };
  };
  for (let minute = 24 * 60; minute > 0; minute--) {
    scene.now = end - minute * MINUTE;
    const wave = 1 + Math.sin(minute / 110) + (minute > 500 && minute < 560 ? 4 : 0);
    const attempts = Array.from({ length: random(4 + Math.floor(wave * 6)) }, (): SceneAttempt => {
      // A few sources with most attempts, and many sources with few.
      const index = Math.floor(random(6) * random(7) / 1.2) + Math.floor((1440 - minute) / 360) * 3;
      const sensor = SENSORS[(index + random(2)) % (minute > 300 ? 4 : 3)]!;
      return {
        ...{ source: sourceOf(index), sensor, pid: 1000 + random(60_000) },
        ...{
          username: NAMES[random(NAMES.length)]!,
          sourceLocation: LOCATIONS[index % LOCATIONS.length]!,
        },
      };
    });
    await scene.attack(...attempts);
    if (minute === 700) await scene.attack({ source: sourceOf(6), isCompromise: true });
    if (minute === 12) isBusy = true;
    if (minute % 5 === 1) await scene.publish();
  }
  scene.now = end;
}
