/**
 * One round of publishing: freeze what is due, deliver what is frozen, mark what became of it.
 *
 * @module
 */
import type { Buffer } from "../buffer/buffer.ts";
import type { Lease } from "../buffer/leases.ts";
import type { DueRules } from "../buffer/outbox.ts";
import type {
  Attack,
  DayEvent,
  FindDaySlot,
  NewReport,
  Report,
  Snapshot,
  SourceRecord,
} from "../model.ts";
import { LOGGED_NOTES } from "./names.ts";
import type { Outcome, Sink } from "../sink.ts";
import { faultPoint } from "../fault_point.ts";

/** What a publisher works with. */
export interface PublisherParts {
  readonly buffer: Buffer;
  readonly sinks: readonly Sink[];
  readonly due: DueRules;
  /** Longest that one report takes to deliver, milliseconds: the lease outlasts it. */
  readonly deliveryMs: number;
  /** Loads what freezing looks up, before the transaction: it may take a while the first time. */
  readonly prepare: () => Promise<void>;
  readonly snapshot: (
    attack: Attack,
    record: SourceRecord | undefined,
    now: number,
    findDaySlot: FindDaySlot,
  ) => Snapshot;
  /** What closes the event of a day. */
  readonly close: (
    event: DayEvent,
    records: readonly SourceRecord[],
    now: number,
  ) => readonly NewReport[];
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** From 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly log: (level: "info" | "warning" | "error", message: string) => void;
  /** Is told how far a round is, for somebody who waits for it. */
  readonly onProgress?: (progress: RoundProgress) => void;
  /** Does something every so many milliseconds until it is stopped; `setInterval()` by default. */
  readonly repeat?: (work: () => void, milliseconds: number) => { readonly stop: () => void };
}

/** How far a round is. */
export interface RoundProgress {
  readonly snapshots: number;
  readonly delivered: number;
  readonly refused: number;
  /** Reports that waited when delivering began; undefined: it has not begun. */
  readonly toDeliver: number | undefined;
}

/** What a round came to. */
export interface Round {
  readonly snapshots: number;
  readonly delivered: number;
  readonly refused: number;
  /** Reports that wait for a later try. */
  readonly waiting: number;
  /** Why a sink could not be used. */
  readonly problems: readonly string[];
}

/** Name of the lease that lets one publisher work at a time. */
export const PUBLISH_LEASE = "publish";

/** `flush --now` takes attacks of a clock that was set back since, too. */
const AHEAD_MS = 10 * 365 * 24 * 60 * 60_000;
const SNAPSHOTS_AT_ONCE = 200;
const DELIVER_AT_ONCE = 100;
const SHORTEST_LEASE_MS = 60_000;

/**
 * Publishes what is due.
 *
 * @param everything what is not due yet too, and sinks that are being left alone
 * @returns undefined when another publisher is at work
 */
export async function publishDue(
  parts: PublisherParts,
  owner: string,
  everything = false,
): Promise<Round | undefined> {
  const leaseMs = Math.max(SHORTEST_LEASE_MS, 4 * parts.deliveryMs);
  const lease = await parts.buffer.leases.take(PUBLISH_LEASE, owner, leaseMs, parts.now());
  if (lease === undefined) return undefined;
  const { repeat = repeatInTime } = parts;
  // One report may take many requests, to a MISP that is slow: nobody must think that this one died.
  const heartbeat = repeat(() => {
    parts.buffer.leases.renew(lease, leaseMs, parts.now()).catch((error: unknown) => {
      parts.log("warning", `the lease was not renewed: ${String(error)}`);
    });
  }, leaseMs / 4);
  try {
    return await new PublishRound(parts, lease, leaseMs, everything).run();
  } finally {
    heartbeat.stop();
    await parts.buffer.leases.release(lease);
  }
}

function repeatInTime(work: () => void, milliseconds: number) {
  const timer = setInterval(work, milliseconds);
  return { stop: () => clearInterval(timer) };
}

class PublishRound {
  readonly #parts: PublisherParts;
  readonly #lease: Lease;
  readonly #leaseMs: number;
  readonly #everything: boolean;
  readonly #startedAt: number;
  readonly #tried = new Set<string>();
  readonly #unavailable = new Set<Sink>();
  readonly #problems = new Set<string>();
  #snapshots = 0;
  #delivered = 0;
  #refused = 0;
  #toDeliver: number | undefined;

  constructor(parts: PublisherParts, lease: Lease, leaseMs: number, everything: boolean) {
    this.#parts = parts;
    this.#lease = lease;
    this.#leaseMs = leaseMs;
    this.#everything = everything;
    this.#startedAt = parts.now();
  }

  async run(): Promise<Round> {
    await this.#takeSnapshots();
    const { buffer, sinks, onProgress } = this.#parts;
    const names = sinks.map((sink) => sink.name);
    // In a large buffer counting takes a while: not for nobody.
    if (onProgress !== undefined) this.#toDeliver = await buffer.outbox.countWaiting(names);
    while (await this.#deliverSome());
    const waiting = await buffer.outbox.countWaiting(names);
    return {
      snapshots: this.#snapshots,
      delivered: this.#delivered,
      refused: this.#refused,
      waiting,
      problems: [...this.#problems],
    };
  }

  async #takeSnapshots(): Promise<void> {
    const { buffer, due, snapshot, close } = this.#parts;
    await this.#parts.prepare();
    const rules = this.#everything ? { ...due, periodMs: -AHEAD_MS, maxHoldMs: -AHEAD_MS } : due;
    for (;;) {
      // What arrives while this goes on is for the next round, or a flood would keep it here.
      const now = Math.max(this.#startedAt, 0);
      const count = await buffer.outbox.snapshotDue(
        rules,
        SNAPSHOTS_AT_ONCE,
        now,
        (attack, record, findDaySlot) => snapshot(attack, record, this.#parts.now(), findDaySlot),
      );
      this.#snapshots += count;
      this.#reportProgress();
      if (count < SNAPSHOTS_AT_ONCE) break;
      await this.#renew();
    }
    // By then the last attack of that day is frozen, too.
    const now = this.#parts.now();
    await buffer.outbox.closeDays(
      now - due.maxHoldMs,
      (event, records) => close(event, records, now),
    );
  }

  /** @returns whether there may be more to deliver */
  async #deliverSome(): Promise<boolean> {
    const { buffer, sinks, now } = this.#parts;
    const usable = sinks.filter((sink) => !this.#unavailable.has(sink));
    const at = this.#everything ? Infinity : now();
    const names = usable.map((sink) => sink.name);
    const found = await buffer.outbox.reportsToTry(names, DELIVER_AT_ONCE + this.#tried.size, at);
    const reports = found.filter((report) => !this.#tried.has(keyOf(report)));
    for (const sink of usable) {
      await this.#deliverTo(sink, reports.filter((report) => report.sink === sink.name));
    }
    return reports.length > 0;
  }

  async #deliverTo(sink: Sink, reports: readonly Report[]): Promise<void> {
    if (reports.length === 0) return;
    faultPoint("after-lease-before-http");
    for await (const { report, outcome } of sink.deliver(reports, this.#parts.now)) {
      this.#tried.add(keyOf(report));
      await this.#mark(sink, report, outcome);
      this.#reportProgress();
      // What ended is pending no more: only what stayed must not be tried twice.
      if (outcome.kind === "delivered" || outcome.kind === "refused") {
        this.#tried.delete(keyOf(report));
      }
      await this.#renew();
    }
  }

  async #mark(sink: Sink, report: Report, outcome: Outcome): Promise<void> {
    const { buffer, log, random } = this.#parts;
    const now = this.#parts.now();
    faultPoint("response-before-mark");
    switch (outcome.kind) {
      case "delivered":
        await buffer.outbox.markDelivered(this.#lease, report, outcome.lastPublished ?? "", now);
        await this.#logNotes(report, outcome.notes, now);
        this.#delivered++;
        return;
      case "refused":
        await buffer.outbox.markRefused(this.#lease, report, outcome.reason, now);
        log("error", `${report.sourceIp}: refused: ${outcome.reason}`);
        this.#refused++;
        return;
      case "retry":
        await buffer.outbox.markRetry(
          this.#lease,
          report,
          outcome.reason,
          now + backoffMs(report.tries + 1, random()),
          now,
        );
        log("warning", `${report.sourceIp}: later: ${outcome.reason}`);
        return;
      case "unavailable":
        await this.#pause(sink, report, outcome);
    }
  }

  /** What a sink leaves out of one event it leaves out of all: said once a day, not with each event. */
  async #logNotes(report: Report, notes: readonly string[], now: number): Promise<void> {
    if (notes.length === 0) return;
    const { buffer, log } = this.#parts;
    const logged = await loggedNotes(buffer, now);
    const fresh = notes.filter((note) => !logged.has(note));
    if (fresh.length === 0) return;
    for (const note of fresh) {
      logged.set(note, now);
      log("warning", `${report.sourceIp}: ${note}`);
    }
    await buffer.settings.put(LOGGED_NOTES, JSON.stringify([...logged]));
  }

  async #pause(
    sink: Sink,
    report: Report,
    outcome: Extract<Outcome, { kind: "unavailable" }>,
  ): Promise<void> {
    if (this.#unavailable.has(sink)) return;
    const { buffer, log, random } = this.#parts;
    this.#unavailable.add(sink);
    this.#problems.add(outcome.reason);
    const pause = (failures: number) => outcome.afterMs ?? backoffMs(failures, random());
    await buffer.outbox.pauseSink(this.#lease, report, outcome.reason, pause, this.#parts.now());
    log("error", `nothing can be delivered now: ${outcome.reason}`);
  }

  #reportProgress(): void {
    this.#parts.onProgress?.({
      snapshots: this.#snapshots,
      delivered: this.#delivered,
      refused: this.#refused,
      toDeliver: this.#toDeliver,
    });
  }

  async #renew(): Promise<void> {
    const { buffer, now } = this.#parts;
    if (!await buffer.leases.renew(this.#lease, this.#leaseMs, now())) {
      throw new Error("another publisher has taken over; this one stops");
    }
  }
}

const LOG_AGAIN_MS = 24 * 60 * 60_000;

/** The notes that were told lately, and when. */
async function loggedNotes(buffer: Buffer, now: number): Promise<Map<string, number>> {
  const text = await buffer.settings.get(LOGGED_NOTES);
  const logged = JSON.parse(text ?? "[]") as readonly (readonly [note: string, at: number])[];
  return new Map(logged.filter(([, at]) => Math.abs(now - at) < LOG_AGAIN_MS));
}

const keyOf = (report: Report) => `${report.uuid} ${report.sink}`;

const SHORTEST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 30 * 60_000;

/**
 * How long to wait after so many failures in a row: doubling from 30 s to 30 minutes, spread by a
 * quarter so that many publishers do not come back together.
 *
 * @param random from 0 to 1
 */
export function backoffMs(failures: number, random: number): number {
  const pause = Math.min(SHORTEST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE_MS);
  return Math.round(pause * (0.75 + random / 2));
}
