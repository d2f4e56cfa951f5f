/**
 * Pushes changes to the open overviews (server-sent events).
 *
 * @module
 */
import { messageOf } from "../../errors.ts";
import { MINUTE } from "../../clock.ts";

/** Repeats some work, at an interval in milliseconds, until it is stopped. */
export type Repeat = (work: () => void, milliseconds: number) => { readonly stop: () => void };

/** What the stream is made of. */
export interface LiveParts {
  /** A text that changes when the buffer does. */
  readonly stamp: () => Promise<string>;
  /** @param view what is shown: each stream has one */
  readonly render: (view: string) => Promise<string>;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly log: (level: "error", message: string) => void;
  /** Ends all streams, for which a service that ends waits. */
  readonly ended?: AbortSignal;
  /** `setInterval()` by default. */
  readonly repeat?: Repeat;
}

/** Most streams at a time. */
export const MOST_LISTENERS = 50;

/** Most streams of one address; behind a proxy, all viewers share one. */
export const MOST_OF_CLIENT = 20;

/** Shortest time between two pushes, milliseconds. */
const STEP_MS = 1000;
/** Steps without a push after which a line is sent, since proxies close a silent connection. */
const KEEP_ALIVE_STEPS = 15;

const bySetInterval: Repeat = (work, milliseconds) => {
  const timer = setInterval(work, milliseconds);
  return { stop: () => clearInterval(timer) };
};

type Listener = ReadableStreamDefaultController<Uint8Array>;

/** Who listens, and to what. */
interface Listening {
  readonly client: string;
  readonly view: string;
}

/** The open streams. Each view is rendered once for all of its streams, and never without a stream. */
export class Live {
  readonly #parts: LiveParts;
  readonly #listeners = new Map<Listener, Listening>();
  readonly #encoder = new TextEncoder();
  #clock: { readonly stop: () => void } | undefined;
  #pushed = "";
  #idleSteps = 0;
  #isStepping = false;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    parts.ended?.addEventListener("abort", () => this.#end(), { once: true });
  }

  /** How many streams are open. */
  get size(): number {
    return this.#listeners.size;
  }

  /**
   * Opens a stream, which begins with the present state; undefined: there are too many.
   *
   * @param client the address that asks
   * @param view what is shown
   */
  async listen(client: string, view: string): Promise<ReadableStream<Uint8Array> | undefined> {
    if (this.#parts.ended?.aborted || this.size >= MOST_LISTENERS) return undefined;
    const own = [...this.#listeners.values()].filter((one) => one.client === client).length;
    if (own >= MOST_OF_CLIENT) return undefined;
    let listener: Listener;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        listener = controller;
        this.#listeners.set(controller, { client, view });
      },
      cancel: () => this.#leave(listener),
    });
    this.#clock ??= (this.#parts.repeat ?? bySetInterval)(() => void this.step(), STEP_MS);
    try {
      const mark = await this.#mark();
      this.#send(listener!, await this.#event(view));
      if (this.size === 1) this.#pushed = mark;
    } catch (error) {
      this.#leave(listener!);
      throw error;
    }
    return stream;
  }

  /** Pushes what changed; called each second while a stream is open. */
  async step(): Promise<void> {
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      const mark = await this.#mark();
      if (mark !== this.#pushed) {
        await this.#push();
        this.#pushed = mark;
      } else if (++this.#idleSteps >= KEEP_ALIVE_STEPS) {
        for (const listener of this.#listeners.keys()) this.#send(listener, ": still here\n\n");
        this.#idleSteps = 0;
      }
    } catch (error) {
      this.#parts.log("error", `live: ${messageOf(error)}`);
    } finally {
      this.#isStepping = false;
    }
  }

  /** Pages show how long ago something was, so that each minute is a change. */
  async #mark(): Promise<string> {
    return `${await this.#parts.stamp()} ${Math.floor(this.#parts.now() / MINUTE)}`;
  }

  async #event(view: string): Promise<string> {
    const lines = (await this.#parts.render(view)).split("\n");
    return `retry: 3000\nevent: parts\n${lines.map((line) => `data: ${line}\n`).join("")}\n`;
  }

  async #push(): Promise<void> {
    const events = new Map<string, string>();
    for (const { view } of [...this.#listeners.values()]) {
      if (!events.has(view)) events.set(view, await this.#event(view));
    }
    for (const [listener, { view }] of this.#listeners) {
      const event = events.get(view);
      if (event !== undefined) this.#send(listener, event);
    }
    this.#idleSteps = 0;
  }

  /** Skips a stream that is behind: the next push contains everything again. */
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
    for (const listener of this.#listeners.keys()) {
      this.#leave(listener);
      listener.close();
    }
  }
}
