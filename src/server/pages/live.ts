/**
 * Pushes what changed to whoever looks (server-sent events).
 *
 * @module
 */
import { messageOf } from "../../errors.ts";
import { MINUTE } from "../../clock.ts";

/** Does something every so many milliseconds until it is stopped. */
export type Repeat = (work: () => void, milliseconds: number) => { readonly stop: () => void };

/** What is pushed, and when. */
export interface LiveParts {
  /** Another text once something was written. */
  readonly stamp: () => Promise<string>;
  readonly render: () => Promise<string>;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly log: (level: "error", message: string) => void;
  /** Ends all streams: a service that ends waits for them. */
  readonly ended?: AbortSignal;
  /** `setInterval()` by default. */
  readonly repeat?: Repeat;
}

/** Most who may listen at a time. */
export const MOST_LISTENERS = 50;

/** No more often is anything pushed, milliseconds. */
const STEP_MS = 1000;
/** Silence after which proxies could take a connection for dead, in steps. */
const KEEP_ALIVE_STEPS = 15;

const bySetInterval: Repeat = (work, milliseconds) => {
  const timer = setInterval(work, milliseconds);
  return { stop: () => clearInterval(timer) };
};

type Listener = ReadableStreamDefaultController<Uint8Array>;

/** Those who listen. One rendering a push is made for all of them, and none while nobody listens. */
export class Live {
  readonly #parts: LiveParts;
  readonly #listeners = new Set<Listener>();
  readonly #encoder = new TextEncoder();
  #clock: { readonly stop: () => void } | undefined;
  #pushed = "";
  #idleSteps = 0;
  #isAtWork = false;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    parts.ended?.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** How many listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /** A stream of what is pushed, the state of now first; undefined: there are too many. */
  async listen(): Promise<ReadableStream<Uint8Array> | undefined> {
    if (this.#parts.ended?.aborted || this.size >= MOST_LISTENERS) return undefined;
    let listener: Listener;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        listener = controller;
        this.#listeners.add(controller);
      },
      cancel: () => this.#leave(listener),
    });
    this.#clock ??= (this.#parts.repeat ?? bySetInterval)(() => void this.step(), STEP_MS);
    try {
      const mark = await this.#mark();
      this.#send(listener!, await this.#event());
      if (this.size === 1) this.#pushed = mark;
    } catch (error) {
      this.#leave(listener!);
      throw error;
    }
    return stream;
  }

  /** Pushes if something changed, or time went on; called each second while somebody listens. */
  async step(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      const mark = await this.#mark();
      if (mark !== this.#pushed) {
        const event = await this.#event();
        this.#pushed = mark;
        this.#toAll(event);
      } else if (++this.#idleSteps >= KEEP_ALIVE_STEPS) this.#toAll(": still here\n\n");
    } catch (error) {
      this.#parts.log("error", `live: ${messageOf(error)}`);
    } finally {
      this.#isAtWork = false;
    }
  }

  /** Times are told as they pass: each minute is a change. */
  async #mark(): Promise<string> {
    return `${await this.#parts.stamp()} ${Math.floor(this.#parts.now() / MINUTE)}`;
  }

  async #event(): Promise<string> {
    const lines = (await this.#parts.render()).split("\n");
    return `retry: 3000\nevent: parts\n${lines.map((line) => `data: ${line}\n`).join("")}\n`;
  }

  #toAll(text: string): void {
    this.#idleSteps = 0;
    for (const listener of this.#listeners) this.#send(listener, text);
  }

  /** Who is behind is left out: what comes next tells all again. */
  #send(listener: Listener, text: string): void {
    if ((listener.desiredSize ?? 0) > 0) listener.enqueue(this.#encoder.encode(text));
  }

  #leave(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.size > 0) return;
    this.#clock?.stop();
    this.#clock = undefined;
  }

  #end(): void {
    for (const listener of this.#listeners) {
      this.#leave(listener);
      listener.close();
    }
  }
}
