/**
 * Comparison of what was sent with what MISP answered: MISP leaves parts out silently
 * (docs/contracts/misp.md 0.1). Pure.
 *
 * @module
 */
import type { Fields } from "../../json.ts";
import type { MispEvent } from "../event.ts";
import type { MispUpdate } from "../update.ts";
import { tagNames } from "./last_published.ts";
import { isThere, partsOf, storedParts } from "./parts.ts";

/** The parts that were sent and that an event lacks. */
export interface Comparison {
  /** Parts that are missing, or have another value. */
  readonly missing: readonly string[];
  /** Uuids of parts that MISP had and has no more: somebody deleted them. */
  readonly deleted: ReadonlySet<string>;
  readonly missingTags: readonly string[];
}

/**
 * Compares an event that MISP returned with the one that was sent.
 *
 * @param wasThere whether MISP had a part before
 */
export function compare(
  sent: MispEvent | MispUpdate,
  returned: Fields,
  wasThere: (uuid: string) => boolean = () => false,
): Comparison {
  const stored = storedParts(returned);
  const missing = sent.info === undefined || returned.info === sent.info
    ? []
    : [`info ${sent.info}`];
  const deleted = new Set<string>();
  const eventTags = new Set(tagNames(returned));
  const missingTags = new Set(
    sent.Tag.map(({ name }) => name).filter((name) => !eventTags.has(name.toLowerCase())),
  );
  for (const { uuid, name, value, attribute, within } of partsOf(sent)) {
    const part = stored.get(uuid);
    if (!isThere(part)) {
      if (wasThere(uuid) || within !== undefined && deleted.has(within)) deleted.add(uuid);
      else missing.push(name);
    } else if (value !== undefined && part.value !== value) {
      missing.push(name);
    } else {
      const tags = new Set(part.tags.map(({ name }) => name.toLowerCase()));
      for (const tag of attribute?.Tag ?? []) {
        if (!tags.has(tag.name.toLowerCase())) missingTags.add(tag.name);
      }
    }
  }
  return { missing: [...new Set(missing)], deleted, missingTags: [...missingTags] };
}

/** Whether MISP has each part and each tag of an event, with any value, or had it until it was deleted. */
export function hasAllParts(sent: MispEvent, returned: Fields): boolean {
  const stored = storedParts(returned);
  return partsOf(sent).every(({ uuid }) => stored.has(uuid)) &&
    compare(sent, returned).missingTags.length === 0;
}
