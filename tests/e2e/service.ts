/**
 * `serve` as a process of its own.
 *
 * @module
 */
import type { Program } from "./program.ts";

/** A service that listens, ended by its own id. */
export class Service implements AsyncDisposable {
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(url: string, child: Deno.ChildProcess, ended: Promise<unknown>) {
    this.url = url;
    this.#child = child;
    this.#ended = ended;
  }

  /** Starts `serve` and waits until it listens. */
  static async start(
    program: Program,
    listen: string,
    environment: Record<string, string> = {},
    options: readonly string[] = [],
  ) {
    const child = program.command(["serve", ...options], {
      WM_SERVER_LISTEN: listen,
      ...environment,
    }).spawn();
    const listening = Promise.withResolvers<void>();
    const follow = async () => {
      let said = "";
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        said += text;
        if (said.includes("listening")) listening.resolve();
      }
      listening.reject(new Error(`serve ended: ${said}`));
    };
    const ended = Promise.all([follow(), child.stdout.cancel()]);
    await listening.promise;
    return new Service(`http://${listen}`, child, ended);
  }

  /** @returns status and body of the answer */
  async post(body: BodyInit, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.url}/alerts`, { method: "POST", body, headers });
    return [response.status, await response.json() as unknown] as const;
  }

  /** @returns the exit code */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    this.#child.kill(signal);
    const { code } = await this.#child.status;
    await this.#ended;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL").catch(() => undefined);
  }
}
