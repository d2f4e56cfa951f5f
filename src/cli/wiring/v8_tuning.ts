/**
 * V8's settings in a long-running process; those of the start are built into the binary
 * (deploy/startup/v8.ts).
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";

/** Lets V8 compile often-used code a second time, which pays over many alerts. */
export function tuneForBulk(): void {
  setFlagsFromString("--sparkplug");
}
