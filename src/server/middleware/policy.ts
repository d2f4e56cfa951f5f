/**
 * Security headers: what browsers may do with an answer.
 *
 * @module
 */
import type { MiddlewareHandler } from "@hono/hono";
import { secureHeaders } from "@hono/hono/secure-headers";
import type { Context } from "../context.ts";

/** The name of the header. */
export const POLICY = "Content-Security-Policy";

const headersOf = (isTls: boolean) =>
  secureHeaders({
    // Over plain HTTP it says nothing, and other services of a host may have no TLS.
    strictTransportSecurity: isTls ? "max-age=15552000" : false,
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    // Without a referrer, browsers send `Origin: null` with the forms of these pages too.
    referrerPolicy: "same-origin",
    xFrameOptions: "DENY",
  });

const setOverTls = headersOf(true);
const setPlain = headersOf(false);

/** Adds the headers to an answer without its own policy. */
export const withPolicy: MiddlewareHandler<Context> = async (context, next) => {
  await next();
  if (context.res.headers.has(POLICY)) return;
  const set = context.req.raw.url.startsWith("https:") ? setOverTls : setPlain;
  await set(context, () => Promise.resolve());
};
