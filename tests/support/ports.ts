/**
 * Ports for servers that are started later, or again.
 *
 * @module
 */

/** Linux takes ports from 32768 on for outgoing connections and for port 0 (ip(7), ip_local_port_range). */
const FIRST = 10_240;
const COUNT = 32_768 - FIRST;

/** What test files that run side by side have taken: they are workers of one process. */
const TAKEN = `/tmp/custom-misp-ports-${Deno.pid}`;

/**
 * A port of this machine that nobody listens on. Until this test file ends, no outgoing connection and no
 * other test gets it, whether its server listens already or is ended in between.
 */
export function freePort(): number {
  for (let tries = 0; tries < COUNT; tries++) {
    // By chance: test files run side by side.
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (isFree(port) && take(port)) return port;
  }
  throw new Error(`ports from ${FIRST} to ${FIRST + COUNT - 1} are in use; end some servers`);
}

function take(port: number): boolean {
  Deno.mkdirSync(TAKEN, { recursive: true });
  const mark = `${TAKEN}/${port}`;
  try {
    Deno.mkdirSync(mark);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // Another test file ended, and took the empty folder away.
    if (error instanceof Deno.errors.NotFound) return take(port);
    throw error;
  }
  globalThis.addEventListener("unload", () => {
    Deno.removeSync(mark);
    try {
      Deno.removeSync(TAKEN);
    } catch {
      // Others have theirs in it, or have removed it.
      return;
    }
  });
  return true;
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
