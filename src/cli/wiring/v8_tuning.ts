/**
 * How V8 works in a process that stays; how it starts is built into the binary (deploy/startup/v8.ts).
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";

/** Sets V8 up for many alerts: code that runs often is compiled a second time. */
export function tuneForBulk(): void {
  setFlagsFromString("--sparkplug");
}
