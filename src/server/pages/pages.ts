/**
 * The pages for people: overview, sources, refused reports.
 *
 * @module
 */
import type { Context as HonoContext } from "@hono/hono";
import { bodyLimit } from "@hono/hono/body-limit";
import { DAY } from "../../clock.ts";
import { RANKING_SPANS, type RankingSpan } from "../../buffer/rankings.ts";
import type { Changed, ReportKey } from "../../buffer/reports.ts";
import { PUBLISHER_PROBLEM } from "../../publish/names.ts";
import { PUBLISH_LEASE } from "../../publish/publisher.ts";
import type { App, Context } from "../context.ts";
import { ASSETS } from "./assets.ts";
import { dashboard, liveParts } from "./dashboard.ts";
import { underBasePath } from "../middleware/base_path.ts";
import { asOf, type Frame, layout, messagePage } from "./layout.ts";
import { Live } from "./live.ts";
import type { PageParts, RouteParts } from "./parts.ts";
import { refusedPage } from "./refused.ts";
import { addSources } from "./sources/routes.ts";
import { NEW_ON_OVERVIEW, PAYLOADS_TITLE } from "./sessions/payload_list.ts";
import { addSessionPages } from "./sessions/routes.ts";
import { counted, type Html } from "./text.ts";

export type { PageParts };

/** How many refused reports a page shows, and its button sends again at once. */
const REFUSED_SHOWN = 100;
/** Longest body of a form, which has two short fields; bytes. */
const LONGEST_FORM = 4096;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
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
        found: await buffer.views.overview(at, span),
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
  addSessionPages(app, {
    ...{ views: buffer.views, now, onlyViewers },
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
  addSources(app, parts, { ...route, show, frame });
  app.get("/refused", onlyViewers, async (context) => {
    const found = await buffer.views.refused(REFUSED_SHOWN);
    const notice = NOTICES.get(context.req.query("notice") ?? "")?.(context.req.query("reports"));
    return await show(context, refusedPage({ found, notice, mispUrl, frame: await frame() }));
  });
  app.post(
    "/refused/retry",
    route.onlySenders,
    bodyLimit({
      maxSize: LONGEST_FORM,
      onError: (context) =>
        context.json({ error: `the form is longer than ${LONGEST_FORM} bytes` }, 413),
    }),
    async (context) => {
      const form = new URLSearchParams(await context.req.text());
      const keys = await reportsOf(parts, form);
      if (keys === undefined) {
        const text = "The form does not name a report.";
        return await show(context, messagePage("Invalid form", text, await frame()), 400);
      }
      const lease = { name: PUBLISH_LEASE, owner: parts.owner };
      const changes = await buffer.reports.retry(keys, lease, now());
      return context.redirect(`/refused?${noticeOf(changes)}`, 303);
    },
  );
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

/** The reports that a form names; undefined: it names none. */
async function reportsOf(
  { buffer }: PageParts,
  form: URLSearchParams,
): Promise<readonly ReportKey[] | undefined> {
  if (form.has("all")) return (await buffer.views.refused(REFUSED_SHOWN)).rows;
  const uuid = form.get("report") ?? "";
  const sink = form.get("sink");
  if (!UUID.test(uuid) || (sink !== "misp" && sink !== "feed")) return undefined;
  return [{ uuid, sink }];
}

/** The outcome of a retry as a query of the next page, which shows a text of {@link NOTICES} only. */
function noticeOf(changes: readonly Changed[] | undefined): string {
  if (changes === undefined) return "notice=busy";
  const changed = changes.filter((change) => change === "changed").length;
  return changed === 0 ? "notice=none" : `notice=due&reports=${changed}`;
}

const NOTICES: ReadonlyMap<string, (reports: string | undefined) => string> = new Map([
  ["busy", () => "A publisher is at work: nothing was changed. Try again in a minute."],
  [
    "none",
    () => "Nothing was changed: the report was delivered or dropped, or a later one replaced it.",
  ],
  ["due", (reports: string | undefined) => {
    const amount = /^\d{1,3}$/.test(reports ?? "") ? Number(reports) : 1;
    return `${
      counted(amount, "report is", "reports are")
    } due now; the publisher sends within a minute.`;
  }],
]);
