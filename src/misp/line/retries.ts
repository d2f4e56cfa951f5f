/**
 * A lost answer costs one more request, not a round. Every request to MISP may be sent again: `add` of an
 * event that is there says so, edits, publishing and sightings change nothing the second time
 * (docs/contracts/misp.md 0.2, 8.5).
 *
 * @module
 */
import { SECOND } from "../../clock.ts";
import type { Answer } from "../../http.ts";
import { isCut, pauseAsked } from "../answers.ts";
import { Unreachable } from "../client.ts";

/** What sends requests to an instance. */
export interface Requests {
  /** How long a request may take until its answer is read, milliseconds. */
  readonly timeoutMs: number;
  /** See `MispClient.request()`. */
  request(
    method: "GET" | "POST",
    path: string,
    body?: string,
    timeoutMs?: number,
  ): Promise<Answer>;
}

/** How often a request is sent again. */
const MOST_RETRIES = 3;
/** The longest pause before the second retry, milliseconds; it doubles. The first one comes at once. */
const LONGEST_WAIT_MS = 250;

/** Retries in a row that nothing was answered between. */
const CAPACITY = 10;
/** With nothing answered, one retry is left in so long, milliseconds: as long as the shortest pause. */
const FLOOR_MS = 30 * SECOND;

/**
 * How many retries are left. Each answer allows another one, so that a line that loses half of all answers
 * is borne. An outage gets no answers: it costs a few retries once, and then hardly any.
 */
export class RetryBudget {
  #left = CAPACITY;
  #floorUsedAt = -Infinity;

  /**
   * Takes a retry.
   *
   * @param now milliseconds UTC
   * @returns false when none is left
   */
  spend(now: number): boolean {
    if (this.#left > 0) {
      this.#left--;
      return true;
    }
    // A clock that was set back must not keep the floor away.
    if (Math.abs(now - this.#floorUsedAt) < FLOOR_MS) return false;
    this.#floorUsedAt = now;
    return true;
  }

  /** A request was answered. */
  earn(): void {
    this.#left = Math.min(this.#left + 1, CAPACITY);
  }
}

/** What retries depend on; tests put their own in its place. */
export interface RetryOptions {
  /** Shared by all requests to the instance. */
  readonly budget: RetryBudget;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** From 0 to 1, for the jitter. `Math.random()` by default. */
  readonly random?: () => number;
  /** `setTimeout()` by default. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** Milliseconds of a clock that is never set. `performance.now()` by default. */
  readonly elapsed?: () => number;
}

/** Sends requests, and again those whose answers are lost. */
export class RetryingClient implements Requests {
  readonly #client: Requests;
  readonly #options: Required<RetryOptions>;

  constructor(client: Requests, options: RetryOptions) {
    this.#client = client;
    this.#options = {
      random: Math.random,
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      elapsed: () => performance.now(),
      ...options,
    };
  }

  get timeoutMs(): number {
    return this.#client.timeoutMs;
  }

  /**
   * Sends a request, and again at most three times: at once, then after pauses by chance. All tries
   * together take no longer than one may.
   *
   * @returns the last answer, which may be that of a proxy for one that was lost
   * @throws what the last try threw
   */
  async request(method: "GET" | "POST", path: string, body?: string): Promise<Answer> {
    const { budget, now, random, sleep, elapsed } = this.#options;
    const start = elapsed();
    const timeLeft = () => this.#client.timeoutMs - (elapsed() - start);
    for (let retry = 1;; retry++) {
      const result = await this.#try(method, path, body, Math.max(timeLeft(), 1));
      if (!this.#isLost(result)) budget.earn();
      else if (retry <= MOST_RETRIES) {
        const waitMs = retry === 1 ? 0 : random() * LONGEST_WAIT_MS * 2 ** (retry - 2);
        if (waitMs < timeLeft() && budget.spend(now())) {
          if (waitMs > 0) await sleep(waitMs);
          continue;
        }
      }
      if (result instanceof Unreachable) throw result;
      return result;
    }
  }

  async #try(...request: Parameters<Requests["request"]>): Promise<Answer | Unreachable> {
    try {
      return await this.#client.request(...request);
    } catch (error) {
      if (error instanceof Unreachable) return error;
      throw error;
    }
  }

  #isLost(result: Answer | Unreachable): boolean {
    if (result instanceof Unreachable) return result.mayPass;
    // 504: MISP may still be at work, and a second writer of the same event does harm
    // (docs/contracts/misp.md 0.8).
    if (result.status === 502 || result.status === 503) {
      return pauseAsked(result, this.#options.now()) === undefined;
    }
    return isCut(result);
  }
}
