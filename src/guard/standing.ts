/**
 * What becomes of an address that attacked, as allow list, special ranges and warning lists say now. Pure.
 *
 * @module
 */
import type { IgnoreReason } from "../model.ts";
import type { ListAction } from "./warninglists.ts";

/**
 * - `refused`: nothing of it is published
 * - `dropped`: it gets an event only when a login succeeded
 * - `flagged`: its event does not give it to detection
 * - `offered`: its event does
 */
export type Standing = "refused" | "dropped" | "flagged" | "offered";

/** @param address canonical */
export type StandingOf = (address: string) => Standing;

const OF_ACTION: Readonly<Record<ListAction, Standing>> = {
  drop: "dropped",
  no_ids: "flagged",
  publish: "offered",
};

/** @param refusal of the guard @param action of the warning lists */
export function standing(refusal: IgnoreReason | undefined, action: ListAction): Standing {
  return refusal === undefined ? OF_ACTION[action] : "refused";
}

/** Each but the usual one in a sentence. */
export const STANDINGS: Readonly<Partial<Record<Standing, string>>> = {
  refused: "Nothing is published about this address: it is in guard.allow_networks, or in a " +
    "private or other special range.",
  dropped: "This address is on a warning list of false positives: it gets an event only when a " +
    "login succeeded.",
  flagged: "This address is on a warning list of shared hosts or of scanners: its event does not " +
    "give it to detection.",
};

/** Whether pages and commands leave a source out where they list sources. */
export function isHidden(standing: Standing, isCompromised: boolean): boolean {
  return standing === "refused" || standing === "dropped" && !isCompromised;
}
