/**
 * What systemd hears of `serve`, with the permissions that the binary has and no others.
 *
 * @module
 */
import assert from "node:assert/strict";
import { permissionFlags } from "../../deploy/permissions.ts";
import { createProgram, KINDS, type Program } from "./program.ts";
import { freePort, Service } from "./service.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;

/** Stands for systemd, as a process with all permissions. */
class Receiver implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async start(path: string): Promise<Receiver> {
    const script = `${PROJECT}tests/e2e/notify_receiver.ts`;
    const args = ["run", "--quiet", "--no-config", "--unstable-net", "-A", script, path];
    const command = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "null" });
    const receiver = new Receiver(command.spawn());
    assert.equal(await receiver.next(), "listening");
    return receiver;
  }

  async next(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { done, value } = await this.#lines.read();
      if (done) throw new Error("the receiver has ended");
      this.#rest += value;
    }
    const [line = "", ...more] = this.#rest.split("\n");
    this.#rest = more.join("\n");
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#lines.cancel();
    await this.#child.status;
  }
}

/** Whether this Deno wants sockets named with hosts. */
async function namesSockets(): Promise<boolean> {
  const args = [
    "run",
    "--quiet",
    "--no-config",
    "--allow-net=unix:/run/x",
    "data:text/javascript,",
  ];
  return (await new Deno.Command(Deno.execPath(), { args }).output()).success;
}

/** The program of `deno run` with the flags of the binary instead of the project's. */
function withFlags(program: Program, flags: readonly string[]): Program {
  const config = ["--config", `${PROJECT}deno.json`];
  const line = ["run", "--quiet", ...config, ...flags, `${PROJECT}main.ts`, "--root", program.root];
  return {
    ...program,
    command: (args, environment = {}) =>
      new Deno.Command(Deno.execPath(), {
        args: [...line, ...args],
        env: environment,
        cwd: "/",
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }),
  };
}

for (const kind of KINDS) {
  Deno.test(`${kind}: serve tells systemd when it listens, that it lives, and when it ends`, async () => {
    const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "notify-" });
    try {
      const notifySocket = `${folder}/notify`;
      const listen = `127.0.0.1:${freePort()}`;
      await using made = await createProgram(kind, { listen, notifySocket });
      const site = { root: made.root, mispHost: undefined, listen, notifySocket };
      const flags = permissionFlags(site, await namesSockets());
      const program = kind === "binary" ? made : withFlags(made, flags);
      await using receiver = await Receiver.start(notifySocket);
      await using service = await Service.start(program, listen, {
        NOTIFY_SOCKET: notifySocket,
        WATCHDOG_USEC: "200000",
      });
      assert.equal(await receiver.next(), "READY=1");
      assert.equal((await fetch(`${service.url}/healthz`).then((all) => all.json())).status, "ok");
      assert.equal(await receiver.next(), "WATCHDOG=1");
      assert.equal(await receiver.next(), "WATCHDOG=1");
      const ended = service.end();
      let last = "WATCHDOG=1";
      while (last === "WATCHDOG=1") last = await receiver.next();
      assert.equal(last, "STOPPING=1");
      assert.equal(await ended, 0);
      const left = [...Deno.readDirSync(`${program.root}/queue/custom-misp`)];
      assert.deepEqual(left.filter(({ name }) => name.includes("sock")), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
