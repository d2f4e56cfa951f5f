/**
 * A map that mostly has one entry, as what one hand-over says of one source: a flood has thousands of
 * sources, and an empty `Map` for each costs more than all that would be in it.
 *
 * @module
 */

/** Keeps the first entry by itself, and all in a `Map` once there is a second one. */
export class Few<Key, Value> {
  #key: Key | undefined;
  #value: Value | undefined;
  #all: Map<Key, Value> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    if (this.#all !== undefined) return this.#all.get(key);
    return this.#size === 1 && this.#key === key ? this.#value : undefined;
  }

  set(key: Key, value: Value): void {
    if (this.#size === 0 || this.#all === undefined && this.#key === key) {
      this.#key = key;
      this.#value = value;
      this.#size = 1;
      return;
    }
    this.#all ??= new Map([[this.#key as Key, this.#value as Value]]);
    this.#all.set(key, value);
    this.#size = this.#all.size;
  }

  /** In the order in which the keys came first. */
  forEach(visit: (value: Value, key: Key) => void): void {
    if (this.#all !== undefined) this.#all.forEach((value, key) => visit(value, key));
    else if (this.#size === 1) visit(this.#value as Value, this.#key as Key);
  }
}
