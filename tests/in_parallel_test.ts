import assert from "node:assert/strict";
import { inParallel } from "../src/in_parallel.ts";

/** Work that ends when it is told to. */
class Gates {
  readonly begun: number[] = [];
  readonly #gates = new Map<number, PromiseWithResolvers<number>>();

  readonly work = (item: number): Promise<number> => {
    this.begun.push(item);
    const gate = Promise.withResolvers<number>();
    this.#gates.set(item, gate);
    return gate.promise;
  };

  open(item: number): void {
    this.#gates.get(item)!.resolve(item);
  }

  fail(item: number): void {
    this.#gates.get(item)!.reject(new Error(`item ${item}`));
  }
}

const never = () => false;

Deno.test("inParallel() begins so many at a time and yields results as they come", async () => {
  const gates = new Gates();
  const results = inParallel([1, 2, 3, 4], 2, gates.work, never);
  const first = results.next();
  await Promise.resolve();
  assert.deepEqual(gates.begun, [1, 2]);
  gates.open(2);
  assert.equal((await first).value, 2);
  assert.deepEqual(gates.begun, [1, 2, 3]);
  gates.open(1);
  assert.equal((await results.next()).value, 1);
  gates.open(3);
  gates.open(4);
  assert.deepEqual((await Array.fromAsync(results)).sort(), [3, 4]);
});

Deno.test("inParallel() begins nothing after a last result, and ends what was begun", async () => {
  const gates = new Gates();
  const results = inParallel([1, 2, 3, 4], 2, gates.work, (item) => item === 1);
  const first = results.next();
  gates.open(1);
  assert.equal((await first).value, 1);
  gates.open(2);
  assert.deepEqual(await Array.fromAsync(results), [2]);
  assert.deepEqual(gates.begun, [1, 2]);
});

Deno.test("inParallel() waits for what was begun when nobody takes results any more", async () => {
  const gates = new Gates();
  const results = inParallel([1, 2, 3], 2, gates.work, never);
  const first = results.next();
  gates.open(1);
  await first;
  const ended = results.return(undefined);
  gates.open(2);
  gates.open(3);
  await ended;
  assert.deepEqual(await Array.fromAsync(results), []);
});

Deno.test("inParallel() throws what the work throws, after the others have ended", async () => {
  const gates = new Gates();
  const results = Array.fromAsync(inParallel([1, 2], 2, gates.work, never));
  await Promise.resolve();
  gates.fail(1);
  gates.open(2);
  await assert.rejects(results, { message: "item 1" });
});

Deno.test("inParallel() of nothing yields nothing", async () => {
  assert.deepEqual(await Array.fromAsync(inParallel([], 4, new Gates().work, never)), []);
});
