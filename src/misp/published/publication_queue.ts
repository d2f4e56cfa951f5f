/**
 * Events that MISP's background workers have yet to publish. With `MISP.background_jobs`, which is on by
 * default in production, MISP answers "Job queued" and publishes later, or never without a worker
 * (docs/contracts/misp.md 8.6): the program looks again.
 *
 * @module
 */
import { MINUTE } from "../../clock.ts";
import type { MispCalls } from "../misp_calls.ts";

/** An event that waits for a worker, and since when, milliseconds UTC. */
export interface QueuedEvent {
  readonly uuid: string;
  readonly at: number;
}

/** Where the queue is kept. */
export interface PublicationStore {
  /** JSON of a list of {@linkcode QueuedEvent}, oldest first; undefined: none was ever queued. */
  readonly get: () => Promise<string | undefined>;
  readonly put: (text: string) => Promise<void>;
}

/** A worker gets so long before the first look, and before each further one. */
const LOOK_AFTER_MS = MINUTE;

/** The oldest are forgotten first: a MISP without workers never publishes any. */
const MOST_QUEUED = 1000;

/** Looks at one time. */
const MOST_LOOKS = 3;

/** Reads what the queue stored. */
export function readQueue(text: string | undefined): readonly QueuedEvent[] {
  return JSON.parse(text ?? "[]") as readonly QueuedEvent[];
}

/** The events that MISP said it would publish. */
export class PublicationQueue {
  readonly #store: PublicationStore;
  readonly #now: () => number;
  #lookedAt = -Infinity;

  /** @param now milliseconds UTC */
  constructor(store: PublicationStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Remembers an event that was queued. */
  async add(uuid: string): Promise<void> {
    const others = (await this.#queued()).filter((one) => one.uuid !== uuid);
    await this.#write([...others, { uuid, at: this.#now() }]);
  }

  /**
   * Looks at the newest event that a worker had time for. Workers take one event after the other, so that
   * when it is published, the older ones are, too. Otherwise the oldest one shows whether they get on.
   */
  async lookAgain(calls: MispCalls): Promise<void> {
    if (Math.abs(this.#now() - this.#lookedAt) < LOOK_AFTER_MS) return;
    this.#lookedAt = this.#now();
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const queued = await this.#queued();
      const due = queued.filter(({ at }) => Math.abs(this.#now() - at) >= LOOK_AFTER_MS);
      const one = looks === 0 ? due.at(-1) : due[0];
      if (one === undefined) return;
      const meaning = await calls.view(one.uuid);
      const isOver = meaning.kind === "missing" ||
        meaning.kind === "stored" && meaning.event.published === true;
      if (!isOver) {
        if (looks > 0 || meaning.kind !== "stored") return;
        continue;
      }
      const isLater = ({ at }: QueuedEvent) => at > one.at;
      await this.#write(
        looks === 0 && meaning.kind === "stored"
          ? queued.filter(isLater)
          : queued.filter(({ uuid }) => uuid !== one.uuid),
      );
    }
  }

  async #queued(): Promise<readonly QueuedEvent[]> {
    return readQueue(await this.#store.get());
  }

  async #write(queued: readonly QueuedEvent[]): Promise<void> {
    await this.#store.put(JSON.stringify(queued.slice(-MOST_QUEUED)));
  }
}
