/**
 * Stands in for `src/fault_point.ts` in builds for tests: kills the process, as a power cut or the
 * kernel would, when it passes the point that `WM_TEST_FAULT` names (`NAME`, or `NAME:N` for the N-th
 * time).
 *
 * @module
 */
import type { FaultPoint } from "../../src/fault_point.ts";

export type { FaultPoint };

const [wanted, times = "1"] = (Deno.env.get("WM_TEST_FAULT") ?? "").split(":");
let left = Number(times);

/** Does not return at the point that is wanted. */
export function faultPoint(name: FaultPoint): void {
  if (name !== wanted || --left > 0) return;
  Deno.kill(Deno.pid, "SIGKILL");
}
