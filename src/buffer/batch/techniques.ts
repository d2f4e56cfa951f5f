/**
 * Techniques as the row of an attack keeps them. Nearly all sources have the same few: rows of their own
 * would have one more page written for each source that is new.
 *
 * @module
 */
import type { Technique } from "../../model.ts";
import { storedJson } from "../sqlite/errors.ts";
import { storable } from "./storable.ts";

/** No attack has so many; a hostile sender must not make each further alert cost more. */
export const MOST_TECHNIQUES = 100;

/** @param text of the column; null: there are none */
export function storedTechniques(text: unknown): readonly Technique[] {
  if (text === null) return [];
  const known = storedJson(String(text)) as readonly { id: string; name?: string | null }[];
  return known.map(({ id, name }) => ({ id, name: name ?? undefined }));
}

/** Makes the texts of one batch, each once. */
export class TechniqueTexts {
  readonly #made = new Map<string, string | null>();

  /**
   * What is to be stored when techniques come to those that are stored; of each the first name is kept.
   *
   * @returns null: what is stored does not change
   */
  added(stored: string | null, techniques: readonly Technique[]): string | null {
    let key = stored ?? "";
    for (const { id, name } of techniques) key += `\n${id} ${name ?? ""}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const text = merged(storedTechniques(stored), techniques);
    const changed = text === stored ? null : text;
    this.#made.set(key, changed);
    return changed;
  }
}

function merged(stored: readonly Technique[], techniques: readonly Technique[]): string | null {
  const all = new Map<string, Technique>();
  for (const technique of [...stored, ...techniques]) {
    const id = storable(technique.id);
    const name = technique.name === undefined ? undefined : storable(technique.name);
    all.set(id, { id, name: all.get(id)?.name ?? name });
  }
  if (all.size === 0) return null;
  const kept = [...all.values()].slice(0, MOST_TECHNIQUES);
  return JSON.stringify(kept.sort((one, other) => one.id < other.id ? -1 : 1));
}
