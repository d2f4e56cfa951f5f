/**
 * How many guesses the log lines of an attack prove: the formula of docs/contracts/wazuh.md 4.4.
 *
 * One guess is logged by sshd, by the keyboard-interactive code and by PAM, so the classes are
 * never added: each is a view of the same guesses, and the fullest view is taken.
 *
 * `attempts = max(P, sum over connections of max(A, E), C)` with A, E, P, C the totals of the
 * classes `sshd`, `pam-error`, `pam`, `connect`; a connection is one sshd pid on one sensor.
 *
 * @module
 */

/**
 * Guesses of one connection, or of all lines whose pid is not known taken together.
 *
 * The two differ either way: sshd leaves the first refusals of a known account out of
 * keyboard-interactive, and the password method has no `pam-error` lines (docs/contracts/wazuh.md 4.4).
 *
 * @param sshd A: total of class `sshd`
 * @param pamError E: total of class `pam-error`
 */
export function connectionAttempts(sshd: number, pamError: number): number {
  return Math.max(sshd, pamError);
}

/**
 * Guesses of a whole attack.
 *
 * P stays outside the connections, because PAM's line of a keyboard-interactive guess comes from a
 * child with a pid of its own (docs/contracts/wazuh.md 4.4).
 *
 * @param totals `pam` is P, `sshd` the sum of `connectionAttempts()`, `connect` is C
 */
export function attemptsOf(
  totals: { readonly pam: number; readonly sshd: number; readonly connect: number },
): number {
  return Math.max(totals.pam, totals.sshd, totals.connect);
}
