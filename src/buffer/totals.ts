/**
 * Evidence totals over connections. Pure.
 *
 * @module
 */
import type { EvidenceRow, Totals } from "../model.ts";
import { connectionAttempts } from "../wazuh/counting.ts";

/** The rows of each connection: one sshd process on one sensor, at whatever locations it was read. */
export function connectionsOf(rows: readonly EvidenceRow[]): Iterable<readonly EvidenceRow[]> {
  return Map.groupBy(rows, (row) => `${row.sensor}\n${row.pid}`).values();
}

/**
 * Totals over connections. One line that was read at two locations counts once: of each connection and
 * class, only the location that saw most counts.
 */
export function totalsOf(rows: readonly EvidenceRow[]): Totals {
  let totals: Totals = { pam: 0, sshd: 0, connect: 0 };
  for (const locations of connectionsOf(rows)) {
    const most = (count: (row: EvidenceRow) => number) => Math.max(...locations.map(count));
    totals = addTotals(totals, {
      pam: most((row) => row.pam),
      sshd: connectionAttempts(
        most((row) => row.sshd),
        most((row) => row.pamError),
        most((row) => row.refused),
      ),
      connect: most((row) => row.connect),
    });
  }
  return totals;
}

/** Adds class by class. */
export function addTotals(one: Totals, other: Totals): Totals {
  return {
    pam: one.pam + other.pam,
    sshd: one.sshd + other.sshd,
    connect: one.connect + other.connect,
  };
}
