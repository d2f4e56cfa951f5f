/**
 * The colours of tags in a feed: MISP shows a tag that comes without one in red (docs/contracts/misp.md 7).
 * Those of its taxonomies are theirs; a MISP that has a tag already keeps its own colour. Pure.
 *
 * @module
 */

/** Of tags that no line below is about: grey says nothing. */
const NEUTRAL = "#808080";

/** By the beginning of a tag's name in lower case; the first that fits counts. */
const COLOURS: readonly (readonly [beginning: string, colour: string])[] = [
  ["tlp:red", "#ff2b2b"],
  ["tlp:amber", "#ffc000"],
  ["tlp:green", "#33ff00"],
  ["tlp:white", "#ffffff"],
  ["tlp:clear", "#ffffff"],
  ["pap:red", "#ff0000"],
  ["pap:amber", "#ffa800"],
  ["pap:green", "#00ad1c"],
  ["pap:white", "#ffffff"],
  ["pap:clear", "#ffffff"],
  ["cssa:origin=", "#2f8a6c"],
  ["cssa:sharing-class=", "#00b3e2"],
  ["rsit:", "#5b7fa6"],
  ["honeypot-basic:", "#8a6d3b"],
  ["admiralty-scale:", "#055493"],
  ["misp:", "#2a9fd6"],
  ["workflow:", "#6a737d"],
  ["false-positive:", "#c77d0a"],
  ["misp-galaxy:", "#0088cc"],
];

/** The colour of a tag, such as `#33ff00`. */
export function colourOf(name: string): string {
  const lower = name.toLowerCase();
  return COLOURS.find(([beginning]) => lower.startsWith(beginning))?.[1] ?? NEUTRAL;
}

/** Gives each tag below a part its colour. */
export function withColours<T>(part: T): T {
  const colour = (key: string, value: unknown) =>
    key === "Tag" && Array.isArray(value)
      ? value.map((tag: { readonly name: string }) => ({ ...tag, colour: colourOf(tag.name) }))
      : value;
  return JSON.parse(JSON.stringify(part, colour)) as T;
}
