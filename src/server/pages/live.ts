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
  readonly render: () => Promise<string>;
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

/** The open streams. Each push is rendered once for all of them, and never without a stream. */
export class Live {
  readonly #parts: LiveParts;
  /** With the address of each. */
  readonly #listeners = new Map<Listener, string>();
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
   */
  async listen(client: string): Promise<ReadableStream<Uint8Array> | undefined> {
    if (this.#parts.ended?.aborted || this.size >= MOST_LISTENERS) return undefined;
    const own = [...this.#listeners.values()].filter((one) => one === client).length;
    if (own >= MOST_OF_CLIENT) return undefined;
    let listener: Listener;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        listener = controller;
        this.#listeners.set(controller, client);
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

  /** Pushes what changed; called each second while a stream is open. */
  async step(): Promise<void> {
    if (this.#isStepping) return;
    this.#isStepping = true;
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
      this.#isStepping = false;
    }
  }

  /** Pages show how long ago something was, so that each minute is a change. */
  async #mark(): Promise<string> {
    return `${await this.#parts.stamp()} ${Math.floor(this.#parts.now() / MINUTE)}`;
  }

  async #event(): Promise<string> {
    const lines = (await this.#parts.render()).split("\n");
    return `retry: 3000\nevent: parts\n${lines.map((line) => `data: ${line}\n`).join("")}\n`;
  }

  #toAll(text: string): void {
    this.#idleSteps = 0;
    for (const listener of this.#listeners.keys()) this.#send(listener, text);
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
