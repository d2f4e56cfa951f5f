/**
 * Ports for servers that are started later, or again.
 *
 * @module
 */

/** Linux takes ports from 32768 on for outgoing connections and for port 0 (ip(7), ip_local_port_range). */
const FIRST = 10_240;
const COUNT = 32_768 - FIRST;

/**
 * A port of this machine that nobody listens on, and that no outgoing connection gets before the
 * server that it is for, nor between two starts of it.
 */
export function freePort(): number {
  for (let tries = 0; tries < COUNT; tries++) {
    // By chance: test files run side by side.
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (isFree(port)) return port;
  }
  throw new Error(`ports from ${FIRST} to ${FIRST + COUNT - 1} are in use; end some servers`);
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
