import assert from "node:assert/strict";
import { piecesOf } from "../../src/server/ingest/body.ts";
import { ReadTimeout, type Wait } from "../../src/server/ingest/read_timeout.ts";

const MIB = 1024 * 1024;

/** A sender's time is over when a test says so. */
class ByHand extends ReadTimeout {
  #onTimeout: (() => void) | undefined;

  constructor() {
    super(60_000);
  }

  override begin(onTimeout: () => void): Wait {
    this.#onTimeout = onTimeout;
    return super.begin(onTimeout);
  }

  expire(): void {
    this.#onTimeout!();
  }
}

Deno.test("piecesOf() keeps no piece in memory once it was read", async () => {
  const script = new URL("body_memory.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--v8-flags=--expose-gc", script, "200", String(MIB)],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { read, most } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly read: number;
    readonly most: number;
  };
  assert.equal(read, 200 * MIB);
  // Those of the ten pieces since the last collection; a piece that is kept is kept for good.
  assert.ok(most >= MIB, `${most} bytes: nothing was measured`);
  assert.ok(most <= 32 * MIB, `${Math.round(most / MIB)} MiB of 200 were kept`);
});

Deno.test("piecesOf() lets go of a sender that is too slow in the middle of its body", async () => {
  using readTimeout = new ByHand();
  let isCancelled = false;
  const asked = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
    // Asked for more, and nothing comes.
    pull: () => asked.resolve(),
    cancel: () => {
      isCancelled = true;
    },
  });
  const request = new Request("http://127.0.0.1/alerts", { method: "POST", body });
  const pieces = piecesOf(request, readTimeout);
  assert.equal((await pieces.next()).value?.length, 10);
  const next = pieces.next();
  await asked.promise;
  readTimeout.expire();
  await assert.rejects(next, {
    name: "BodyError",
    status: 408,
    message: "the body arrived too slowly",
  });
  assert.equal(isCancelled, true);
});

Deno.test("piecesOf() does not take its own slowness for the sender's", async () => {
  using readTimeout = new ByHand();
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
    // While the piece is being stored.
    readTimeout.expire();
  }
  assert.equal(length, 30);
});
