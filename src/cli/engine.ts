/**
 * How V8 works in a process that stays; how it starts is built into the binary (deploy/v8.ts).
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";

/**
 * Sets V8 up for many alerts.
 *
 * Old memory is collected when a tenth more of it is used than after the last time: blocks of lines
 * and bodies are large, soon of no use, and would otherwise pile up to several times of what is needed.
 */
export function tuneForFloods(): void {
  setFlagsFromString("--heap-growing-percent=10");
  setFlagsFromString("--sparkplug");
}
