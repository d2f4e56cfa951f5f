/**
 * The routes of files, clients and keys that sources have in common.
 *
 * @module
 */
import type { Context as HonoContext, MiddlewareHandler } from "@hono/hono";
import type { FoundKind, ItemView } from "../../../buffer/sessions.ts";
import { isTakenBack } from "../../../buffer/sources.ts";
import type { Views } from "../../../buffer/views.ts";
import { DAY } from "../../../clock.ts";
import { isHidden, type StandingOf } from "../../../guard/standing.ts";
import type { App, Context } from "../../context.ts";
import type { Html } from "../text.ts";
import { itemCsv, itemJson, payloadsCsv, payloadsJson } from "./export.ts";
import { itemBody, itemTitle } from "./item_page.ts";
import { ITEM_PATHS, itemPath } from "./links.ts";
import { PAYLOADS_TITLE, payloadsBody } from "./payload_list.ts";

/** What the routes need. */
export interface SessionRoutes {
  readonly views: Pick<Views, "item" | "newPayloads">;
  /** What becomes of addresses now; undefined: every source is shown. */
  readonly standing: (() => Promise<StandingOf>) | undefined;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly onlyViewers: MiddlewareHandler<Context>;
  /** Answers with a page. */
  readonly page: (
    context: HonoContext<Context>,
    title: string,
    body: Html,
    status?: 200 | 404,
  ) => Promise<Response>;
  /** Answers with a page that has nothing but a message. */
  readonly missing: (
    context: HonoContext<Context>,
    title: string,
    text: string,
  ) => Promise<Response>;
}

/** Sources of an item that are read, for a page or for a program. */
const MOST_SOURCES = 10_000;
const LISTED_DAYS = 30;
/** Rows of the list, and of its form for programs. */
const LISTED = 100;
const EXPORTED = 1_000;

/** What values of each kind look like, and how people call one. */
const KINDS: readonly (readonly [FoundKind, RegExp, string])[] = [
  ["payload", /^[0-9a-f]{64}$/, "SHA-256: 64 hexadecimal digits"],
  ["hassh", /^[0-9a-f]{32}$/, "HASSH: 32 hexadecimal digits"],
  ["key", /^SHA256:[A-Za-z0-9+/]{43}$/, "fingerprint of a key: SHA256: and 43 characters"],
];

/** Adds the routes. */
export function addSessionPages(app: App, route: SessionRoutes): void {
  const { views, now, onlyViewers, page, missing } = route;
  const newPayloads = (most: number) => views.newPayloads(now() - LISTED_DAYS * DAY, most);
  app.get(
    "/payloads",
    onlyViewers,
    async (context) =>
      await page(context, PAYLOADS_TITLE, payloadsBody(await newPayloads(LISTED), now())),
  );
  app.get(
    "/payloads.json",
    onlyViewers,
    async (context) =>
      context.json(payloadsJson((await newPayloads(EXPORTED)).rows), 200, NOT_STORED),
  );
  app.get(
    "/payloads.csv",
    onlyViewers,
    async (context) =>
      csvAnswer(context, payloadsCsv((await newPayloads(EXPORTED)).rows), "payloads.csv"),
  );
  for (const [kind, form, wanted] of KINDS) {
    app.get(`${ITEM_PATHS[kind]}/:value`, onlyViewers, async (context) => {
      const [, given = "", as] = /^(.*?)(?:\.(csv|json))?$/s.exec(context.req.param("value")!) ??
        [];
      const value = kind === "key" ? given : given.toLowerCase();
      if (!form.test(value)) {
        const text = `This is not a valid ${wanted}.`;
        return as === undefined
          ? await missing(context, "No such page", text)
          : context.json({ error: text }, 404);
      }
      const found = await views.item(kind, value, MOST_SOURCES);
      if (found === undefined) {
        const text = "No report of a source that the buffer knows has it.";
        return as === undefined
          ? await missing(context, "Unknown", text)
          : context.json({ error: text }, 404);
      }
      const standing = await route.standing?.();
      if (as === "json") return context.json(itemJson(offered(found, standing)), 200, NOT_STORED);
      if (as === "csv") return csvAnswer(context, itemCsv(offered(found, standing)), "sources.csv");
      if (value !== given) return context.redirect(itemPath(kind, value), 303);
      const seen = shown(found, standing);
      return await page(context, itemTitle(kind, value), itemBody(kind, seen, now()));
    });
  }
}

/** An item with the sources that pages show. */
function shown(view: ItemView, standing: StandingOf = () => "offered"): ItemView {
  const sources = view.sources.filter(({ sourceIp, compromisedAt }) =>
    !isHidden(standing(sourceIp), compromisedAt !== undefined)
  );
  return { ...view, sources };
}

/** An item with the sources that events give to detection: for other programs. */
function offered(view: ItemView, standing: StandingOf = () => "offered"): ItemView {
  const sources = view.sources.filter((source) =>
    !isTakenBack(source) && standing(source.sourceIp) === "offered"
  );
  return { ...view, sources };
}

const NOT_STORED = { "Cache-Control": "no-store" };

function csvAnswer(context: HonoContext<Context>, text: string, name: string): Response {
  return context.body(text, 200, {
    ...NOT_STORED,
    "Content-Type": "text/csv; charset=utf-8; header=present",
    "Content-Disposition": `attachment; filename="${name}"`,
  });
}
