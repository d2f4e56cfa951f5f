/**
 * A MISP instance for tests: a real HTTP server on loopback that answers as a live MISP 2.5.1 was
 * recorded to answer, keeps its state in memory, and fails on order.
 *
 * @module
 */
import { freePort } from "../support/ports.ts";
import { type Answer, internalError } from "./answers.ts";
import type { Meddling } from "./call.ts";
import { Connection, type RawRequest } from "./connection.ts";
import { type Delivery, type Fault, FaultQueue, suffer } from "./faults.ts";
import { answerRequest, type Instance } from "./gate.ts";
import type { FakeMispOptions } from "./options.ts";
import { type ReceivedRequest, RequestLog } from "./request_log.ts";
import { keyOf, type Role, ROLES, type User, userOf } from "./roles.ts";
import { State, type WarningList } from "./state.ts";
import { ensureTag } from "./tags.ts";
import type { StoredEvent, StoredSighting } from "./wire.ts";

export type { CustomRole, Role } from "./roles.ts";
export type { FakeMispOptions, Fault, ReceivedRequest, StoredEvent, StoredSighting, WarningList };

/** The running instance. */
export class FakeMisp implements AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** A key for each role. */
  readonly keys: Readonly<Record<Role, string>>;
  /** Only site admins get in; the rest is sent to the login page. */
  maintenance: boolean;
  /** Every request is answered 500. */
  databaseDown = false;
  backgroundJobs: boolean;
  /** Milliseconds every answer takes. */
  latencyMs: number;

  readonly #options: FakeMispOptions;
  readonly #state: State;
  readonly #users: Map<string, User>;
  readonly #faults = new FaultQueue();
  readonly #port: number;
  readonly #connections: Set<Connection> = new Set();
  readonly #serving: Set<Promise<void>> = new Set();
  readonly #log: RequestLog;
  readonly #bugs: unknown[] = [];
  #listener: Deno.Listener | undefined;
  #released = Promise.withResolvers<void>();
  #disposed = false;

  private constructor(options: FakeMispOptions) {
    this.#options = options;
    this.#log = new RequestLog(options.keepsRequests ?? true);
    this.#state = new State(options.now ?? Date.now);
    this.#state.sharingGroups = options.sharingGroups ?? [];
    this.#state.warningLists = options.warningLists ?? [];
    for (const name of options.tags ?? []) ensureTag(this.#state, name);
    for (const name of options.taxonomies ?? []) this.#state.taxonomies.set(name, false);
    this.#state.hasGalaxies = options.galaxies ?? false;
    const keys = Object.fromEntries(ROLES.map((role) => [role, keyOf(role)]));
    this.keys = keys as Record<Role, string>;
    const own = ROLES.map((role) => [keyOf(role), role] as const);
    const all = [...own, ...Object.entries(options.keys ?? {})];
    this.#users = new Map(all.map(([key, role]) => [key, userOf(role)]));
    this.maintenance = options.maintenance ?? false;
    this.backgroundJobs = options.backgroundJobs ?? false;
    this.latencyMs = options.latencyMs ?? 0;
    this.#port = freePort();
    this.#listen();
    this.url = `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  /**
   * Starts an instance on a free port of loopback.
   *
   * @param options How it is set up.
   * @returns The running instance.
   */
  static start(options: FakeMispOptions = {}): Promise<FakeMisp> {
    return Promise.resolve(new FakeMisp(options));
  }

  /** Stops the instance and cuts all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.down = true;
    this.release();
    await Promise.all(this.#serving);
    if (this.#bugs.length > 0) throw new AggregateError(this.#bugs, "Bugs in the fake MISP");
  }

  /** True: nobody listens, connections are refused. */
  get down(): boolean {
    return this.#listener === undefined;
  }
  set down(down: boolean) {
    if (down === this.down) return;
    if (!down) this.#listen();
    else {
      this.#listener?.close();
      this.#listener = undefined;
      for (const connection of this.#connections) connection[Symbol.dispose]();
    }
  }

  /** @returns All events with all their parts, deleted ones too: a copy. */
  events(): StoredEvent[] {
    return structuredClone([...this.#state.events.values()]);
  }

  /** @returns All events as they are, to be read only: copies of tens of thousands take long. */
  stored(): Iterable<StoredEvent> {
    return this.#state.events.values();
  }

  /**
   * Answers a request at once: without a connection, faults or an entry in {@link requests}.
   *
   * @param raw The request.
   * @returns The answer.
   */
  answer(raw: RawRequest): Answer {
    return this.#handle(raw);
  }

  /** @returns The event with that uuid: a copy. */
  event(uuid: string): StoredEvent | undefined {
    return structuredClone(this.#state.events.get(uuid.toLowerCase()));
  }

  /** @returns All sightings. */
  sightings(): StoredSighting[] {
    return structuredClone([...this.#state.sightings.values()]);
  }

  /** @returns The names of all tags. */
  tags(): string[] {
    return [...this.#state.tags.values()].map((row) => row.name);
  }

  /** @returns Jobs queued for a worker that does not run. */
  jobs(): string[] {
    return [...this.#state.jobs];
  }

  /** Does what waits for a worker. */
  work(): void {
    this.#state.work();
  }

  /** @returns The namespaces of the taxonomies that are enabled. */
  enabledTaxonomies(): string[] {
    return [...this.#state.taxonomies].filter(([, isEnabled]) => isEnabled).map(([name]) => name);
  }

  /** Takes an event off the blocklist, as an admin would. */
  unblock(uuid: string): void {
    this.#state.blocked.delete(uuid);
  }

  /** Makes a tag as an admin would. */
  createTag(name: string): void {
    ensureTag(this.#state, name);
  }

  /** Each next request that fits takes one of the faults, in order. */
  fail(...faults: Fault[]): void {
    this.#faults.add(...faults);
  }

  /** Every n-th request that fits takes the fault. */
  failEvery(n: number, fault: Fault): void {
    this.#faults.addEvery(n, fault);
  }

  /** Forgets all faults. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** @returns How many one-time faults nobody has taken yet. */
  get faultsLeft(): number {
    return this.#faults.waiting;
  }

  /** Lets all hanging requests go on. */
  release(): void {
    this.#released.resolve();
    this.#released = Promise.withResolvers();
  }

  /** Everything received, in order. */
  get requests(): ReceivedRequest[] {
    return this.#log.requests;
  }

  /** Most requests that were under way at one time. */
  get maxInFlight(): number {
    return this.#log.maxInFlight;
  }

  /** Most requests about one and the same event that were under way at one time. */
  get maxInFlightPerEvent(): number {
    return this.#log.maxInFlightPerEvent;
  }

  /** Resolves when so many requests have been received in all. */
  received(count: number): Promise<void> {
    return this.#log.received(count);
  }

  #listen(): void {
    const { tls } = this.#options;
    const where = { hostname: "127.0.0.1", port: this.#port };
    const listener = tls === undefined ? Deno.listen(where) : Deno.listenTls({ ...where, ...tls });
    this.#listener = listener;
    this.#track(this.#accept(listener));
  }

  #track(work: Promise<void>): void {
    this.#serving.add(work);
    work.finally(() => this.#serving.delete(work));
  }

  async #accept(listener: Deno.Listener): Promise<void> {
    while (this.#listener === listener) {
      try {
        this.#track(this.#serve(new Connection(await listener.accept())));
      } catch {
        // The listener is closed, or the client was gone before it was accepted.
      }
    }
  }

  async #serve(connection: Connection): Promise<void> {
    using held = connection;
    this.#connections.add(held);
    try {
      let goesOn = true;
      while (goesOn && !this.#disposed) {
        const raw = await connection.read();
        goesOn = raw !== undefined && await this.#answer(connection, raw);
      }
    } catch (error) {
      // A client that left is not a bug; any other error is a bug of this server.
      if (!isNetworkError(error)) this.#bugs.push(error);
    } finally {
      this.#connections.delete(connection);
    }
  }

  /** @returns Whether the connection remains open. */
  async #answer(connection: Connection, raw: RawRequest): Promise<boolean> {
    using entry = this.#log.begin(raw);
    const fault = this.#faults.take(raw.path, new TextDecoder().decode(raw.body));
    const handle = (meddling?: Meddling): Answer => this.#handle(raw, meddling);
    const delivery = fault === undefined
      ? { answer: handle() }
      : suffer(fault, raw.path, this.url, handle);
    return await this.#deliver(connection, entry.request, delivery);
  }

  async #deliver(
    connection: Connection,
    request: ReceivedRequest,
    delivery: Delivery,
  ): Promise<boolean> {
    const { hang, cut } = delivery;
    const delayMs = delivery.delayMs ?? this.latencyMs;
    if (delayMs > 0) await this.#wait(connection, delayMs);
    if (hang === "before" && await this.#hold(connection) === "gone") return false;
    const answer = typeof delivery.answer === "function" ? delivery.answer() : delivery.answer;
    if (answer === undefined) return false;
    request.status = answer.status;
    const hold = async (): Promise<void> => {
      await this.#hold(connection);
    };
    const pause = hang === "inside" ? hold : cut === true ? cutter(connection) : undefined;
    const keep = this.#options.keepAlive === true &&
      !answer.headers.some(([name]) => name === "Connection");
    const now = this.#options.now ?? Date.now;
    const dated = {
      ...answer,
      headers: [["Date", new Date(now()).toUTCString()] as const, ...answer.headers],
    };
    await connection.send(dated, { keep, withBody: request.method !== "HEAD", pause });
    return keep && cut !== true;
  }

  /** Waits for `release()`, or until the client goes away or the instance stops. */
  async #hold(connection: Connection): Promise<"released" | "gone"> {
    const gone = connection.gone().then(() => "gone" as const);
    const released = this.#released.promise.then(() => "released" as const);
    const first = await Promise.race([released, gone]);
    return this.#disposed ? "gone" : first;
  }

  async #wait(connection: Connection, ms: number): Promise<void> {
    const elapsed = Promise.withResolvers<void>();
    const timer = setTimeout(elapsed.resolve, ms);
    await Promise.race([elapsed.promise, connection.gone()]);
    clearTimeout(timer);
  }

  #handle(raw: RawRequest, meddling: Meddling = {}): Answer {
    const instance: Instance = {
      state: this.#state,
      baseUrl: this.url,
      users: this.#users,
      maintenance: this.maintenance,
      databaseDown: this.databaseDown,
      backgroundJobs: this.backgroundJobs,
    };
    try {
      return answerRequest(instance, raw, meddling);
    } catch (error) {
      this.#bugs.push(error);
      return internalError(raw.path);
    }
  }
}

function cutter(connection: Connection): () => Promise<void> {
  return () => Promise.resolve(connection[Symbol.dispose]());
}

/** What reading, writing and closing throw when the client is gone, whenever it went. */
const NETWORK_ERRORS = [
  Deno.errors.BadResource,
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionAborted,
  Deno.errors.ConnectionReset,
  Deno.errors.Interrupted,
  Deno.errors.NotConnected,
  Deno.errors.TimedOut,
  Deno.errors.UnexpectedEof,
];

function isNetworkError(error: unknown): boolean {
  return NETWORK_ERRORS.some((kind) => error instanceof kind);
}
