/**
 * What the buffer keeps for processes to leave for one another.
 *
 * @module
 */

/** Texts by their names. Every method is one transaction. */
export interface SettingStore {
  /** @returns undefined when nothing is kept under that name */
  get(name: string): Promise<string | undefined>;
  /** @param value undefined: nothing is kept under that name any more */
  put(name: string, value: string | undefined): Promise<void>;
}
