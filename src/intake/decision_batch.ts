/**
 * Decisions that are stored together. Each commit writes all that was touched, so that one large commit
 * costs a flood a fraction of many small ones. Used by all that read blocks of lines.
 *
 * @module
 */
import type { AlertKey, Attempt, Decision } from "../model.ts";
import { ownText } from "../text.ts";

/** A batch of so many decisions is stored. Each has some hundred bytes: more would cost memory. */
const ENOUGH = 15_000;

/** The same for the characters of lines that are to be forwarded. */
const ENOUGH_TEXT = 12 * 1024 * 1024;

/** A batch. */
export class DecisionBatch {
  #decisions: Decision[] = [];
  #copier = new Copier();
  readonly #enoughText: number;
  #characters = 0;

  /** @param enoughText a batch is stored when its lines that are to be forwarded have so many characters */
  constructor(enoughText = ENOUGH_TEXT) {
    this.#enoughText = enoughText;
  }

  /** Adds decisions, as copies that do not keep the text in memory that they were read from. */
  add(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      this.#decisions.push(this.#copier.copy(decision));
      if (decision.kind === "attempts") this.#characters += decision.text?.length ?? 0;
    }
  }

  /** Whether it is to be stored now, though more can be read at once. */
  get isEnough(): boolean {
    return this.#decisions.length >= ENOUGH || this.#characters >= this.#enoughText;
  }

  /** Returns all decisions, and starts anew. */
  take(): readonly Decision[] {
    const decisions = this.#decisions;
    this.#decisions = [];
    this.#copier = new Copier();
    this.#characters = 0;
    return decisions;
  }
}

/** Copies decisions, so that they do not keep in memory the block of lines that they were read from. */
class Copier {
  /** A source that comes again gets the same text, whose hash is known by then. */
  readonly #sources = new Map<string, string>();
  #manager = "";

  copy(decision: Decision): Decision {
    const { kind } = decision;
    if (kind === "ignored") {
      const { key, reason } = decision;
      return key === undefined ? decision : { kind, key: this.#key(key), reason };
    }
    const { attempts, session, spoofedSrcip, text } = decision;
    const own = {
      kind,
      key: this.#key(decision.key),
      attempts: attempts.map((attempt) => this.#attempt(attempt)),
      spoofedSrcip,
    };
    if (text === undefined && session === undefined) return own;
    return {
      ...own,
      ...(text === undefined ? {} : { text: ownText(text) }),
      // They are few, and nothing of a clone is a part of the block.
      ...(session === undefined ? {} : { session: structuredClone(session) }),
    };
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
    if (password === undefined && !attempt.isLogin) return own;
    return {
      ...own,
      ...(password === undefined ? {} : { password: ownText(password) }),
      ...(attempt.isLogin ? { isLogin: true } : {}),
    };
  }

  #source(address: string): string {
    const known = this.#sources.get(address);
    if (known !== undefined) return known;
    const own = ownText(address);
    this.#sources.set(own, own);
    return own;
  }
}
