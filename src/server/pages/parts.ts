/**
 * What pages are made from, and what their routes need.
 *
 * @module
 */
import type { Context as HonoContext, MiddlewareHandler } from "@hono/hono";
import type { Buffer } from "../../buffer/buffer.ts";
import type { DueRules } from "../../buffer/outbox.ts";
import type { StandingOf } from "../../guard/standing.ts";
import type { Location } from "../../model.ts";
import type { Context } from "../context.ts";
import type { Frame } from "./layout.ts";
import type { Repeat } from "./live.ts";
import type { Html } from "./text.ts";

/** What pages are made from. */
export interface PageParts {
  readonly buffer: Pick<
    Buffer,
    "views" | "reports" | "settings" | "leases"
  >;
  /** For links to events. */
  readonly mispUrl: string | undefined;
  /** Sites that know sources: NAME=URL with {ip}; none by default. */
  readonly sourceLinks?: readonly string[];
  /** A sensor that was not heard of for so long is silent, milliseconds; 0 by default: none is. */
  readonly silentSensorMs?: number;
  readonly due: DueRules;
  readonly locate: (address: string) => Location | undefined;
  /** What becomes of addresses as it is configured now; undefined: every source is shown. */
  readonly standing?: () => Promise<StandingOf>;
  /** How many warning lists an address is on; by default none. */
  readonly warninglistsOf?: (address: string) => number;
  /** Owner of the lease under which a page changes reports. */
  readonly owner: string;
  /** Ends the open streams. */
  readonly ended?: AbortSignal;
  readonly repeat?: Repeat;
}

/** What each route needs. */
export interface RouteParts {
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly log: (level: "error", message: string) => void;
  readonly onlyViewers: MiddlewareHandler<Context>;
  readonly onlySenders: MiddlewareHandler<Context>;
  /** Path below which a proxy shows the service; or empty. */
  readonly basePath: string;
}

/** What the routes of pages share. */
export interface PageRoutes extends RouteParts {
  /** Answers with a page. */
  readonly show: (
    context: HonoContext<Context>,
    page: Html,
    status?: 200 | 400 | 404,
  ) => Promise<Response>;
  readonly frame: () => Promise<Frame>;
}
