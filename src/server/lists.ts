/**
 * The lists of the configuration by HTTP, as the publisher wrote them: who fetches one gets what was checked
 * against the list before it.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import type { ListFile } from "../lists/file.ts";
import { CONTENT_TYPES } from "../lists/formats.ts";
import type { App } from "./context.ts";
import { type AccessRules, onlyViewers } from "./middleware/senders.ts";
import { KnownHashes, serveFile } from "./served_file.ts";

/** What the route of lists needs. */
export interface ListParts {
  /** Undefined: there are none. */
  readonly lists?: readonly ListFile[];
  readonly log: (level: "warning" | "error", message: string) => void;
}

/** Adds `GET /lists/NAME`. */
export function addLists(app: App, parts: AccessRules & ListParts): void {
  const lists = new Map((parts.lists ?? []).map((list) => [list.name, list]));
  const hashes = new KnownHashes();
  app.get("/lists/:name", onlyViewers(parts), async (context) => {
    const list = lists.get(context.req.param("name"));
    if (list === undefined) {
      return context.json({ error: "no list in the configuration has this name" }, 404);
    }
    try {
      return await serveFile(context, list.path, CONTENT_TYPES[list.format], hashes) ??
        context.json({ error: "the list was not written yet; see `status`" }, 404);
    } catch (error) {
      parts.log("error", `GET /lists: ${messageOf(error)}`);
      return context.json({ error: "the list cannot be read" }, 503);
    }
  });
}
