/**
 * The known word that a mistyped one stands for.
 *
 * @module
 */

/**
 * A question for an error message, such as `did you mean flush? `.
 *
 * @returns an empty text when no known word is near enough
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? "" : `did you mean ${meant}? `;
}

/**
 * The known word that is nearest to another one.
 *
 * @returns undefined when none is near enough to be a slip
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // No name is that long, and the distance takes quadratic time.
  if (word.length > 40) return undefined;
  const written = bare(word.toLowerCase());
  if (written === "") return undefined;
  let best: string | undefined;
  // Two slips in a long word, one in a short one.
  let least = (written.length > 4 ? 2 : 1) + 1;
  for (const one of known) {
    const name = bare(one);
    const isBeginning = written.length > 2 && name.startsWith(written);
    const steps = isBeginning ? 1 : distance(written, name);
    if (steps < least) [best, least] = [one, steps];
  }
  return best;
}

/** Without dashes, which users leave out or add. */
const bare = (word: string) => word.replace(/^-+/, "");

/**
 * Fewest insertions, deletions, replacements and swaps of neighbours that turn one word into the
 * other (optimal string alignment).
 */
export function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      let steps = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + (isSame ? 0 : 1),
      );
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        steps = Math.min(steps, rows[i - 2]![j - 2]! + 1);
      }
      row.push(steps);
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}
