/**
 * Answers of the fake MISP, and the refusals a handler throws to give one.
 *
 * @module
 */

/** One answer before it goes on the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const COOKIE = "CAKEPHP=0123456789abcdefghijklmnop; path=/; HttpOnly";
const JSON_TYPE = ["Content-Type", "application/json; charset=UTF-8"] as const;
const HTML_TYPE = ["Content-Type", "text/html; charset=UTF-8"] as const;
const COOKIES = [["Set-Cookie", COOKIE], ["Set-Cookie", COOKIE]] as const;

/** A refusal on its way up to the server. */
export class Refused extends Error {
  override name = "Refused";
  /** The answer to give. */
  readonly answer: Answer;

  /** @param answer The answer to give. */
  constructor(answer: Answer) {
    super(`MISP answers ${answer.status}`);
    this.answer = answer;
  }
}

/**
 * A JSON answer as MISP prints it.
 *
 * @param status HTTP status.
 * @param value What to print.
 * @param headers Further headers.
 * @returns The answer.
 */
export function json(
  status: number,
  value: unknown,
  headers: readonly (readonly [string, string])[] = [],
): Answer {
  return {
    status,
    headers: [JSON_TYPE, ...COOKIES, ...headers],
    body: JSON.stringify(value, null, 4),
  };
}

/**
 * An HTML page: a proxy's error, a login form.
 *
 * @param status HTTP status.
 * @param title What the page says.
 * @returns The answer.
 */
export function html(status: number, title: string): Answer {
  return {
    status,
    headers: [HTML_TYPE],
    body: `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1>` +
      `</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
  };
}

/**
 * The redirect to the login page: no JSON asked for, or maintenance.
 *
 * @param baseUrl The instance's own address.
 * @returns The answer.
 */
export function loginRedirect(baseUrl: string): Answer {
  return {
    status: 302,
    headers: [["Location", `${baseUrl}/users/login`], HTML_TYPE, ...COOKIES],
    body: "",
  };
}

/**
 * An exception as MISP renders it: name and message are the same text.
 *
 * @param status HTTP status.
 * @param message The text.
 * @param url What the answer calls the address.
 * @param headers Further headers.
 * @returns The answer.
 */
export function exception(
  status: number,
  message: string,
  url: string,
  headers: readonly (readonly [string, string])[] = [],
): Answer {
  return json(status, { name: message, message, url }, headers);
}

/**
 * Any failure inside MISP; all of them look alike.
 *
 * @param url The address asked for.
 * @returns The answer.
 */
export function internalError(url: string): Answer {
  return exception(500, "An Internal Error Has Occurred.", url, [["Connection", "close"]]);
}

/**
 * A wrong, missing or expired key.
 *
 * @param url The address asked for.
 * @returns The answer.
 */
export function wrongKey(url: string): Answer {
  return exception(
    403,
    "Authentication failed. Please make sure you pass the API key of an API enabled user along " +
      "in the Authorization header.",
    url,
  );
}

/**
 * A key that may not use this action at all.
 *
 * @param url The address asked for.
 * @returns The answer.
 */
export function noPermission(url: string): Answer {
  return exception(403, "You do not have permission to use this functionality.", url);
}

/**
 * The requests that MISP counted are too many.
 *
 * @param url The address asked for.
 * @param limit How many are allowed.
 * @param reset Seconds until they are allowed again.
 * @returns The answer.
 */
export function rateLimited(url: string, limit: number, reset: number): Answer {
  return exception(429, "Rate limit exceeded.", url, [
    ["X-Rate-Limit-Limit", String(limit)],
    ["X-Rate-Limit-Remaining", "0"],
    ["X-Rate-Limit-Reset", String(reset)],
  ]);
}

/**
 * A save that did not happen, with its reasons.
 *
 * @param what What could not be done, such as `add Event`.
 * @param url What the answer calls the address.
 * @param errors The reasons.
 * @param id The id the answer names, if any.
 * @returns The answer.
 */
export function notSaved(what: string, url: string, errors: unknown, id?: string): Answer {
  const message = `Could not ${what}`;
  const body = { saved: false, name: message, message, url, errors };
  return json(403, id === undefined ? body : { ...body, id });
}

/**
 * A save that happened.
 *
 * @param message What happened.
 * @param url What the answer calls the address.
 * @param id The id the answer names.
 * @returns The answer.
 */
export function saved(message: string, url: string, id: string): Answer {
  return json(200, { saved: true, success: true, name: message, message, url, id });
}
