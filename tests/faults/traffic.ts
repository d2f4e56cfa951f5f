/**
 * Attackers as a honeypot on the internet meets them: a few that stay, most in short bursts, some of
 * which come back. Beside it a model of what must be in MISP in the end, which knows nothing of `src/`.
 *
 * @module
 */
import type { Decision } from "../../src/model.ts";
import { seededRandom } from "../support/random.ts";
import { decisionOf, type Guess, HOUR, MINUTE, START } from "./site.ts";

/** Alerts of so long are handed over at once, milliseconds. */
export const STEP_MS = 10 * MINUTE;

/** How much there is of it in one step. */
export interface Amount {
  readonly alerts: number;
  readonly stayers: number;
  /** Alerts of each. */
  readonly ofBackgroundPublisher: number;
  /** Bursts that begin. */
  readonly bursts: number;
}

/** A sensor saw a source again. */
export interface Seen {
  readonly source: string;
  readonly sensor: string;
  readonly second: number;
}

/** What MISP must know of a source in the end. */
export interface Known {
  readonly source: string;
  readonly first: number;
  last: number;
  alerts: number;
  /** Snapshot attacks so far. */
  attacks: number;
  /** What came since the last one; `since` and `latest` are of our clock. */
  open: { since: number; latest: number; readonly sensors: Map<string, number> } | undefined;
}

interface Burst {
  readonly source: string;
  readonly sensor: string;
  stepsLeft: number;
}

const SENSORS = ["honeypot-fra1", "honeypot-ams2", "honeypot-nyc3", "honeypot-sgp4"];
const USERNAMES = ["root", "admin", "ubuntu", "git", "postgres", "oracle", "pi", "ftp", "test"];
const LONGEST_BURST = 8;
const OF_CONNECTION = 6;
/** Wazuh hands some alerts over twice: one in so many. */
const TWICE = 100;

/** Gives the alerts of one step after the other. */
export class Traffic {
  readonly known: Map<string, Known> = new Map();
  readonly sightings: Seen[] = [];
  handedOver = 0;
  repeated = 0;
  readonly #amount: Amount;
  readonly #random = seededRandom(20260823);
  readonly #sources: string[] = [];
  readonly #open: Set<Known> = new Set();
  readonly #stayers: readonly string[];
  #bursts: Burst[] = [];
  #step = 0;

  constructor(amount: Amount) {
    this.#amount = amount;
    this.#stayers = Array.from({ length: amount.stayers }, (_, n) => `45.83.64.${n + 1}`);
  }

  /** The alerts of the next step, which arrive at its end; a few of them twice. */
  next(): readonly Decision[] {
    const { alerts, ofBackgroundPublisher, bursts } = this.#amount;
    const random = this.#random;
    const from = START + this.#step++ * STEP_MS;
    const arrival = from + STEP_MS;
    const begun = Array.from({ length: bursts }, (): Burst => ({
      source: this.#sourceOfBurst(),
      sensor: SENSORS[random(SENSORS.length)]!,
      // The first ones are over at once: when something is due is then known for any amount.
      stepsLeft: from === START ? 1 : 1 + random(LONGEST_BURST),
    }));
    this.#bursts = [...this.#bursts.filter(({ stepsLeft }) => stepsLeft > 0), ...begun];
    const guesses: Omit<Guess, "pid">[] = [];
    for (const [n, source] of this.#stayers.entries()) {
      const two = [SENSORS[n % SENSORS.length]!, SENSORS[(n + 1) % SENSORS.length]!];
      for (let i = 0; i < ofBackgroundPublisher; i++) {
        guesses.push(this.#guess(source, two[i & 1]!, from));
      }
    }
    const left = alerts - guesses.length;
    for (let i = 0; i < left; i++) {
      const { source, sensor } = this.#bursts[i % this.#bursts.length]!;
      guesses.push(this.#guess(source, sensor, from));
    }
    for (const burst of this.#bursts) burst.stepsLeft--;
    guesses.sort((one, other) => one.at - other.at);
    this.handedOver += guesses.length;
    const decisions = guesses.map((guess) =>
      decisionOf({ ...guess, pid: this.#note(guess, arrival) })
    );
    const twice = decisions.filter((_, n) => n % TWICE === 0);
    this.repeated += twice.length;
    return [...decisions, ...twice];
  }

  /** What the rules of the design make of it: an attack ends after 15 minutes of silence, or an hour. */
  look(now: number): void {
    for (const known of this.#open) {
      const { since, latest, sensors } = known.open!;
      if (latest > now - 15 * MINUTE && since > now - HOUR) continue;
      if (known.attacks > 0) {
        for (const [sensor, at] of sensors) {
          this.sightings.push({ source: known.source, sensor, second: Math.floor(at / 1000) });
        }
      }
      known.attacks++;
      known.open = undefined;
      this.#open.delete(known);
    }
  }

  /** Most are new; some were here before. */
  #sourceOfBurst(): string {
    const random = this.#random;
    if (this.#sources.length > 0 && random(5) === 0) {
      return this.#sources[random(this.#sources.length)]!;
    }
    const n = this.#sources.length;
    const source = `82.${n >> 16 & 255}.${n >> 8 & 255}.${n & 255}`;
    this.#sources.push(source);
    return source;
  }

  #guess(source: string, sensor: string, from: number) {
    return {
      source,
      sensor,
      at: from + this.#random(STEP_MS),
      username: USERNAMES[this.#random(USERNAMES.length)]!,
    };
  }

  /** @returns the pid of its connection: sshd lets so many guesses into one */
  #note({ source, sensor, at }: Omit<Guess, "pid">, arrival: number): number {
    let known = this.known.get(source);
    if (known === undefined) {
      known = { source, first: at, last: at, alerts: 0, attacks: 0, open: undefined };
      this.known.set(source, known);
    }
    known.alerts++;
    known.last = Math.max(known.last, at);
    known.open ??= { since: arrival, latest: arrival, sensors: new Map() };
    known.open.latest = arrival;
    known.open.sensors.set(sensor, at);
    this.#open.add(known);
    return 1000 + Math.floor(known.alerts / OF_CONNECTION);
  }
}
