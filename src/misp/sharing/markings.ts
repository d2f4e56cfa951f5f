/**
 * Markings: tags of TLP and PAP, of which an event has one each, and the distributions that fit them. Pure.
 *
 * @module
 */
/**
 * The distributions that a marking fits. MISP warns on each event of another (MISP 2.5
 * `DefaultWarning::tlpDistributionCheck`); that `tlp:amber+strict` stays in its organisation is TLP's own
 * rule.
 */
const FITTING: ReadonlyMap<string, readonly number[]> = new Map([
  ["tlp:red", [0, 1, 2, 4]],
  ["tlp:amber+strict", [0, 4]],
  ["tlp:amber", [0, 1, 2, 4]],
  ["tlp:green", [1, 2, 3]],
  ["tlp:white", [3]],
]);

/** The tags that do not fit a distribution. */
export function unfitting(tags: readonly string[], distribution: number): readonly string[] {
  return tags.filter((tag) => FITTING.get(tag.toLowerCase())?.includes(distribution) === false);
}

/**
 * The tags without markings of a taxonomy of which the event has one: an event keeps its marking when the
 * configuration changes, and MISP complains about two.
 *
 * @param known the names of the tags that the event has
 */
export function withoutSecondMarkings<T extends { readonly name: string }>(
  tags: readonly T[],
  known: readonly string[],
): readonly T[] {
  const marked = new Set(known.flatMap(taxonomyOf));
  return tags.filter(({ name }) =>
    known.includes(name) || taxonomyOf(name).every((taxonomy) => !marked.has(taxonomy))
  );
}

/** The taxonomy of a marking; none for any other tag. */
function taxonomyOf(tag: string): readonly string[] {
  return /^(tlp|pap):/i.exec(tag)?.slice(1).map((name) => name.toLowerCase()) ?? [];
}
