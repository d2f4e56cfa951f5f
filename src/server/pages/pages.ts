/**
 * The pages for people: overview, sources, refused reports.
 *
 * @module
 */
import type { Context as HonoContext, MiddlewareHandler } from "@hono/hono";
import { bodyLimit } from "@hono/hono/body-limit";
import { canonicalAddress } from "../../address.ts";
import type { Buffer } from "../../buffer/buffer.ts";
import { DAY } from "../../clock.ts";
import type { DueRules } from "../../buffer/outbox.ts";
import type { Changed, ReportKey } from "../../buffer/reports.ts";
import { PUBLISHER_PROBLEM } from "../../publish/names.ts";
import { PUBLISH_LEASE } from "../../publish/publisher.ts";
import type { Location } from "../../model.ts";
import type { App, Context } from "../context.ts";
import { ASSETS } from "./assets.ts";
import { dashboard, liveParts } from "./dashboard.ts";
import { asOf, layout, messagePage } from "./layout.ts";
import { Live, type Repeat } from "./live.ts";
import { refusedPage } from "./refused.ts";
import { NEW_ON_OVERVIEW } from "./sessions/payload_list.ts";
import { addSessionPages } from "./sessions/routes.ts";
import { sourcePage } from "./source.ts";
import { counted, type Html } from "./text.ts";

/** What pages are made from. */
export interface PageParts {
  readonly buffer: Pick<
    Buffer,
    "views" | "reports" | "settings"
  >;
  /** For links to events. */
  readonly mispUrl: string | undefined;
  readonly due: DueRules;
  readonly locate: (address: string) => Location | undefined;
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
}

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
  const dashboardParts = async () => {
    const at = now();
    const span = "day" as const;
    return {
      ...{
        found: await buffer.views.overview(at, span),
        span,
        now: at,
        mispUrl,
        locate,
        due: parts.due,
      },
      problem: await buffer.settings.get(PUBLISHER_PROBLEM),
      payloads: await buffer.views.newPayloads(at - DAY, NEW_ON_OVERVIEW),
    };
  };
  const live = new Live({
    ...{ now, log: route.log },
    stamp: () => buffer.views.stamp(),
    render: async () => {
      const drawn = await dashboardParts();
      return `${await liveParts(drawn)}${await asOf(drawn.now)}`;
    },
    ...(parts.ended === undefined ? {} : { ended: parts.ended }),
    ...(parts.repeat === undefined ? {} : { repeat: parts.repeat }),
  });

  app.get(
    "/",
    onlyViewers,
    async (context) => await show(context, dashboard(await dashboardParts())),
  );
  app.get("/live", onlyViewers, async (context) => {
    // A page of another site can have an <img> with this address.
    const site = context.req.header("Sec-Fetch-Site") ?? "none";
    if (site !== "same-origin" && site !== "none") {
      return context.json({ error: "/live is for the pages of this service only" }, 403);
    }
    const stream = await live.listen(context.env.remoteAddress);
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
  app.get("/sources", onlyViewers, (context) => {
    const address = (context.req.query("ip") ?? "").trim();
    return context.redirect(`/sources/${encodeURIComponent(address.slice(0, 100))}`, 303);
  });
  app.get("/sources/:ip", onlyViewers, async (context) => {
    const asked = context.req.param("ip");
    const sourceIp = canonicalAddress(asked);
    if (sourceIp === undefined) {
      const text = "This is not a valid address; use one such as 192.0.2.7 or 2001:db8::7.";
      return await show(context, messagePage("No such page", text, now()), 404);
    }
    if (sourceIp !== asked) {
      return context.redirect(`/sources/${encodeURIComponent(sourceIp)}`, 303);
    }
    const source = await buffer.views.source(sourceIp);
    if (source === undefined) {
      const text =
        `The buffer knows nothing of ${sourceIp}: it was not seen, or was deleted after its time.`;
      return await show(context, messagePage("Unknown source", text, now()), 404);
    }
    const location = locate(sourceIp);
    return await show(context, sourcePage({ source, mispUrl, location, now: now() }));
  });
  addSessionPages(app, {
    ...{ views: buffer.views, now, onlyViewers },
    page: async (context, title, body, status) =>
      await show(context, layout({ title, body, now: now() }), status),
    missing: async (context, title, text) =>
      await show(context, messagePage(title, text, now()), 404),
  });
  app.get("/refused", onlyViewers, async (context) => {
    const found = await buffer.views.refused(REFUSED_SHOWN);
    const notice = NOTICES.get(context.req.query("notice") ?? "")?.(context.req.query("reports"));
    return await show(context, refusedPage({ found, notice, mispUrl, now: now() }));
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
        return await show(context, messagePage("Invalid form", text, now()), 400);
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
