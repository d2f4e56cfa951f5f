/**
 * Steps of a follower that are stored together: with each commit whatever was touched is written, so
 * that few large ones cost a flood a fraction of what many small ones do.
 *
 * @module
 */
import type { Followed } from "../buffer/intake.ts";
import { ownText } from "../text.ts";
import type { AlertKey, Attempt, Decision } from "../model.ts";
import type { DecidedStep } from "../intake/decide_lines.ts";
import type { Step } from "./follower.ts";

/** Decisions after which is stored, some hundred bytes each: more would cost memory. */
const ENOUGH = 15_000;

/** Characters of lines that are to be forwarded after which is stored. */
const ENOUGH_TEXT = 12 * 1024 * 1024;

/** How long the first of them waits at most, milliseconds: a reader of a slow disk is no flood. */
const LONGEST_MS = 1000;

/** What is to be stored in one transaction. */
export interface ToStore {
  readonly decisions: readonly Decision[];
  readonly followed: Followed;
}

/** Gathers steps. */
export class StepBatch {
  #decisions: Decision[] = [];
  #copier = new Copier();
  #followed: Followed | undefined;
  #characters = 0;
  #since = 0;

  /** @param now milliseconds of any clock that goes on */
  add(
    { checkpoint, rotations }: Pick<Step, "checkpoint" | "rotations">,
    { decisions, lines, skipped }: DecidedStep,
    now: number,
  ) {
    for (const decision of decisions) {
      this.#decisions.push(this.#copier.copy(decision));
      if (decision.kind === "attempts") this.#characters += decision.text?.length ?? 0;
    }
    const before = this.#followed;
    if (before === undefined) this.#since = now;
    this.#followed = {
      checkpoint,
      lines: (before?.lines ?? 0) + lines,
      skipped: (before?.skipped ?? 0) + skipped,
      rotations: (before?.rotations ?? 0) + rotations,
    };
  }

  /** Whether it is to be stored now, though more can be read at once. */
  isEnough(now: number): boolean {
    return this.#decisions.length >= ENOUGH || this.#characters >= ENOUGH_TEXT ||
      now - this.#since >= LONGEST_MS;
  }

  /** Gives all away; undefined: nothing was gathered. */
  take(): ToStore | undefined {
    if (this.#followed === undefined) return undefined;
    const taken = { decisions: this.#decisions, followed: this.#followed };
    this.#decisions = [];
    this.#copier = new Copier();
    this.#followed = undefined;
    this.#characters = 0;
    return taken;
  }
}

/** Copies decisions, so that they do not keep in memory the block of lines that they were read from. */
class Copier {
  /** A source that comes again has the same text, whose hash is known then. */
  readonly #sources = new Map<string, string>();
  #manager = "";

  copy(decision: Decision): Decision {
    const { kind } = decision;
    if (kind === "ignored") {
      const { key, reason } = decision;
      return { kind, key: key === undefined ? undefined : this.#key(key), reason };
    }
    const { attempts, spoofedSrcip, text } = decision;
    const own = {
      kind,
      key: this.#key(decision.key),
      attempts: attempts.map((attempt) => this.#attempt(attempt)),
      spoofedSrcip,
    };
    return text === undefined ? own : { ...own, text: ownText(text) };
  }

  #key({ manager, id }: AlertKey): AlertKey {
    if (manager !== this.#manager) this.#manager = ownText(manager);
    return { manager: this.#manager, id: ownText(id) };
  }

  /** Written out and not spread: this happens for every line of a flood. */
  #attempt(attempt: Attempt): Attempt {
    const { username, password } = attempt;
    const own = {
      sourceIp: this.#source(attempt.sourceIp),
      at: attempt.at,
      evidence: attempt.evidence,
      count: attempt.count,
      username: username === undefined ? undefined : ownText(username),
      sensor: attempt.sensor,
      location: attempt.location,
      pid: attempt.pid,
      techniques: attempt.techniques,
      service: attempt.service,
      sourceLocation: attempt.sourceLocation,
      isCompromise: attempt.isCompromise,
    };
    return password === undefined ? own : { ...own, password: ownText(password) };
  }

  #source(address: string): string {
    const known = this.#sources.get(address);
    if (known !== undefined) return known;
    const own = ownText(address);
    this.#sources.set(own, own);
    return own;
  }
}
