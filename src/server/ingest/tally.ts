/**
 * Decides on the items of one body, stores them in batches, and adds up what became of them.
 *
 * @module
 */
import type { Accepted } from "../../buffer/intake.ts";
import type { Decision, IgnoreReason } from "../../model.ts";
import type { Item } from "../../wazuh/alert_file.ts";
import type { IngestAnswer, IngestError } from "../answers.ts";
import { BodyError } from "./body.ts";

/** The outcome of a body. */
export interface Reply {
  readonly status: 200 | 400 | 408 | 413 | 415 | 503;
  readonly body: IngestAnswer;
}

/** Stores decisions in one transaction. */
export type Accept = (decisions: readonly Decision[]) => Promise<Accepted>;

const MOST_ERRORS = 100;
/** So many entries that are not alerts are no accident. */
export const MOST_BAD = 10_000;

/** The outcomes of one body. */
export class Tally {
  readonly #decide: (item: Item) => Decision;
  readonly #ignored = new Map<IgnoreReason, number>();
  readonly #errors: IngestError[] = [];
  #accepted = 0;
  #duplicate = 0;
  /** Items that are stored, and those among them that are not alerts. */
  #items = 0;
  #bad = 0;
  #decisions: Decision[] = [];
  #newErrors: IngestError[] = [];
  #newBad = 0;

  constructor(decide: (item: Item) => Decision) {
    this.#decide = decide;
  }

  /** Decides on one item. */
  add(item: Item): void {
    const decision = this.#decide(item);
    if (decision.kind === "ignored" && decision.key === undefined) {
      const index = this.#items + this.#decisions.length;
      if (this.#errors.length + this.#newErrors.length < MOST_ERRORS) {
        this.#newErrors.push({ index, where: item.where, reason: decision.reason });
      }
      this.#newBad++;
    }
    this.#decisions.push(decision);
  }

  /** How many items wait to be stored. */
  get waiting(): number {
    return this.#decisions.length;
  }

  /** Whether so many items are not alerts that the body ends here. */
  get hasTooManyBad(): boolean {
    return this.#bad + this.#newBad > MOST_BAD;
  }

  /**
   * Stores what was added. The answer counts only what is committed.
   *
   * @throws {BodyError} when too many items were not alerts, after the commit
   */
  async store(accept: Accept): Promise<void> {
    const decisions = this.#decisions;
    if (decisions.length === 0) return;
    const [errors, bad] = [this.#newErrors, this.#newBad];
    [this.#decisions, this.#newErrors, this.#newBad] = [[], [], 0];
    const { accepted, duplicate, ignored } = await accept(decisions);
    this.#accepted += accepted;
    this.#duplicate += duplicate;
    for (const [reason, n] of ignored) {
      this.#ignored.set(reason, (this.#ignored.get(reason) ?? 0) + n);
    }
    this.#items += decisions.length;
    this.#bad += bad;
    this.#errors.push(...errors);
    if (!this.hasTooManyBad) return;
    throw new BodyError(
      400,
      `more than ${MOST_BAD} entries are not alerts; the rest of the body was not read`,
    );
  }

  /** Whether there is not a single alert among the items. */
  get isAllBad(): boolean {
    return this.#items > 0 && this.#bad === this.#items;
  }

  /** The answer with what was stored until now. */
  reply(status: Reply["status"], more: { error?: string; note?: string } = {}): Reply {
    const further = this.#bad - this.#errors.length;
    const body = {
      accepted: this.#accepted,
      duplicate: this.#duplicate,
      ignored: Object.fromEntries(this.#ignored),
      errors: this.#errors,
      ...(further === 0 ? {} : { further_errors: further }),
      ...more,
    };
    return { status, body };
  }
}
