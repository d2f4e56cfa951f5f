/**
 * The one engine that publishes what is due. It forwards, publishes, makes lists and prunes, one round at a
 * time, and no failure of a round ends it.
 *
 * `follow` and `serve` let it look by its timer until they end ({@link PublishingEngine.start}); `serve`
 * also asks for a round each minute ({@link PublishingEngine.round}). The background publisher of
 * integration calls looks until nothing waits ({@link PublishingEngine.runUntilIdle}).
 *
 * @module
 */
import { SECOND } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { BACKGROUND_LEASE_MS, takeBackgroundLease } from "./background_lease.ts";
import { publishDue, type PublisherParts, type Round } from "./publisher.ts";
import { atMost, repeatInTime, type Sleep, sleepInTime } from "./timers.ts";

/** How often a round looks whether it must end, milliseconds. */
const END_LOOK_MS = 2 * SECOND;

/** Who reports logins that succeeded. */
export interface Notifying {
  /** Sends what waits. @param everything also during a pause */
  run(everything?: boolean): Promise<void>;
  /** Whether something waits to be sent. */
  isWaiting(): Promise<boolean>;
}

/** What an engine does, and how often. */
export interface EngineOptions {
  /** Distinguishes lease holders. */
  readonly owner: string;
  /** How often it looks whether something is due, milliseconds. A look is one query by an index. */
  readonly lookMs: number;
  /** How often it prunes, milliseconds. */
  readonly pruneMs: number;
  /** Deletes what is old. @returns whether there is more to delete: then the next look goes on */
  readonly prune: () => Promise<boolean>;
  /** How long `end()` waits for a round that is running, milliseconds. */
  readonly graceMs: number;
  /** Stores what integration calls could not store. Undefined: that is done elsewhere. */
  readonly takeIn?: (() => Promise<unknown>) | undefined;
  /** Forwards what waits. Undefined: nothing is forwarded here. */
  readonly forward?: (() => Promise<void>) | undefined;
  /** Reports logins that succeeded. Undefined: that is not wanted. */
  readonly notify?: Notifying | undefined;
  /**
   * Makes the lists where that is due. Undefined: there are none.
   *
   * @param isLast whether nobody looks again for a while
   */
  readonly makeLists?: ((isLast: boolean) => Promise<void>) | undefined;
  /** Gets what each round of publishing came to. */
  readonly onRound?: (round: Round) => void;
}

/** When {@link PublishingEngine.runUntilIdle} is over. */
export interface IdleRules {
  /** It does not wait for what falls due later than this, milliseconds. */
  readonly worthMs: number;
  /** Whether it must end all the same: the buffer or the configuration is another one by now. */
  readonly mustEnd: () => Promise<boolean>;
  /** Whether it is worth waiting for the lease while another holds it. By default it is not. */
  readonly mayWait?: () => Promise<boolean>;
  /** Is called when the lease was taken. */
  readonly onLease?: () => Promise<void>;
  /** `setTimeout()` by default. */
  readonly sleep?: Sleep;
}

/** Publishes what is due until it is ended. */
export class PublishingEngine implements Disposable {
  readonly #parts: PublisherParts;
  readonly #options: EngineOptions;
  #timer: { readonly stop: () => void } | undefined;
  #running: Promise<void> | undefined;
  #prunedAt = -Infinity;
  #isAbandoned = false;
  #mustStop: (() => Promise<boolean>) | undefined;

  constructor(parts: PublisherParts, options: EngineOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Looks every `lookMs` from now on. */
  start(): void {
    const { repeat = repeatInTime } = this.#parts;
    this.#timer ??= repeat(() => void this.look(), this.#options.lookMs);
  }

  /** One round if something is due. It never rejects. */
  look(): Promise<void> {
    return this.#runAlone(async () => {
      await this.#takeIn();
      await this.#forward();
      await this.#try("publishing", async () => {
        const { buffer, due, now } = this.#parts;
        if (
          isDue(await buffer.outbox.nextDueAt(due, now()), now()) ||
          isDue(await buffer.outbox.nextExpiryAt(due), now())
        ) await this.#publish();
      });
      await this.#notify();
    });
  }

  /**
   * One round, whether or not a report is due. It never rejects. Where a round is running already, this
   * is that round.
   */
  round(): Promise<void> {
    return this.#runAlone(async () => {
      await this.#takeIn();
      await this.#forward();
      await this.#try("publishing", () => this.#publish());
      await this.#notify();
    });
  }

  /**
   * Looks until nothing waits, or only what is not worth waiting for. Only one process at a time does.
   * Alerts that are to be forwarded are always worth it: no other process may ever send them.
   *
   * @throws whatever the buffer throws beside a round; the lease is released then, too
   */
  async runUntilIdle(rules: IdleRules): Promise<void> {
    const { buffer, now } = this.#parts;
    const { owner, lookMs, forward } = this.#options;
    const { worthMs, mustEnd, mayWait, onLease, sleep = sleepInTime } = rules;
    const due = { ...this.#parts.due, forwards: forward !== undefined };
    const lease = await takeBackgroundLease({
      ...{ leases: buffer.leases, owner, now, mayWait, sleep },
    });
    if (lease === undefined) return;
    this.#mustStop = inIntervals(END_LOOK_MS, now, mustEnd);
    try {
      await onLease?.();
      for (;;) {
        await this.look();
        // As with alerts that are to be forwarded: no other process may ever send it.
        const isNotifying = await this.#options.notify?.isWaiting() ?? false;
        if (!isNotifying && await buffer.outbox.releaseUnlessDue(lease, due, now() + worthMs)) {
          await this.#makeLists(true);
          return;
        }
        await sleep(lookMs);
        if (await mustEnd()) return;
        if (!await buffer.leases.renew(lease, BACKGROUND_LEASE_MS, now())) return;
      }
    } finally {
      this.#mustStop = undefined;
      await buffer.leases.release(lease);
    }
  }

  /**
   * Stops looking, and lets a round that is running finish, for `graceMs` at most: what it did not mark
   * is sent again. `round()` still works afterwards.
   */
  async end(): Promise<void> {
    this[Symbol.dispose]();
    if (this.#running === undefined) return;
    await atMost(this.#options.graceMs, this.#running);
    this.#isAbandoned = this.#running !== undefined;
  }

  /** Stops looking. */
  [Symbol.dispose](): void {
    this.#timer?.stop();
    this.#timer = undefined;
  }

  #runAlone(work: () => Promise<void>): Promise<void> {
    const workAndPrune = () => work().then(() => this.#makeLists(false)).then(() => this.#prune());
    return this.#running ??= workAndPrune().finally(() => this.#running = undefined);
  }

  async #makeLists(isLast: boolean): Promise<void> {
    const { makeLists } = this.#options;
    if (makeLists !== undefined) await this.#try("making lists", () => makeLists(isLast));
  }

  async #publish(): Promise<void> {
    const mustStop = this.#mustStop;
    const parts = mustStop === undefined ? this.#parts : { ...this.#parts, mustStop };
    const round = await publishDue(parts, this.#options.owner);
    if (round !== undefined) this.#options.onRound?.(round);
  }

  async #takeIn(): Promise<void> {
    const { takeIn } = this.#options;
    if (takeIn !== undefined) {
      await this.#try("taking in spill files", async () => void await takeIn());
    }
  }

  /** As with reports: what could not be sent waits for the next look. */
  async #forward(): Promise<void> {
    const { forward } = this.#options;
    if (forward === undefined) return;
    await this.#try("forwarding", async () => {
      const { buffer, now } = this.#parts;
      if (isDue(await buffer.spool.dueAt(now()), now())) await forward();
    });
  }

  async #notify(): Promise<void> {
    const { notify } = this.#options;
    if (notify !== undefined) await this.#try("notifying", () => notify.run());
  }

  async #prune(): Promise<void> {
    const { prune, pruneMs } = this.#options;
    const now = this.#parts.now();
    // A clock that was set back must not keep it from pruning.
    if (Math.abs(now - this.#prunedAt) < pruneMs) return;
    const before = this.#prunedAt;
    this.#prunedAt = now;
    await this.#try("pruning", async () => {
      if (await prune()) this.#prunedAt = before;
    });
  }

  async #try(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // The buffer and the connections of an abandoned round are closed: it must fail.
      if (this.#isAbandoned) return;
      this.#parts.log("error", `${what} failed: ${messageOf(error)}`);
    }
  }
}

const isDue = (at: number | undefined, now: number) => at !== undefined && at <= now;

/** Asks at most once in so many milliseconds; in between it says no. */
function inIntervals(
  milliseconds: number,
  now: () => number,
  ask: () => Promise<boolean>,
): () => Promise<boolean> {
  let askedAt = now();
  return async () => {
    if (Math.abs(now() - askedAt) < milliseconds) return false;
    askedAt = now();
    return await ask();
  };
}
