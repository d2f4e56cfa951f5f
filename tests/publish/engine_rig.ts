/**
 * An engine on a clock that moves only while it sleeps, or that a test moves by hand.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Report } from "../../src/model.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { decideItem } from "../../src/intake/decide.ts";
import { type EngineOptions, type IdleRules, PublishingEngine } from "../../src/publish/engine.ts";
import { FORWARD_LEASE } from "../../src/publish/names.ts";
import type { PublisherParts, Round } from "../../src/publish/publisher.ts";
import { snapshotAttack } from "../../src/publish/snapshot.ts";
import type { Outcome } from "../../src/sink.ts";
import { decideDefault, defaultRules, sshdAlert } from "../support/fixtures.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";

export const START = Date.UTC(2026, 7, 23, 6);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** Lets everything go on that waits for nothing but promises. */
export const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

/** What all engines of a scene share: the buffer, the clock, the sink. */
export class Scene implements Disposable {
  readonly buffer = new SqliteBuffer(":memory:", START);
  readonly sent: [minute: number, report: Report][] = [];
  readonly rounds: Round[] = [];
  readonly logged: string[] = [];
  now = START;
  outcome: Outcome = { kind: "delivered", notes: [] };
  /** What happens while the sink delivers. */
  onDeliver: () => void | Promise<void> = () => undefined;
  /** What else happens at a look. */
  onSleep: () => void | Promise<void> = () => undefined;
  mustEnd = false;
  worthMs = 65 * MINUTE;
  sleeps = 0;
  /** Timers that run, by what they are for. */
  readonly timers = new Set<{ readonly work: () => void; readonly milliseconds: number }>();

  [Symbol.dispose]() {
    this.buffer[Symbol.dispose]();
  }

  async attempt() {
    await this.buffer.intake.accept([decideDefault(sshdAlert())], { maxUsernames: 100 }, this.now);
  }

  /** An attempt of another source. */
  async attemptOf(source: string) {
    const message = `Failed password for root from ${source} port 51676 ssh2`;
    const decision = decideDefault(sshdAlert({ id: source, message }));
    await this.buffer.intake.accept([decision], { maxUsernames: 100 }, this.now);
  }

  /** An alert that waits to be forwarded. */
  async spoolOne() {
    const rules = { ...defaultRules(), keepsText: true };
    const decision = decideItem({ value: sshdAlert(), where: "line" }, rules, this.now);
    await this.buffer.intake.accept([decision], { maxUsernames: 100 }, this.now);
  }

  /** What a forwarder does once all that waits is sent. */
  async markSpoolForwarded() {
    const { leases, spool } = this.buffer;
    const lease = await leases.take(FORWARD_LEASE, "forwarder", MINUTE, this.now);
    assert.ok(lease);
    const accepted = (await spool.oldest(100, 1_000_000)).map(({ number }) => number);
    const forwarded = { accepted, refused: [], duplicate: 0, ignored: 0 };
    assert.equal(await spool.markForwarded(lease, forwarded, this.now), true);
    await leases.release(lease);
  }

  get minutes() {
    return (this.now - START) / MINUTE;
  }

  get parts(): PublisherParts {
    // deno-lint-ignore no-this-alias -- the generator below has no `this` of the scene
    const scene = this;
    return {
      buffer: this.buffer,
      sinks: [{
        name: "feed",
        async *deliver(reports, now) {
          for (const report of reports) {
            const startedAt = now();
            scene.sent.push([Math.round(scene.minutes), report]);
            await scene.onDeliver();
            yield { report, outcome: scene.outcome, startedAt };
          }
        },
      }],
      due: { periodMs: 15 * MINUTE, maxHoldMs: 60 * MINUTE, sinks: ["feed"] },
      deliveryMs: 30 * SECOND,
      prepare: () => Promise.resolve(),
      close: () => [],
      snapshot: (attack, record, now) =>
        snapshotAttack(attack, record, { ...PLAIN_SNAPSHOT_RULES, sinks: ["feed"] }, { now }),
      now: () => this.now,
      random: () => 0.5,
      log: (level, message) => void this.logged.push(`${level}: ${message}`),
      repeat: (work, milliseconds) => {
        const timer = { work, milliseconds };
        this.timers.add(timer);
        return { stop: () => void this.timers.delete(timer) };
      },
    };
  }

  /** An engine as a process of its own has it. */
  engine(changes: Partial<EngineOptions> = {}, parts: Partial<PublisherParts> = {}) {
    return new PublishingEngine({ ...this.parts, ...parts }, {
      owner: "me",
      lookMs: 2 * SECOND,
      pruneMs: 60 * MINUTE,
      graceMs: MINUTE,
      prune: () => Promise.resolve(false),
      onRound: (round) => this.rounds.push(round),
      ...changes,
    });
  }

  get idle(): IdleRules & Required<Pick<IdleRules, "sleep">> {
    return {
      worthMs: this.worthMs,
      mustEnd: () => Promise.resolve(this.mustEnd),
      sleep: async (milliseconds) => {
        if (++this.sleeps > 10_000) throw new Error("it goes on for ever");
        this.now += milliseconds;
        await this.onSleep();
      },
    };
  }

  async runUntilIdle(changes: Partial<EngineOptions> = {}) {
    await this.engine(changes).runUntilIdle(this.idle);
  }

  /** Moves the clock to a minute, and lets each timer that is as quick as a look do its work. */
  async goTo(minutes: number, lookMs = 2 * SECOND) {
    while (this.minutes < minutes) {
      this.now += lookMs;
      for (const { work, milliseconds } of this.timers) if (milliseconds === lookMs) work();
      await turn();
    }
  }
}
