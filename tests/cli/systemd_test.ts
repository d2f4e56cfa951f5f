import assert from "node:assert/strict";
import { notifyingOf, sendTo, supervised } from "../../src/cli/systemd.ts";

/** A systemd that keeps what it hears, and a clock that is moved by hand. */
function createScene(watchdogUsec: string | undefined, failure?: Error) {
  const heard: string[] = [];
  const logged: string[] = [];
  const beats: number[] = [];
  let beat = () => {};
  let isStopped = false;
  const systemd = supervised(
    { watchdogUsec },
    (message) => {
      heard.push(message);
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
    (level, message) => logged.push(`${level}: ${message}`),
    (work, milliseconds) => {
      beats.push(milliseconds);
      beat = work;
      return { stop: () => isStopped = true };
    },
  );
  return { systemd, heard, logged, beats, beat: () => beat(), isStopped: () => isStopped };
}

Deno.test("supervised() says when it is ready, that it lives, and when it ends", async () => {
  const scene = createScene("120000000");
  assert.deepEqual([scene.heard, scene.beats], [[], []]);
  await scene.systemd.ready();
  assert.deepEqual(scene.beats, [60_000]);
  scene.beat();
  scene.beat();
  await scene.systemd.stopping();
  scene.beat();
  assert.deepEqual(scene.heard, [
    ...["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1", "WATCHDOG=1"],
  ]);
  assert.equal(scene.isStopped(), false);
  scene.systemd[Symbol.dispose]();
  assert.equal(scene.isStopped(), true);
});

Deno.test("supervised() has no watchdog where none is asked for", async () => {
  for (const asked of [undefined, "", "0", "soon"]) {
    const scene = createScene(asked);
    await scene.systemd.ready();
    assert.deepEqual([scene.heard, scene.beats], [["READY=1"], []]);
  }
});

Deno.test("supervised() says once that systemd cannot be told, and goes on", async () => {
  const scene = createScene("1000000", new Error("Connection refused (os error 111)"));
  await scene.systemd.ready();
  scene.beat();
  await scene.systemd.stopping();
  assert.deepEqual(scene.logged, [
    "warning: systemd cannot be told: Connection refused (os error 111)",
  ]);
});

Deno.test("supervised() tells nobody outside systemd", async () => {
  const { socket, watchdogUsec } = notifyingOf(() => undefined);
  const send = sendTo({ socket }, "/nowhere");
  assert.equal(send, undefined);
  const repeat = () => assert.fail("nothing is to be repeated");
  using systemd = supervised({ watchdogUsec }, send, () => assert.fail(), repeat);
  await systemd.ready();
  await systemd.stopping();
});

Deno.test("notifyingOf() takes an environment that must not be read for an empty one", () => {
  const refuse = () => {
    throw new Deno.errors.NotCapable('Requires env access to "NOTIFY_SOCKET"');
  };
  assert.deepEqual(notifyingOf(refuse), { socket: undefined, watchdogUsec: undefined });
});
