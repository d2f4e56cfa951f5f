/**
 * The way in: who asks, in which form, and whether the instance is open to them.
 *
 * @module
 */
import { type Answer, exception, internalError, loginRedirect, Refused } from "./answers.ts";
import { wrongKey } from "./answers.ts";
import type { Meddling } from "./call.ts";
import type { RawRequest } from "./connection.ts";
import { parseJson } from "./input.ts";
import type { User } from "./roles.ts";
import { perform, targetOf } from "./routes.ts";
import { Broken, type State } from "./state.ts";

/** The instance as it is set up at the moment. */
export interface Instance {
  readonly state: State;
  readonly baseUrl: string;
  /** By key. */
  readonly users: ReadonlyMap<string, User>;
  readonly maintenance: boolean;
  readonly databaseDown: boolean;
  readonly backgroundJobs: boolean;
}

const INVALID_JSON =
  "Invalid JSON input. Make sure that the JSON input is a correctly formatted JSON string. This " +
  "request has been blocked to avoid an unfiltered request.";

/**
 * Answers a request.
 *
 * @param instance The instance.
 * @param raw The request.
 * @param meddling What goes wrong while it is stored.
 * @returns The answer.
 */
export function answerRequest(instance: Instance, raw: RawRequest, meddling: Meddling): Answer {
  const { state, baseUrl } = instance;
  const url = raw.path;
  const isJson = raw.headers.get("content-type")?.includes("json") === true;
  const body = isJson ? parseJson(raw.body) : { value: undefined };
  if (instance.databaseDown) return internalError(url);
  const user = admit(instance, raw, isJson);
  if ("status" in user) return user;
  if (body === undefined) return exception(405, INVALID_JSON, url);
  const target = targetOf(raw.method, url);
  try {
    return perform(target, {
      state,
      user,
      baseUrl,
      method: raw.method,
      url,
      args: target.args,
      named: target.named,
      body: body.value,
      backgroundJobs: instance.backgroundJobs,
      meddling,
      stored: 0,
    });
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    if (error instanceof Broken) return internalError(url);
    throw error;
  }
}

/** @returns The user, or the answer that keeps the sender out. */
function admit(instance: Instance, raw: RawRequest, isJson: boolean): User | Answer {
  const { path: url, headers } = raw;
  const wantsJson = isJson || /json|xml/.test(headers.get("accept") ?? "") ||
    /\.json(\?|$)/.test(url);
  if (!wantsJson) return loginRedirect(instance.baseUrl);
  const user = instance.users.get(headers.get("authorization") ?? "");
  if (user === undefined || user.role === "expired") return wrongKey(url);
  if (user.role === "disabled") {
    return exception(403, "Authentication failed. Your user account has been disabled.", url);
  }
  if (user.role === "iprestricted") {
    return exception(403, "It is not possible to use this Auth key from your IP address", url);
  }
  const open = !instance.maintenance || user.permissions.perm_site_admin;
  return open ? user : loginRedirect(instance.baseUrl);
}
