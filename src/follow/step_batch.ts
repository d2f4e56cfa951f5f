/**
 * Steps of a follower that are stored together, with the checkpoint that they lead to.
 *
 * @module
 */
import type { Followed } from "../buffer/intake.ts";
import type { DecidedLines } from "../intake/decide_lines.ts";
import { DecisionBatch } from "../intake/decision_batch.ts";
import type { Decision } from "../model.ts";
import type { Step } from "./follower.ts";

/** The first step of a batch waits at most so long, milliseconds: a reader of a slow disk is not a flood. */
const LONGEST_MS = 1000;

/** What one transaction stores. */
export interface ToStore {
  readonly decisions: readonly Decision[];
  readonly followed: Followed;
}

/** A batch of steps. */
export class StepBatch {
  readonly #decisions = new DecisionBatch();
  #followed: Followed | undefined;
  #since = 0;

  /** @param now milliseconds of any clock that goes on */
  add(
    { checkpoint, rotations }: Pick<Step, "checkpoint" | "rotations">,
    { decisions, lines, skipped }: DecidedLines,
    now: number,
  ) {
    this.#decisions.add(decisions);
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
    return this.#decisions.isEnough || now - this.#since >= LONGEST_MS;
  }

  /** Returns all steps as one, and starts anew; undefined when there was no step. */
  take(): ToStore | undefined {
    if (this.#followed === undefined) return undefined;
    const taken = { decisions: this.#decisions.take(), followed: this.#followed };
    this.#followed = undefined;
    return taken;
  }
}
