/**
 * The way to a database, which breaks: connections are cut, answers are cut in half, and what is sent
 * comes late.
 *
 * @module
 */

const PART_BYTES = 65_536;

/** How bad it is. */
export interface Badness {
  /** Of so many parts of a conversation one suffers. */
  readonly oneOf: number;
  /** What comes late does so by so many milliseconds at most. */
  readonly longestDelayMs: number;
}

/** A proxy that hands bytes on. It leads to one port at a time. */
export class BadLine implements AsyncDisposable {
  readonly port: number;
  cuts = 0;
  halves = 0;
  delays = 0;
  /** Undefined: nothing happens to what is sent. */
  badness: Badness | undefined;
  readonly #random: (below: number) => number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #running: Promise<void>;
  readonly #pumps = new Set<Promise<void>>();
  #to: number;

  /** @param to port that it leads to */
  constructor(to: number, random: (below: number) => number) {
    this.#to = to;
    this.#random = random;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#running = this.#accept();
  }

  /** Leads to another port from now on; connections that are open remain. */
  leadTo(port: number): void {
    this.#to = port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await this.#running;
    await Promise.all(this.#pumps);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.#open.add(client);
      const pump = this.#lead(client).finally(() => this.#pumps.delete(pump));
      this.#pumps.add(pump);
    }
  }

  async #lead(client: Deno.Conn): Promise<void> {
    let server: Deno.Conn;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port: this.#to });
    } catch (error) {
      // The database is away: whoever connected learns it as if nothing stood between.
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      return this.#close(client);
    }
    this.#open.add(server);
    await Promise.all([this.#pump(client, server, false), this.#pump(server, client, true)]);
  }

  async #pump(from: Deno.Conn, to: Deno.Conn, areAnswers: boolean): Promise<void> {
    const part = new Uint8Array(PART_BYTES);
    try {
      for (let read = await from.read(part); read !== null; read = await from.read(part)) {
        const kept = await this.#suffer(read, areAnswers);
        await writeAll(to, part.subarray(0, kept));
        if (kept < read) break;
      }
    } catch {
      // Either end has closed its connection, or the other pump did: both end then.
    } finally {
      this.#close(from);
      this.#close(to);
    }
  }

  /** @returns how many bytes are still handed on; the connection is cut where they are fewer */
  async #suffer(bytes: number, areAnswers: boolean): Promise<number> {
    const { badness } = this;
    if (badness === undefined || this.#random(badness.oneOf) > 0) return bytes;
    const fault = this.#random(areAnswers ? 3 : 2);
    if (fault === 0) {
      this.delays++;
      await new Promise((resolve) => setTimeout(resolve, this.#random(badness.longestDelayMs)));
      return bytes;
    }
    if (fault === 1) {
      this.cuts++;
      return 0;
    }
    this.halves++;
    return bytes >> 1;
  }

  #close(connection: Deno.Conn): void {
    if (this.#open.delete(connection)) connection.close();
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
