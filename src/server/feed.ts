/**
 * The feed folder by HTTP, for a MISP that pulls it. Only the files of a feed are served, each complete.
 *
 * @module
 */
import type { App } from "./context.ts";
import { type AccessRules, onlyViewers } from "./middleware/senders.ts";
import { messageOf } from "../errors.ts";
import { serveFile } from "./served_file.ts";

/** What the route of the feed needs. */
export interface FeedParts {
  /** Undefined: there is none. */
  readonly feedDirectory: string | undefined;
  readonly log: (level: "warning" | "error", message: string) => void;
}

/** The name of each file that a feed has. */
export const FEED_FILE =
  /^(manifest\.json|hashes\.csv|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json)$/;

/** Adds `GET /feed/manifest.json`, `/feed/hashes.csv` and `/feed/UUID.json`. */
export function addFeed(app: App, parts: AccessRules & FeedParts): void {
  app.get("/feed/:file", onlyViewers(parts), async (context) => {
    const name = context.req.param("file");
    const absent = () => context.json({ error: "the feed has no such file" }, 404);
    if (parts.feedDirectory === undefined || !FEED_FILE.test(name)) return absent();
    const type = name.endsWith(".csv") ? "text/csv; charset=utf-8" : "application/json";
    try {
      return await serveFile(context, `${parts.feedDirectory}/${name}`, type) ?? absent();
    } catch (error) {
      parts.log("error", `GET /feed: ${messageOf(error)}`);
      return context.json({ error: "the feed cannot be read" }, 503);
    }
  });
}
