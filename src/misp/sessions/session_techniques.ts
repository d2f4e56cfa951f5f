/**
 * Techniques that sessions prove (docs/contracts/misp.md 4). Pure.
 *
 * @module
 */
import type { SourceRecord, Technique } from "../../model.ts";
import { itemsOf, type SessionEvidence, timesOf } from "../../session_evidence.ts";
import { BRUTE_FORCE } from "../galaxy/techniques.ts";

/**
 * The ids of techniques of which the sessions themselves are evidence: commands in a shell, a file from
 * elsewhere, a planted key, a connection through the decoy. What a command writes out of its own text is
 * not a transfer.
 */
export function techniquesShown(session: SessionEvidence | undefined): readonly string[] {
  if (session === undefined) return [];
  const isTransferred = itemsOf(session, "url").length > 0 ||
    itemsOf(session, "payload").some(({ ways = [] }) => ways.some((way) => way !== "written"));
  return [
    ...(timesOf(session, "command") > 0 ? ["T1059.004"] : []),
    ...(isTransferred ? ["T1105"] : []),
    ...(timesOf(session, "key") > 0 ? ["T1098.004"] : []),
    ...(timesOf(session, "tunnel") > 0 ? ["T1090"] : []),
  ];
}

/** All techniques of a source. @param others those of its alerts */
export function sessionTechniques(
  { session, attempts }: SourceRecord,
  others: readonly Technique[],
): readonly Technique[] {
  const shown = techniquesShown(session).map((id): Technique => ({ id, name: undefined }));
  // Where no rule named a technique, attempts are still a brute force attack; a session alone is none.
  const isGuessing = attempts > 0 || session === undefined;
  const known = others.length === 0 && isGuessing ? [BRUTE_FORCE] : others;
  return [...known, ...shown];
}
