/**
 * One round of publishing: takes snapshots of what is due, delivers the reports, marks what became of
 * them.
 *
 * @module
 */
import type { Lease } from "../buffer/leases.ts";
import type { Report, SourceRecord } from "../model.ts";
import type { Delivery, Outcome, Sink } from "../sink.ts";
import { DAY, SECOND } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { faultPoint } from "../fault_point.ts";
import { ageBackoffMs, backoffMs } from "./backoff.ts";
import { type Failed, hasFailed, SinkRound } from "./failures.ts";
import { logNotes } from "./logged_notes.ts";
import type { PublisherParts, Round } from "./publisher_parts.ts";
import { repeatInTime } from "./timers.ts";

export type { PublisherParts, Round, RoundProgress } from "./publisher_parts.ts";

/** Name of the lease that lets one publisher work at a time. */
export const PUBLISH_LEASE = "publish";

/** So far ahead of the clock `flush --now` looks for attacks: a clock may have been set back since. */
const AHEAD_MS = 10 * 365 * DAY;
const SNAPSHOTS_AT_ONCE = 200;
/** So many addresses expire in a round: the reports of those who attack now come first. */
const EXPIRE_AT_ONCE = 100;
const DELIVER_AT_ONCE = 100;
const SHORTEST_LEASE_MS = 60 * SECOND;
/** Tries of a report that fail while others are delivered; then it is refused. */
const MOST_FAILURES = 3;

/**
 * Publishes what is due.
 *
 * @param everything also what is not due yet, and also by sinks that are paused
 * @returns undefined when another publisher is at work
 */
export async function publishDue(
  parts: PublisherParts,
  owner: string,
  everything = false,
): Promise<Round | undefined> {
  const leaseMs = Math.max(SHORTEST_LEASE_MS, 4 * parts.deliveryMs);
  const lease = await parts.buffer.leases.take(PUBLISH_LEASE, owner, leaseMs, parts.now(), true);
  if (lease === undefined) return undefined;
  const { repeat = repeatInTime } = parts;
  // A slow MISP and a report of many requests may take longer than the lease lasts.
  const heartbeat = repeat(() => {
    parts.buffer.leases.renew(lease, leaseMs, parts.now()).catch((error: unknown) => {
      parts.log("warning", `the lease was not renewed: ${messageOf(error)}`);
    });
  }, leaseMs / 4);
  try {
    return await new PublishRound(parts, lease, leaseMs, everything).run();
  } finally {
    heartbeat.stop();
    await parts.buffer.leases.release(lease);
  }
}

class PublishRound {
  readonly #parts: PublisherParts;
  readonly #lease: Lease;
  readonly #leaseMs: number;
  readonly #everything: boolean;
  readonly #startedAt: number;
  readonly #tried = new Set<string>();
  readonly #unavailable = new Set<Sink>();
  readonly #sinkRounds: ReadonlyMap<Sink, SinkRound>;
  /** Reports whose answers were lost while others were delivered: they get a second try. */
  readonly #again = new Map<string, Report>();
  readonly #problems = new Set<string>();
  #snapshots = 0;
  #delivered = 0;
  #refused = 0;
  #toDeliver: number | undefined;
  #isStopped = false;

  constructor(parts: PublisherParts, lease: Lease, leaseMs: number, everything: boolean) {
    this.#parts = parts;
    this.#lease = lease;
    this.#leaseMs = leaseMs;
    this.#everything = everything;
    this.#startedAt = parts.now();
    this.#sinkRounds = new Map(parts.sinks.map((sink) => [sink, new SinkRound()]));
  }

  async run(): Promise<Round> {
    await this.#takeSnapshots();
    await this.#expire();
    const { buffer, sinks, onProgress } = this.#parts;
    const names = sinks.map((sink) => sink.name);
    // Counting takes a while in a large buffer.
    if (onProgress !== undefined) this.#toDeliver = await buffer.outbox.countWaiting(names);
    while (await this.#deliverSome());
    await this.#deliverAgain();
    for (const sink of sinks) {
      if (!this.#unavailable.has(sink)) await sink.lookAgain?.(this.#parts.now);
    }
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
      // What arrives meanwhile is for the next round, or a flood would keep this one going for ever.
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
    // By then the last attack of that day has its snapshot, too.
    const now = this.#parts.now();
    await buffer.outbox.closeDays(
      now - due.maxHoldMs,
      (event, records) => close(event, records, now),
    );
  }

  async #expire(): Promise<void> {
    const { buffer: { outbox }, due, expire, expireItems, log } = this.#parts;
    const { expireAfterMs, sessionExpireAfterMs } = due;
    const now = this.#parts.now();
    if (expire !== undefined && expireAfterMs !== undefined) {
      const build = (record: SourceRecord) => expire(record, now);
      const count = await outbox.expire(expireAfterMs, EXPIRE_AT_ONCE, now, build);
      if (count > 0) log("info", `${count} expired after silence`);
    }
    if (expireItems !== undefined && sessionExpireAfterMs !== undefined) {
      const build = (record: SourceRecord) => expireItems(record, now);
      const count = await outbox.expireItems(sessionExpireAfterMs, EXPIRE_AT_ONCE, now, build);
      if (count > 0) log("info", `${count} files and URLs expired after silence`);
    }
  }

  /** @returns whether there may be more to deliver */
  async #deliverSome(): Promise<boolean> {
    const { buffer, sinks, now } = this.#parts;
    const usable = sinks.filter((sink) => !this.#unavailable.has(sink));
    const at = this.#everything ? Infinity : now();
    let isMore = false;
    for (const sink of usable) {
      const { atOnce = DELIVER_AT_ONCE } = sink;
      const found = await buffer.outbox.reportsToTry([sink.name], atOnce + this.#tried.size, at);
      const toSink = found.filter((report) => !this.#tried.has(keyOf(report)));
      if (toSink.length === 0) continue;
      isMore = true;
      const probe = await this.#probeOf(sink, toSink);
      if (probe !== undefined) await this.#deliverTo(sink, [probe]);
      await this.#deliverTo(sink, toSink.filter((report) => report !== probe));
      // While many wait they need not gather.
      if (toSink.length < atOnce && sink.restMs !== undefined && sink.restMs > 0) {
        await buffer.outbox.restSink(this.#lease, sink.name, now() + sink.restMs);
      }
    }
    return isMore && !this.#isStopped;
  }

  /** The one report that finds out whether a sink that was paused works again. */
  async #probeOf(sink: Sink, reports: readonly Report[]): Promise<Report | undefined> {
    if (this.#everything || !await this.#parts.buffer.outbox.awaitsProbe(sink.name)) return;
    // One that failed before may be the very cause of the pause.
    return reports.find((report) => !hasFailed(report)) ?? reports[0];
  }

  async #deliverAgain(): Promise<void> {
    for (const [sink, sinkRound] of this.#sinkRounds) {
      // What failed last in a round of everything is judged before its second try.
      await this.#judge(sink, sinkRound.takeFailed());
      const reports = [...this.#again.values()].filter((report) => report.sink === sink.name);
      await this.#deliverTo(sink, reports);
      await this.#judge(sink, sinkRound.takeFailed());
    }
  }

  async #deliverTo(sink: Sink, reports: readonly Report[]): Promise<void> {
    if (reports.length === 0 || this.#isStopped || this.#unavailable.has(sink)) return;
    faultPoint("after-lease-before-http");
    const sinkRound = this.#sinkRounds.get(sink)!;
    for await (const delivery of sink.deliver(reports, this.#parts.now)) {
      this.#tried.add(keyOf(delivery.report));
      await this.#mark(sink, delivery);
      this.#reportProgress();
      await this.#renew();
      this.#isStopped = await this.#parts.mustStop?.() ?? false;
      if (this.#isStopped) return;
    }
    sinkRound.endBatch();
    if (!this.#everything || sinkRound.isHopeless) {
      await this.#judge(sink, sinkRound.takeFailed());
    }
  }

  /** Reports failed, and no other was delivered in this round since: the sink may be at fault. */
  async #judge(sink: Sink, failed: readonly Failed[]): Promise<void> {
    if (failed.length === 0) return;
    const { buffer, now } = this.#parts;
    const isPaused = await buffer.outbox.awaitsProbe(sink.name);
    const mayBeTheirs = this.#sinkRounds.get(sink)!
      .mayBeTheirs(failed, this.#everything, isPaused);
    for (const one of failed) {
      const { report, reason } = one;
      if (await buffer.outbox.isDeliveringSince(report, now())) {
        await this.#markAtFault(one);
      } else if (mayBeTheirs) {
        await this.#markAlone(one);
      } else {
        await buffer.outbox.markFailed(this.#lease, report, reason, now());
        await this.#pause(sink, report, { kind: "unavailable", reason });
      }
    }
  }

  /** A report failed while others were delivered. */
  async #markAtFault(failed: Failed): Promise<void> {
    const { report, kind, reason } = failed;
    // MISP may have it: only what MISP says can be a reason to refuse it.
    if (kind === "unanswered") await this.#markAlone(failed);
    else if (report.tries + 1 < MOST_FAILURES) await this.#markRetry(report, reason);
    else await this.#markRefused(report, { reason });
  }

  /** A report failed by itself, which does not count as a try: it waits, and no other with it. */
  async #markAlone({ report, kind, reason }: Failed): Promise<void> {
    if (kind === "unanswered" && !this.#again.has(keyOf(report))) {
      this.#again.set(keyOf(report), report);
      return;
    }
    const { buffer, log, now, random } = this.#parts;
    const at = now();
    const nextTryAt = at + ageBackoffMs(at - report.snapshotAt, random());
    await buffer.outbox.markFailed(this.#lease, report, reason, at, nextTryAt);
    this.#problems.add(reason);
    log("warning", `${report.sourceIp}: tried again later: ${reason}`);
  }

  /** Whether a source that is new in a day's event goes into its next part instead. */
  async #isMoved(report: Report): Promise<boolean> {
    const { buffer, move, now, log } = this.#parts;
    if (move === undefined) return false;
    const isMoved = await buffer.outbox.moveSource(
      this.#lease,
      report,
      now(),
      (record, findDaySlot) => move(record, now(), findDaySlot),
    );
    if (isMoved) {
      log("info", `${report.sourceIp}: moved, since the day's event was deleted in MISP`);
    }
    return isMoved;
  }

  async #markRefused(
    report: Report,
    { reason, isEventGone }: Omit<Extract<Outcome, { kind: "refused" }>, "kind">,
  ): Promise<void> {
    const { buffer, log, now } = this.#parts;
    await buffer.outbox.markRefused(this.#lease, report, reason, now(), isEventGone);
    log("error", `${report.sourceIp}: refused: ${reason}`);
    this.#refused++;
    this.#tried.delete(keyOf(report));
  }

  async #markRetry(report: Report, reason: string): Promise<void> {
    const { buffer, log, now, random } = this.#parts;
    const at = now();
    const nextTryAt = at + backoffMs(report.tries + 1, random());
    await buffer.outbox.markRetry(this.#lease, report, reason, nextTryAt, at);
    log("warning", `${report.sourceIp}: tried again later: ${reason}`);
  }

  async #mark(sink: Sink, { report, outcome, startedAt }: Delivery): Promise<void> {
    const { buffer } = this.#parts;
    const now = this.#parts.now();
    faultPoint("response-before-mark");
    const atFault = this.#sinkRounds.get(sink)!.add(report, outcome);
    switch (outcome.kind) {
      case "delivered":
        await buffer.outbox.markDelivered(
          this.#lease,
          report,
          outcome.lastPublished ?? "",
          now,
          startedAt,
        );
        await logNotes(this.#parts, report, outcome.notes, now);
        this.#delivered++;
        // What is over is found no more: only what still waits must not be tried twice.
        this.#tried.delete(keyOf(report));
        // The sink works: what failed before is at fault itself.
        for (const one of atFault) await this.#markAtFault(one);
        return;
      case "failed":
      case "unanswered":
        return;
      case "refused":
        if (outcome.isEventGone && await this.#isMoved(report)) return;
        return await this.#markRefused(report, outcome);
      case "retry":
        return await this.#markRetry(report, outcome.reason);
      case "unavailable":
        await this.#pause(sink, report, outcome);
    }
  }

  async #pause(
    sink: Sink,
    report: Report,
    outcome: Extract<Outcome, { kind: "unavailable" }>,
  ): Promise<void> {
    // An answer to what was under way may ask for a longer pause.
    const isFirst = !this.#unavailable.has(sink);
    if (!isFirst && outcome.afterMs === undefined) return;
    const { buffer, log, random } = this.#parts;
    this.#unavailable.add(sink);
    this.#problems.add(outcome.reason);
    const pause = (failures: number) => outcome.afterMs ?? backoffMs(failures, random());
    await buffer.outbox.pauseSink(this.#lease, report, outcome.reason, pause, this.#parts.now());
    if (isFirst) log("error", `nothing can be delivered now: ${outcome.reason}`);
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
      throw new Error("another publisher took over; this one stops");
    }
  }
}

const keyOf = (report: Report) => `${report.uuid} ${report.sink}`;
