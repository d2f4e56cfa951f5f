/**
 * What a log line of an SSH server says about authentication.
 *
 * @module
 */
import type { EvidenceClass } from "../../model.ts";

/** What one message of sshd says about authentication. */
export interface SshdLine {
  readonly evidence: EvidenceClass;
  /** What it adds to its class: 1, or N of a repeated message or of PAM's summary; 0 for `session-end`. */
  readonly count: number;
  /**
   * Address or host name as written, not validated. Undefined: the line has none, or who chose the
   * user name could have chosen this too. Then nobody else's reading may stand in for it.
   */
  readonly source: string | undefined;
  /** TCP port of the source. */
  readonly port: number | undefined;
  /** Decoded user name, control characters included. `""` and `" "` are names that were sent. */
  readonly username: string | undefined;
  /** Process id of sshd from the header; PAM lines of keyboard-interactive carry a child's. */
  readonly pid: number | undefined;
  /** The account does not exist on the sensor. */
  readonly invalidUser: boolean;
  /** The PAM module that counts an attempt here, where it is not pam_unix. */
  readonly module?: string;
  /** As sshd calls it: `password`, `keyboard-interactive/pam`, `publickey`, `none` … */
  readonly method: string | undefined;
  /** The connection ended before a user of the sensor had logged in. */
  readonly isUnfinished?: boolean;
  /** An `Accepted …` line: rule 40112 has those in its `previous_output`. */
  readonly succeeded: boolean;
}

/** A line while it is read. */
export type PartialLine = { -readonly [Key in keyof SshdLine]: SshdLine[Key] };

/** A line of a class that says nothing else. */
export function emptyLine(evidence: EvidenceClass): PartialLine {
  return {
    evidence,
    count: evidence === "session-end" ? 0 : 1,
    source: undefined,
    port: undefined,
    username: undefined,
    pid: undefined,
    invalidUser: false,
    method: undefined,
    succeeded: false,
  };
}
