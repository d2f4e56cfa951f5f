/**
 * Reads a body piece by piece and prints how many bytes of it were still in memory after a collection,
 * at most. A process of its own, since only one that is started with `--expose-gc` can collect when it
 * wants to.
 *
 * @module
 */
import { piecesOf } from "../../src/server/ingest/body.ts";
import { ReadTimeout } from "../../src/server/ingest/read_timeout.ts";

const [pieces, size] = Deno.args.map(Number) as [number, number];
const { gc } = globalThis as unknown as { gc: () => void };

const body = new ReadableStream<Uint8Array>({
  pull: (controller) => {
    if (made++ === pieces) return controller.close();
    controller.enqueue(new Uint8Array(size));
  },
});
let made = 0;
const request = new Request("http://127.0.0.1/alerts", { method: "POST", body });
using readTimeout = new ReadTimeout(60_000);
gc();
const atStart = Deno.memoryUsage().external;
let most = 0;
let read = 0;
for await (const { length } of piecesOf(request, readTimeout)) {
  read += length;
  if (made % 10 !== 0) continue;
  // What an await has just let go of is collected one turn later.
  await new Promise((resolve) => setTimeout(resolve));
  gc();
  most = Math.max(most, Deno.memoryUsage().external - atStart);
}
console.log(JSON.stringify({ read, most }));
