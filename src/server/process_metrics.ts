/**
 * What prom-client measures of a process, as far as it is true under Deno, in the binary too.
 *
 * @module
 */
import { setImmediate } from "node:timers/promises";
import type { Registry } from "prom-client";

type Library = Pick<typeof import("prom-client"), "collectDefaultMetrics" | "Gauge">;

/**
 * Of the library's default metrics those that are right. Each other one would always be wrong (seen with
 * Deno 2.5.7 and 2.9.6):
 * - `process_*_memory_bytes`, `process_heap_bytes` and `process_*_fds` read `/proc`, which the binary may
 *   not: they are 0. The resident memory comes from the runtime instead.
 * - `nodejs_eventloop_lag_{min,max,mean,…}_seconds` show less than 2 ms after a pause of 300 ms, and
 *   `nodejs_eventloop_lag_seconds` shows the lag at the scrape before. It is measured here instead.
 * - `nodejs_active_*` know of nothing but the scrape itself, and `nodejs_gc_duration_seconds` of nothing.
 * - `nodejs_heap_space_*` are missing in 2.5.7, and `nodejs_version_info` is not about this runtime.
 */
const KEPT: ReadonlySet<string> = new Set([
  "process_cpu_user_seconds_total",
  "process_cpu_system_seconds_total",
  "process_cpu_seconds_total",
  "process_start_time_seconds",
  "nodejs_heap_size_total_bytes",
  "nodejs_heap_size_used_bytes",
  "nodejs_external_memory_bytes",
]);

/** Longest time of a timer, milliseconds. */
const NEVER = 2 ** 31 - 1;

/** Adds CPU, start time, memory and the event loop's lag. */
export function addProcessMetrics(library: Library, registry: Registry): void {
  // The timer is for the lags that are left out.
  library.collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER });
  for (const { name } of registry.getMetricsAsArray()) {
    if (!KEPT.has(name)) registry.removeSingleMetric(name);
  }
  new library.Gauge({
    registers: [registry],
    name: "nodejs_eventloop_lag_seconds",
    help: "How long a task of the event loop waited behind others at this scrape, in seconds.",
    async collect() {
      const start = performance.now();
      await setImmediate();
      this.set((performance.now() - start) / 1000);
    },
  });
  new library.Gauge({
    registers: [registry],
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    collect() {
      this.set(Deno.memoryUsage().rss);
    },
  });
}
