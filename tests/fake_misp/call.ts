/**
 * One request on its way through MISP, and the questions every handler asks about it.
 *
 * @module
 */
import { exception, Refused } from "./answers.ts";
import type { Fields } from "./input.ts";
import type { User } from "./roles.ts";
import type { State } from "./state.ts";
import type { StoredEvent } from "./wire.ts";

/** What a fault makes MISP do wrong while it stores. */
export interface Meddling {
  /** @returns Whether this attribute or object is lost without a word. */
  readonly loses?: (sent: Fields) => boolean;
  /** MISP breaks down once it has stored so many attributes. */
  readonly attributesUntilBroken?: number;
}

/** One request. */
export interface Call {
  readonly state: State;
  readonly user: User;
  /** The instance's own address. */
  readonly baseUrl: string;
  readonly method: string;
  /** The path as it was asked for; MISP repeats it in most refusals. */
  readonly url: string;
  /** What follows the action in the path. */
  readonly args: readonly string[];
  /** CakePHP's `name:value` parts of the path. */
  readonly named: ReadonlyMap<string, string>;
  /** The JSON body; undefined when there is none or it was not declared as JSON. */
  readonly body: unknown;
  readonly backgroundJobs: boolean;
  readonly meddling: Meddling;
  /** Attributes stored so far by this request. */
  stored: number;
}

/** @returns A refusal with this request's address in it. */
export function refuse(call: Call, status: number, message: string): Refused {
  return new Refused(exception(status, message, call.url));
}

/** @returns Whether the user's organisation owns the event, or the user owns the instance. */
export function owns(call: Call, event: StoredEvent): boolean {
  const { permissions, organisation } = call.user;
  return permissions.perm_site_admin || event.orgc_id === organisation.id;
}

/** @returns Whether the user may see the event. */
export function sees(call: Call, event: StoredEvent): boolean {
  return owns(call, event) || event.distribution !== "0";
}

/** @returns Whether the user may change the event. */
export function mayModify(call: Call, event: StoredEvent): boolean {
  if (!owns(call, event)) return false;
  const { permissions, email } = call.user;
  return permissions.perm_site_admin || permissions.perm_modify_org ||
    permissions.perm_modify && event.event_creator_email === email;
}

/**
 * The event a path names.
 *
 * @param call The request.
 * @param message What MISP says when there is none.
 * @returns The event.
 */
export function visibleEvent(call: Call, message = "Invalid event"): StoredEvent {
  const event = call.state.findEvent(call.args[0] ?? "");
  if (event === undefined || !sees(call, event)) throw refuse(call, 404, message);
  return event;
}
