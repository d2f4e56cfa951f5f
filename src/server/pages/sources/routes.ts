/**
 * The routes of the list of sources, of one source and of one sensor.
 *
 * @module
 */
import type { Context as HonoContext } from "@hono/hono";
import { html } from "@hono/hono/html";
import { canonicalAddress } from "../../../address.ts";
import type { SourceCursor, SourceQuery, SourceRow } from "../../../buffer/sources.ts";
import type { App, Context } from "../../context.ts";
import { messagePage } from "../layout.ts";
import type { PageParts, PageRoutes } from "../parts.ts";
import { listOf } from "../ranking.ts";
import { sourcePage } from "../source.ts";
import { cleaned } from "../text.ts";
import { SOURCE_CSV_HEAD, sourceCsv, sourceJson } from "../../../lists/source_rows.ts";
import { listPage } from "./list.ts";
import { askedFor, listAddress, lookUpAddress } from "./query.ts";
import { sensorPage } from "./sensor.ts";

/** Rows of a page, and of the list of a sensor. */
const PAGE_ROWS = 50;
const SENSOR_ROWS = 15;
/** Rows of one answer to a program, and of one read of the buffer for it. */
const EXPORT_ROWS = 10_000;
const READ_ROWS = 250;

/** Adds the routes. */
export function addSources(app: App, parts: PageParts, route: PageRoutes): void {
  const { buffer: { views }, mispUrl, locate, warninglistsOf = () => 0 } = parts;
  const { now, onlyViewers, show, frame } = route;
  const lookUp = (address: string) => ({
    location: locate(address),
    warninglists: warninglistsOf(address),
  });
  const exported = async (context: HonoContext<Context>, form: "csv" | "json") => {
    const asked = askedFor(queryOf(context), now(), READ_ROWS);
    if (asked.problems.length > 0) return context.json({ error: asked.problems.join(" ") }, 400);
    const { rows, next } = await readAll(parts, {
      ...asked.query,
      ...{ standing: await parts.standing?.(), isOffered: asked.query.state === undefined },
    });
    const found = rows.map((row) => [row, lookUp(row.sourceIp)] as const);
    const address = listAddress(`/sources.${form}`, asked.fields, { after: next });
    const headers = {
      "Cache-Control": "no-store",
      "Vary": "Accept",
      ...(next === undefined ? {} : { Link: `<${route.basePath}${address}>; rel="next"` }),
    };
    if (form === "json") {
      return context.json(found.map((one) => sourceJson(...one)), 200, headers);
    }
    const lines = [SOURCE_CSV_HEAD, ...found.map((one) => sourceCsv(...one))];
    return context.body(lines.map((line) => `${line}\r\n`).join(""), 200, {
      ...headers,
      "Content-Type": "text/csv; charset=utf-8; header=present",
      "Content-Disposition": 'attachment; filename="sources.csv"',
    });
  };

  app.get("/sources", onlyViewers, async (context) => {
    const address = context.req.query("ip");
    if (address !== undefined) return context.redirect(lookUpAddress(address), 303);
    const form = formOf(context.req.header("Accept") ?? "");
    if (form !== "html") return await exported(context, form);
    context.header("Vary", "Accept");
    const asked = askedFor(queryOf(context), now(), PAGE_ROWS);
    const isValid = asked.problems.length === 0;
    const found = isValid
      ? await views.sources({ ...asked.query, standing: await parts.standing?.() })
      : { rows: [], next: undefined, isComplete: true };
    const page = listPage({
      ...{ asked, found, mispUrl, locate, warninglistsOf, now: now() },
      frame: await frame(),
    });
    return await show(context, page, isValid ? 200 : 400);
  });
  app.get("/sources.csv", onlyViewers, (context) => exported(context, "csv"));
  app.get("/sources.json", onlyViewers, (context) => exported(context, "json"));
  app.get("/sources/:ip", onlyViewers, async (context) => {
    const asked = context.req.param("ip");
    const sourceIp = canonicalAddress(asked);
    if (sourceIp === undefined) {
      const text = html`
        This is not a valid address; use one such as 192.0.2.7 or 2001:db8::7.
                Or look for sources of the <a href="${listOf(
                  "username",
                  asked,
                )}">user name ${cleaned(asked, 40)}</a> or of the <a
          href="${listOf("sensor", asked)}">sensor ${cleaned(asked, 40)}</a>.
      `;
      return await show(context, messagePage("No such page", text, await frame()), 404);
    }
    if (sourceIp !== asked) {
      return context.redirect(`/sources/${encodeURIComponent(sourceIp)}`, 303);
    }
    const source = await views.source(sourceIp);
    if (source === undefined) {
      const text =
        `The buffer knows nothing of ${sourceIp}: it was not seen, or was deleted after its time.`;
      return await show(context, messagePage("Unknown source", text, await frame()), 404);
    }
    const at = now();
    const page = sourcePage({
      ...{ source, mispUrl, now: at, links: parts.sourceLinks ?? [] },
      standing: (await parts.standing?.())?.(sourceIp) ?? "offered",
      ...lookUp(sourceIp),
      day: await views.history("day", at, sourceIp),
      month: await views.history("month", at, sourceIp),
      frame: await frame(),
    });
    return await show(context, page);
  });
  app.get("/sensors/:key", onlyViewers, async (context) => {
    const key = context.req.param("key");
    const sensor = key.length > 500 ? undefined : await views.sensor(key, now());
    if (sensor === undefined) {
      const text = `The buffer knows no sensor "${
        cleaned(key, 100)
      }": it sent nothing, or not for long.`;
      return await show(context, messagePage("Unknown sensor", text, await frame()), 404);
    }
    if (sensor.sensor !== key) {
      return context.redirect(`/sensors/${encodeURIComponent(sensor.sensor)}`, 303);
    }
    const standing = await parts.standing?.();
    const query = { sensor: key, order: "attempts", most: SENSOR_ROWS, standing } as const;
    const page = sensorPage({
      ...{ sensor, mispUrl, locate, warninglistsOf, now: now() },
      silentMs: parts.silentSensorMs ?? 0,
      found: await views.sources(query),
      frame: await frame(),
    });
    return await show(context, page);
  });
}

const queryOf = (context: HonoContext<Context>): URLSearchParams => context.get("url").searchParams;

/** What an `Accept` asks for. A browser's names HTML first. */
function formOf(accept: string): "html" | "csv" | "json" {
  if (accept.includes("text/html")) return "html";
  if (accept.includes("application/json")) return "json";
  return accept.includes("text/csv") ? "csv" : "html";
}

/** Reads a list to its end, or as far as one answer goes; other requests are answered in between. */
async function readAll({ buffer: { views } }: PageParts, query: SourceQuery) {
  const rows: SourceRow[] = [];
  let next: SourceCursor | undefined = query.after;
  do {
    const found = await views.sources({ ...query, after: next });
    rows.push(...found.rows);
    next = found.next;
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (next !== undefined && rows.length < EXPORT_ROWS);
  return { rows, next };
}
