/**
 * A publisher with sinks that answer as they are told, and a clock that is moved by hand.
 *
 * @module
 */
import type { Report, SinkName } from "../../src/model.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import { publishDue } from "../../src/publish/publisher.ts";
import type { Outcome, Sink } from "../../src/sink.ts";
import { decideDefault, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";

export const START = Date.UTC(2026, 7, 23, 6);
export const MINUTE = 60_000;
/** Sources that guess. */
export const A = "82.202.219.155";
export const B = "192.241.237.101";
export const C = "212.64.151.233";
export const DELIVERED: Outcome = { kind: "delivered", notes: [] };

/** A sink that answers as it is told and remembers what it was sent. */
class StubSink implements Sink {
  readonly name: SinkName;
  readonly sent: Report[] = [];
  answer: (report: Report) => Outcome = () => DELIVERED;

  constructor(name: SinkName) {
    this.name = name;
  }

  async *deliver(reports: readonly Report[], now: () => number) {
    for (const report of reports) {
      this.sent.push(report);
      const startedAt = now();
      const outcome = this.answer(report);
      yield await Promise.resolve({ report, outcome, startedAt });
      if (outcome.kind === "unavailable") return;
    }
  }

  /** The sources that were sent since the last look. */
  takeSources(): string[] {
    return this.sent.splice(0).map(({ sourceIp }) => sourceIp).sort();
  }
}

/** A publisher with a clock that stands still until it is moved. */
export class Scene implements Disposable {
  readonly buffer = new SqliteBuffer(":memory:", START);
  readonly feed = new StubSink("feed");
  readonly misp = new StubSink("misp");
  readonly logged: string[] = [];
  now = START;
  publishIntervalMs = 0;
  sinks: readonly StubSink[];

  constructor(...names: SinkName[]) {
    this.sinks = [this.feed, this.misp].filter(({ name }) => names.includes(name));
  }

  [Symbol.dispose]() {
    this.buffer[Symbol.dispose]();
  }

  /** One guess from each source. */
  async guess(...sources: string[]) {
    const decisions = sources.map((source) =>
      decideDefault(
        sshdAlert({ message: `Failed password for root from ${source} port 51676 ssh2` }),
      )
    );
    await this.buffer.intake.accept(decisions, { maxUsernames: 100 }, this.now);
  }

  get parts() {
    const sinks = this.sinks.map(({ name }) => name);
    return {
      buffer: this.buffer,
      sinks: this.sinks,
      due: { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks },
      deliveryMs: 30_000,
      prepare: () => Promise.resolve(),
      close: () => [],
      snapshot: (
        attack: Parameters<typeof snapshotAttack>[0],
        record: Parameters<typeof snapshotAttack>[1],
        now: number,
      ) =>
        snapshotAttack(attack, record, {
          ...PLAIN_SNAPSHOT_RULES,
          sinks,
          publishIntervalMs: this.publishIntervalMs,
        }, { now }),
      now: () => this.now,
      random: () => 0.5,
      log: (level: string, message: string) => void this.logged.push(`${level}: ${message}`),
    };
  }

  publish(everything = false) {
    return publishDue(this.parts, "me", everything);
  }
}
