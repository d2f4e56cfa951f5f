/**
 * Steps of a follower that are stored together: with each commit whatever was touched is written, so
 * that few large ones cost a flood a fraction of what many small ones do.
 *
 * @module
 */
import type { Followed } from "../buffer/buffer.ts";
import type { Decision } from "../types.ts";
import type { DecidedStep } from "./decide_step.ts";
import type { Step } from "./follower.ts";

/** Decisions after which is stored, some hundred bytes each: more would cost memory. */
const ENOUGH = 25_000;

/** Characters of lines that are to be forwarded after which is stored. */
const ENOUGH_TEXT = 12 * 1024 * 1024;

/** How long the first of them waits at most, milliseconds: a reader of a slow disk is no flood. */
const LONGEST_MS = 500;

/** What is to be stored in one transaction. */
export interface ToStore {
  readonly decisions: readonly Decision[];
  readonly followed: Followed;
}

/** Gathers steps. */
export class Gathered {
  #decisions: Decision[] = [];
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
      this.#decisions.push(decision);
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
    this.#followed = undefined;
    this.#characters = 0;
    return taken;
  }
}
