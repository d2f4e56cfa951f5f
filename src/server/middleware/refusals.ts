/**
 * Requests that no route answers, and refusals as pages for who looks with a browser.
 *
 * @module
 */
import type { MiddlewareHandler } from "@hono/hono";
import type { App, Context } from "../context.ts";

/** Methods by which some route may be asked; HEAD is answered as GET without its body. */
const METHODS = ["GET", "POST"] as const;

/** Answers what no route does: 405 with the methods that the path has, or 404. */
export function addUnknown(app: App): void {
  app.notFound((context) => {
    const { path } = context.req;
    const allowed = METHODS.filter((method) =>
      // Middleware matches every path: only routes name one.
      app.router.match(method, path)[0].some(([[, { path }]]) => !path.includes("*"))
    );
    if (allowed.length === 0) {
      return context.json({ error: "unknown path; use POST /alerts or GET /healthz" }, 404);
    }
    const names = allowed.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
    return context.json({ error: `wrong method; use ${names.join(", ")}` }, 405, {
      Allow: names.join(", "),
    });
  });
}

/** The refusals that people meet, and the titles of their pages. */
const TITLES: Readonly<Record<number, string>> = {
  401: "Log in",
  403: "Not allowed",
  404: "No such page",
  405: "Wrong method",
  429: "Too many requests",
};

const BY_TOKEN = "The password is a token of `serve token new`, with any user name.";

/**
 * Writes a refusal as a page where the request's `Accept` names HTML, as a browser's does.
 *
 * @param page writes it; it is for everybody, so that it shows nothing of the buffer
 */
export function refusalsAsPages(
  page: (title: string, text: string) => Promise<string>,
): MiddlewareHandler<Context> {
  return async (context, next) => {
    await next();
    const { res } = context;
    const title = TITLES[res.status];
    const isJson = res.headers.get("Content-Type")?.startsWith("application/json") ?? false;
    if (title === undefined || !isJson) return;
    if (!(context.req.header("Accept") ?? "").includes("text/html")) return;
    const { error } = await res.json();
    const isByToken = res.status === 401 && String(error).startsWith("send ");
    const text = isByToken ? BY_TOKEN : String(error);
    const headers = new Headers(res.headers);
    headers.set("Content-Type", "text/html; charset=utf-8");
    headers.set("Cache-Control", "no-store");
    headers.delete("Content-Length");
    context.res = new Response(await page(title, text), { status: res.status, headers });
  };
}
