/**
 * Numbers as bars of text.
 *
 * @module
 */

/** Parts of a column, the emptiest first. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/**
 * A bar; one that is not 0 shows at least its first eighth of a column.
 *
 * @param most what fills all columns
 */
export function bar(value: number, most: number, columns: number): string {
  if (value <= 0 || most <= 0) return "";
  const eighths = Math.max(1, Math.round(Math.min(1, value / most) * columns * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}
