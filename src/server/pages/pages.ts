/**
 * The pages for people: overview, sources, refused reports.
 *
 * @module
 */
import type { Context as HonoContext } from "@hono/hono";
import { DAY } from "../../clock.ts";
import { RANKING_SPANS, type RankingSpan } from "../../buffer/rankings.ts";
import { PUBLISHER_PROBLEM } from "../../publish/names.ts";
import type { App, Context } from "../context.ts";
import { ASSETS } from "./assets.ts";
import { dashboard, liveParts } from "./dashboard.ts";
import { underBasePath } from "../middleware/base_path.ts";
import { asOf, type Frame, layout, messagePage } from "./layout.ts";
import { Live } from "./live.ts";
import type { PageParts, RouteParts } from "./parts.ts";
import { addRefused } from "./refused/routes.ts";
import { addSources } from "./sources/routes.ts";
import { NEW_ON_OVERVIEW, PAYLOADS_TITLE } from "./sessions/payload_list.ts";
import { addSessionPages } from "./sessions/routes.ts";
import type { Html } from "./text.ts";

export type { PageParts };

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Adds the pages to the service. */
export function addPages(app: App, parts: PageParts, route: RouteParts): void {
  const { buffer, mispUrl, locate } = parts;
  const { now, onlyViewers } = route;
  const frame = async (): Promise<Frame> => {
    const at = now();
    return { now: at, compromised: await buffer.views.compromised(at) };
  };
  const dashboardParts = async (span: RankingSpan) => {
    const at = now();
    return {
      ...{
        found: await buffer.views.overview(at, span, await parts.standing?.()),
        span,
        now: at,
        mispUrl,
        locate,
        due: parts.due,
        silentMs: parts.silentSensorMs ?? 0,
      },
      problem: await buffer.settings.get(PUBLISHER_PROBLEM),
      payloads: await buffer.views.newPayloads(at - DAY, NEW_ON_OVERVIEW),
    };
  };
  const live = new Live({
    ...{ now, log: route.log },
    stamp: () => buffer.views.stamp(),
    render: async (view) => {
      const drawn = await dashboardParts(spanOf(view));
      const text = `${await liveParts(drawn)}${await asOf(drawn.now)}`;
      return underBasePath(text, route.basePath);
    },
    ...(parts.ended === undefined ? {} : { ended: parts.ended }),
    ...(parts.repeat === undefined ? {} : { repeat: parts.repeat }),
  });

  app.get(
    "/",
    onlyViewers,
    async (context) => {
      const span = spanOf(context.req.query("span"));
      return await show(context, dashboard(await dashboardParts(span)));
    },
  );
  app.get("/live", onlyViewers, async (context) => {
    // A page of another site can have an <img> with this address.
    const site = context.req.header("Sec-Fetch-Site") ?? "none";
    if (site !== "same-origin" && site !== "none") {
      return context.json({ error: "/live is for the pages of this service only" }, 403);
    }
    const stream = await live.listen(
      context.env.remoteAddress,
      spanOf(context.req.query("span")),
    );
    if (stream === undefined) {
      return context.json({ error: "too many live pages are open; close some" }, 503, {
        "Retry-After": "10",
      });
    }
    return new Response(stream, {
      headers: {
        "Content-Type": "text/event-stream; charset=utf-8",
        // A proxy that compresses or buffers would delay the events.
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",
      },
    });
  });
  const routes = { ...route, show, frame };
  addSessionPages(app, {
    ...{ views: buffer.views, now, onlyViewers, standing: parts.standing },
    page: async (context, title, body, status) =>
      await show(
        context,
        layout({
          ...{ title, body, frame: await frame() },
          ...(title === PAYLOADS_TITLE ? { at: "/payloads" as const } : {}),
        }),
        status,
      ),
    missing: async (context, title, text) =>
      await show(context, messagePage(title, text, await frame()), 404),
  });
  addSources(app, parts, routes);
  addRefused(app, parts, routes);
  for (const { path, type, text } of ASSETS) {
    app.get(path, onlyViewers, (context) =>
      context.body(text, 200, {
        "Content-Type": type,
        "Cache-Control": `private, max-age=${YEAR_SECONDS}, immutable`,
      }));
  }
}

/** The span that is asked for; a day unless it is one of them. */
function spanOf(text: string | undefined): RankingSpan {
  return RANKING_SPANS.find((span) => span === text) ?? "day";
}

async function show(context: HonoContext<Context>, page: Html, status: 200 | 400 | 404 = 200) {
  return context.html(await page, status, { "Cache-Control": "no-store" });
}
