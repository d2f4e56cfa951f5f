/**
 * How events name a source that got into a decoy. A decoy accepts logins on purpose: that is never
 * called a compromise. Pure.
 *
 * @module
 */
import type { SourceRecord } from "../../model.ts";
import { isHandsOn } from "../../session_evidence.ts";
import { counted } from "../counted.ts";

/** What is said of a source whose login a decoy accepted. */
export const DECOY_LOGIN = "logged in to the decoy";

/** What a source guessed at, by the name that people know: a source of both is one of SSH. */
export function serverName({ services }: Pick<SourceRecord, "services">): "SSH" | "Telnet" {
  return services.length > 0 && services.every((one) => one === "telnet") ? "Telnet" : "SSH";
}

/** Whether a decoy accepted a login. */
export function isInDecoy({ session }: Pick<SourceRecord, "session">): boolean {
  return (session?.totals.loggedIn ?? 0) > 0;
}

/** Whether all that is known of a source is what it did in sessions. */
export function isSessionOnly({ session, attempts }: SourceRecord): boolean {
  return attempts === 0 && session !== undefined && isHandsOn(session);
}

/** The title of a source's event, without what was successful or withdrawn. */
export function eventTitle(record: SourceRecord): string {
  const { sourceIp, attempts, session } = record;
  const isOnly = isSessionOnly(record);
  const kind = isOnly ? "Session" : "Brute Force Attack";
  const count = isOnly
    ? counted(Math.max(1, session?.totals.sessions ?? 1), "session")
    : counted(attempts, "attempt");
  const decoy = isInDecoy(record) ? `; ${DECOY_LOGIN}` : "";
  return `${serverName(record)} ${kind} from ${sourceIp} (${count}${decoy})`;
}

/** The heading and name of a source's event report. */
export function reportTitle(record: SourceRecord): string {
  const kind = isSessionOnly(record) ? "session" : "brute force";
  return `${serverName(record)} ${kind} from ${record.sourceIp}`;
}
