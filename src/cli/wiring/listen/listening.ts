/**
 * How `serve` listens: plain, or by TLS with a certificate that is read again when it changes.
 *
 * @module
 */
import type { Config } from "../../../config/config.ts";
import type { Log } from "../../terminal/log.ts";
import { doesNotFit, faultOfPair, type Pair, readPair } from "./tls_pair.ts";
import { messageOf } from "../../../errors.ts";

/** Answers a request. @param isEnding whether the server that accepted it shuts down meanwhile */
export type Handler = (
  request: Request,
  remoteAddress: string,
  isEnding: () => boolean,
) => Response | Promise<Response>;

/** A server, and whether it shuts down. */
interface Listener {
  readonly server: Deno.HttpServer<Deno.NetAddr>;
  isEnding: boolean;
}

/** Where to listen. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

const NETWORK_ERRORS = [
  Deno.errors.AddrInUse,
  Deno.errors.AddrNotAvailable,
  Deno.errors.NotCapable,
  Deno.errors.PermissionDenied,
];

/** How often a port is tried, a millisecond or more apart. */
const MOST_TRIES = 1000;

/** A server that a new one on the same port replaces when its certificate is replaced. */
export class Listening {
  readonly #config: Config["server"];
  readonly #address: Address;
  readonly #handler: Handler;
  readonly #log: Log;
  readonly #endings: Promise<void>[] = [];
  #listener: Listener;
  /** What it listens with; undefined without TLS. */
  #pair: Pair | undefined;
  #stamp: string;
  #isListening = true;
  #isOver = false;

  /**
   * Begins to listen.
   *
   * @throws {ConfigError} the certificate or its key cannot be used
   */
  constructor(config: Config["server"], address: Address, handler: Handler, log: Log) {
    this.#config = config;
    this.#address = address;
    this.#handler = handler;
    this.#log = log;
    this.#stamp = this.#stampNow();
    this.#pair = readPair(config);
    this.#listener = this.#listen(this.#pair);
  }

  #listen(pair: Pair | undefined): Listener {
    const listener = { isEnding: false };
    const handler: Deno.ServeHandler<Deno.NetAddr> = (request, { remoteAddr }) =>
      this.#handler(request, remoteAddr.hostname, () => listener.isEnding);
    return Object.assign(listener, { server: this.#serve(pair, handler) });
  }

  #serve(
    pair: Pair | undefined,
    handler: Deno.ServeHandler<Deno.NetAddr>,
  ): Deno.HttpServer<Deno.NetAddr> {
    const scheme = pair === undefined ? "http" : "https";
    const onListen = ({ hostname, port }: Deno.NetAddr) =>
      this.#log("info", `listening on ${scheme}://${hostname}:${port}`);
    if (pair === undefined) return Deno.serve({ ...this.#address, onListen }, handler);
    try {
      return Deno.serve({ ...this.#address, ...pair, onListen }, handler);
    } catch (error) {
      // Not of the certificate.
      if (NETWORK_ERRORS.some((kind) => error instanceof kind)) throw error;
      throw faultOfPair(pair, this.#config) ?? doesNotFit(this.#config);
    }
  }

  #stampNow(): string {
    return [this.#config.tlsCert, this.#config.tlsKey].map(stampOf).join();
  }

  /**
   * Uses the certificate once it was replaced; where the new one cannot be used, the old one
   * remains. Open requests end in their own time; a client that connects in the few milliseconds
   * between is refused. Where another program takes the port just then, the next call tries again.
   */
  async renew(): Promise<void> {
    const stamp = this.#stampNow();
    if (stamp === this.#stamp && this.#isListening || this.#isOver) return;
    this.#stamp = stamp;
    try {
      const pair = readPair(this.#config);
      if (this.#isListening) this.#endings.push(this.#end());
      await this.#listenAgain(pair);
      this.#pair = pair;
    } catch (error) {
      const reason = messageOf(error);
      this.#log("error", `${reason}; the certificate that was read before remains in use`);
      if (this.#isListening) return;
      try {
        await this.#listenAgain(this.#pair);
      } catch (second) {
        this.#log("error", `does not listen: ${messageOf(second)}`);
      }
    }
  }

  /** Waits until the port is free: a server releases it only in the next turn of the event loop. */
  async #listenAgain(pair: Pair | undefined): Promise<void> {
    this.#isListening = false;
    for (let tries = 1; !this.#isOver; tries++) {
      try {
        this.#listener = this.#listen(pair);
        this.#isListening = true;
        return;
      } catch (error) {
        if (!(error instanceof Deno.errors.AddrInUse) || tries === MOST_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }

  /** Accepts no new requests; resolves when the open ones are over. */
  async shutdown(): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#endings, this.#end()]);
  }

  #end(): Promise<void> {
    this.#listener.isEnding = true;
    return this.#listener.server.shutdown();
  }
}

function stampOf(path: string | undefined): string {
  if (path === undefined) return "";
  try {
    const { ino, size, mtime } = Deno.statSync(path);
    return `${ino} ${size} ${mtime?.getTime()}`;
  } catch {
    return "gone";
  }
}
