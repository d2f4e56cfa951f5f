import assert from "node:assert/strict";
import { piecesOf } from "../../src/server/body.ts";
import { ReadTimeout } from "../../src/server/middleware/read_timeout.ts";

const MIB = 1024 * 1024;

Deno.test("piecesOf() keeps no piece in memory once it was read", async () => {
  using readTimeout = new ReadTimeout(60_000);
  let left = 800;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (left-- === 0) return controller.close();
      controller.enqueue(new Uint8Array(4 * MIB));
    },
  });
  const request = new Request("http://127.0.0.1/alerts", { method: "POST", body });
  const atStart = Deno.memoryUsage().external;
  let most = 0;
  for await (const _ of piecesOf(request, readTimeout)) {
    most = Math.max(most, Deno.memoryUsage().external - atStart);
  }
  // The collector takes its time, more on a busy machine; pieces that are kept are kept all.
  assert.ok(most < 2600 * MIB, `${Math.round(most / MIB)} MiB of 3200 were kept`);
});

Deno.test("piecesOf() lets go of a sender that is too slow in the middle of its body", async () => {
  using readTimeout = new ReadTimeout(20);
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => {
      isCancelled = true;
    },
  });
  const request = new Request("http://127.0.0.1/alerts", { method: "POST", body });
  let length = 0;
  await assert.rejects(async () => {
    for await (const piece of piecesOf(request, readTimeout)) length += piece.length;
  }, { name: "BodyError", status: 408, message: "the body came too slowly" });
  assert.deepEqual([length, isCancelled], [10, true]);
});

Deno.test("piecesOf() does not take its own slowness for the sender's", async () => {
  using readTimeout = new ReadTimeout(200);
  let left = 3;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (left-- === 0) return controller.close();
      controller.enqueue(new Uint8Array(10));
    },
  });
  const request = new Request("http://127.0.0.1/alerts", { method: "POST", body });
  let length = 0;
  for await (const piece of piecesOf(request, readTimeout)) {
    length += piece.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.equal(length, 30);
});
