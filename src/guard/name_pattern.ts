/**
 * Patterns for names that users configure: `*` stands for any text, every other character for itself.
 * They are not regular expressions, and upper or lower case does not matter.
 *
 * @module
 */

/** Whether a name fits. */
export type NamePattern = (name: string) => boolean;

/**
 * Builds a pattern.
 *
 * Its pieces are found one behind the other, and none is looked for a second time: a pattern of
 * many `*` takes no longer than the same pieces without them.
 */
export function namePattern(text: string): NamePattern {
  const [first = "", ...others] = text.toLowerCase().split("*");
  const last = others.pop();
  if (last === undefined) return (name) => name.toLowerCase() === first;
  const shortest = first.length + last.length;
  return (name) => {
    const lower = name.toLowerCase();
    const end = lower.length - last.length;
    if (lower.length < shortest || !lower.startsWith(first) || !lower.endsWith(last)) return false;
    let at = first.length;
    for (const piece of others) {
      const found = lower.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}

/** A pattern for how a name begins. With a `*` in it, the text is a pattern for the whole name. */
export function prefixPattern(text: string): NamePattern {
  return namePattern(text.includes("*") ? text : `${text}*`);
}
