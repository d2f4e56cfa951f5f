/**
 * How many attempts the log lines of an attack prove: the formula of docs/contracts/wazuh.md 4.4.
 *
 * sshd, its keyboard-interactive code and PAM each log the same attempt, so the classes are never
 * added: each is a view of the same attempts, and the fullest view counts.
 *
 * `attempts = max(P, sum over connections of max(A + max(K, E), R), C)` with A, K, E, P, R, C the totals of
 * the classes `sshd`, `keyboard`, `pam-error`, `pam`, `refused`, `connect`; a connection is one sshd pid on one sensor.
 * K and E are views of the same attempts, those by keyboard-interactive; A has all others. P is that of
 * the PAM module that logged most.
 *
 * @module
 */

/**
 * Attempts of one connection, or of all lines together whose pid is not known.
 *
 * sshd leaves the first refusals of a known account out of keyboard-interactive, and the password method
 * has no `pam-error` lines (docs/contracts/wazuh.md 4.4).
 *
 * @param sshd A: total of class `sshd`
 * @param interactive max(K, E): the larger total of the classes `keyboard` and `pam-error`
 * @param refused R: total of class `refused`, which is all that sshd logs of some attempts
 */
export function connectionAttempts(sshd: number, interactive: number, refused: number): number {
  return Math.max(sshd + interactive, refused);
}

/**
 * Attempts of a whole attack.
 *
 * P stays outside the connections, because PAM's line of a keyboard-interactive attempt comes from a
 * child with a pid of its own (docs/contracts/wazuh.md 4.4).
 *
 * @param totals `pam` is P, `sshd` the sum of `connectionAttempts()`, `connect` is C
 */
export function attemptsOf(
  totals: { readonly pam: number; readonly sshd: number; readonly connect: number },
): number {
  return Math.max(totals.pam, totals.sshd, totals.connect);
}
