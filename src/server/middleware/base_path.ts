/**
 * A service under a path of a proxy (`server.base_path`): what the pages link to, and what arrives.
 *
 * @module
 */
import type { MiddlewareHandler } from "@hono/hono";
import type { Context } from "../context.ts";

/**
 * Puts the path before every address of this service in a page. Only attributes begin that way: text
 * has its quotes escaped.
 */
export function underBasePath(page: string, basePath: string): string {
  if (basePath === "") return page;
  return page.replaceAll(/(\b(?:href|src|action|data-events)=")(?=\/(?!\/))/g, `$1${basePath}`);
}

/** The path of a request as routes know it, whether the proxy removed the base path or not. */
export function withoutBasePath(path: string, basePath: string): string {
  if (basePath === "") return path;
  if (path === basePath) return "/";
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}

/** Puts the path before the addresses in pages, and before those that an answer leads to. */
export function linksUnder(basePath: string): MiddlewareHandler<Context> {
  return async (context, next) => {
    await next();
    const { headers, status } = context.res;
    const location = headers.get("Location");
    if (location?.startsWith("/")) headers.set("Location", `${basePath}${location}`);
    if (!headers.get("Content-Type")?.startsWith("text/html")) return;
    const page = underBasePath(await context.res.text(), basePath);
    context.res = new Response(page, { status, headers });
  };
}
