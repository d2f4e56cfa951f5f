/**
 * The context of a request.
 *
 * @module
 */
import type { Hono } from "@hono/hono";
import type { Sender } from "./middleware/access.ts";

/** What a request carries from middleware to route. */
export interface Context {
  Bindings: {
    readonly remoteAddress: string;
    /** Whether the server that accepted the request shuts down meanwhile; never by default. */
    readonly isEnding?: () => boolean;
  };
  Variables: { readonly sender: Sender; readonly url: URL };
}

/** The app that routes are added to. */
export type App = Hono<Context>;
