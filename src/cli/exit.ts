/**
 * Exit codes, those of Wazuh's own integrations where they fit (docs/contracts/wazuh.md 2). 127 is
 * not one: integratord reads it as "the binary cannot be run".
 *
 * @module
 */
export const EXIT = {
  ok: 0,
  /** An alert could not be stored; any other failure of a command. */
  failed: 1,
  /** Bad arguments or configuration. */
  usage: 2,
  /** `flush`: some reports wait for a later try. */
  waiting: 3,
  /** `flush`: MISP refused some reports. */
  refused: 4,
  noFile: 6,
  notJson: 7,
} as const;

/** An error that ends the program: one line for the user, and the exit code. */
export class Failure extends Error {
  override name = "Failure";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
