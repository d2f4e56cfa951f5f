/**
 * A small remote `serve`: it knows alerts by manager and id, and does what a test asks it to.
 *
 * @module
 */

/** What it does with a request, once it has read it. */
export type Behaviour =
  /** Answers as `serve` does. */
  | "well"
  /** Stores, and the connection ends before or within the answer. */
  | "lost answer"
  | "cut answer"
  /** Stores, and its counts tell of another number of alerts. */
  | "wrong counts"
  /** Answers this, and stores nothing. */
  | (() => Response);

interface Sent {
  readonly manager: { readonly name: string };
  readonly id: string;
}

/** Listens on a port of its own. */
export class FakeReceiver implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** How often each alert was stored anew: more than once never happens. */
  readonly stored = new Map<string, number>();
  /** Numbers of lines of the requests, 0 for an empty one. */
  readonly requests: number[] = [];
  /** What the next requests meet; then all goes well. */
  readonly next: Behaviour[] = [];
  /** What all requests meet that nothing else was asked for. */
  always: Behaviour = "well";
  /** Texts that it will not have: the whole body is refused. */
  poison: string | undefined;
  /** Texts that are no alert to it. */
  unread: string | undefined;
  /** The only token it takes. */
  token: string | undefined;
  /** What happens before it answers. */
  onRequest: () => void | Promise<void> = () => undefined;

  private constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  static start(): FakeReceiver {
    return new FakeReceiver();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    const isPacked = request.headers.get("Content-Encoding") === "gzip";
    const body = isPacked && request.body !== null
      ? await new Response(request.body.pipeThrough(new DecompressionStream("gzip"))).text()
      : await request.text();
    const lines = body.split("\n").filter((line) => line !== "");
    this.requests.push(lines.length);
    await this.onRequest();
    if (path !== "/alerts") return Response.json({ error: "not here" }, { status: 404 });
    const given = request.headers.get("Authorization");
    if (this.token !== undefined && given !== `Bearer ${this.token}`) {
      return Response.json({ error: `no ${given}` }, { status: 401 });
    }
    const behaviour = this.next.shift() ?? this.always;
    if (typeof behaviour === "function") return behaviour();
    if (lines.length === 0) {
      const errors = [{ index: 0, where: "the whole file", reason: "empty_file" }];
      return Response.json(
        { accepted: 0, duplicate: 0, ignored: { empty_file: 1 }, errors },
        { status: 400 },
      );
    }
    const { poison } = this;
    if (poison !== undefined && body.includes(poison)) {
      return Response.json({ error: "this is too much" }, { status: 413 });
    }
    const answer = JSON.stringify(this.#store(lines, behaviour === "wrong counts" ? 1 : 0));
    if (behaviour === "lost answer") return brokenOff("");
    if (behaviour === "cut answer") return brokenOff(answer.slice(0, 20));
    return new Response(answer, { headers: { "Content-Type": "application/json" } });
  }

  #store(lines: readonly string[], more: number) {
    let accepted = more;
    let duplicate = 0;
    const errors: unknown[] = [];
    for (const [index, line] of lines.entries()) {
      if (this.unread !== undefined && line.includes(this.unread)) {
        errors.push({ index, where: `line ${index + 1}`, reason: "malformed" });
        continue;
      }
      const { manager, id } = JSON.parse(line) as Sent;
      const key = `${manager.name} ${id}`;
      if (this.stored.has(key)) duplicate++;
      else {
        accepted++;
        this.stored.set(key, 1);
      }
    }
    const ignored = errors.length === 0 ? {} : { malformed: errors.length };
    return { accepted, duplicate, ignored, errors };
  }
}

/** An answer whose connection ends behind its beginning. */
function brokenOff(beginning: string): Response {
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode(beginning));
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.error(new Error("the connection ends here"));
    },
  });
  return new Response(body, { headers: { "Content-Type": "application/json" } });
}
