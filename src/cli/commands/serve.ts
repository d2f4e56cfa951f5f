/**
 * `serve`: alerts by HTTP, published within seconds after they are due.
 *
 * @module
 */
import { BUSY_TIMEOUT_MS } from "../../buffer/sqlite/errors.ts";
import { LockWait } from "../../buffer/sqlite/lock_wait.ts";
import { MINUTE, SECOND } from "../../clock.ts";
import { ConfigError } from "../../config/values.ts";
import { decideItem } from "../../intake/decide.ts";
import { WRITE_PROBE } from "../../publish/names.ts";
import { PUBLISH_LEASE } from "../../publish/publisher.ts";
import { createNetworkSet, type NetworkSet, parseNetwork } from "../../guard/network_set.ts";
import { listFiles } from "../../lists/file.ts";
import { statesOf } from "../../lists/states.ts";
import { createApp } from "../../server/app.ts";
import { cached } from "../../server/cached.ts";
import { inGroups } from "../../server/ingest/group_commit.ts";
import { Limits } from "../../server/middleware/limits.ts";
import { createMetrics } from "../../server/metrics.ts";
import { ReadTimeout } from "../../server/ingest/read_timeout.ts";
import {
  intakeRules,
  limitsOf,
  loadStartConfig,
  ownerName,
  type Start,
} from "../wiring/context.ts";
import { EXIT, Failure } from "../exit.ts";
import { createEngine } from "../wiring/engine.ts";
import { alertsPath, beginningOf, endingAt, storeFollowed } from "../wiring/following.ts";
import { isLoopback, listenAddress } from "../wiring/listen/address.ts";
import { listenFailure } from "../wiring/listen/errors.ts";
import { type Handler, Listening } from "../wiring/listen/listening.ts";
import { createLog, type Log, logMovedAside } from "../terminal/log.ts";
import { parse } from "../terminal/options.ts";
import { createPublisher, feedDirectory, type Publisher } from "../wiring/publisher.ts";
import { standingsOf } from "../wiring/lists/parts.ts";
import { requireMispOfIntegratord } from "../wiring/rounds.ts";
import { openBuffer } from "../wiring/buffer/open.ts";
import { databaseOf } from "../wiring/buffer/database.ts";
import { createTokens, tokenCommand } from "./tokens.ts";
import settings from "../../../deno.json" with { type: "json" };
import { SpillIntake } from "../wiring/spilled.ts";
import { tuneForBulk } from "../wiring/v8_tuning.ts";
import { messageOf } from "../../errors.ts";

/** How long open requests and the last round may take once a signal ends the service, milliseconds. */
export const GRACE_MS = 10 * SECOND;

/** How often the engine looks whether something is due, milliseconds. */
const LOOK_MS = 5 * SECOND;
const PRUNE_MS = MINUTE;

/** How long a count of the buffer is shown, milliseconds: with a million sources it takes a while. */
const STATUS_KEPT_MS = 5 * SECOND;

/** Runs `serve [--listen HOST:PORT] [--follow]` until SIGTERM or SIGINT, or `serve token new NAME`. */
export async function serve(start: Start): Promise<number> {
  if (start.args[0] === "token") {
    return tokenCommand(start.args.slice(1), loadStartConfig(start).config);
  }
  const { values } = parse("serve", start.args);
  const beginning = beginningOf(values["from-start"] ?? false, values.since);
  if (!values.follow && beginning !== "end") {
    throw new Failure(EXIT.usage, "--from-start and --since say where --follow begins; add it");
  }
  const loaded = loadStartConfig(start);
  const { config } = loaded;
  if (config.forward.url !== undefined) {
    throw new ConfigError(
      "forward.url is set, but what `serve` takes is published here; unset it for `serve`",
    );
  }
  const address = listenAddress(values.listen ?? config.server.listen);
  const log = createLog(config.log, true);
  const tokens = createTokens(config, log);
  if (tokens().length === 0 && !isLoopback(address.hostname)) {
    throw new ConfigError(
      `server.listen is ${address.hostname}, but without server.tokens_file only a loopback ` +
        "address is allowed; `serve token new NAME` makes a token",
    );
  }
  tuneForBulk();
  const lockMs = Math.min(BUSY_TIMEOUT_MS, config.server.readTimeoutMs);
  using buffer = await openBuffer(config, {
    bulk: true,
    asyncSync: true,
    lockWait: new LockWait(lockMs),
  });
  if (buffer.movedAside !== undefined) logMovedAside(log, buffer.movedAside);
  // No integration call writes into a database, which may be away now.
  if (databaseOf(config) === undefined) await requireMispOfIntegratord(buffer, config);
  using publisher = createPublisher(config, buffer, log);
  const rules = await intakeRules(loaded);
  const status = cached(() => buffer.views.status(), STATUS_KEPT_MS, Date.now);
  const maxBytes = config.buffer.url === undefined ? config.buffer.maxBytes : undefined;
  const owner = ownerName();
  const ended = new AbortController();
  const loggingDamage = async <T>(store: () => Promise<T>): Promise<T> => {
    const { movedAside } = buffer;
    const accepted = await store();
    if (buffer.movedAside !== undefined && buffer.movedAside !== movedAside) {
      logMovedAside(log, buffer.movedAside);
    }
    return accepted;
  };
  using readTimeout = new ReadTimeout(config.server.readTimeoutMs);
  // A lock that was waited for in vain has an error of its own.
  using storeTimeout = new ReadTimeout(Math.max(config.server.readTimeoutMs, lockMs + SECOND));
  const app = createApp({
    ...config.server,
    readTimeout,
    storeTimeout,
    status,
    metrics: await createMetrics({
      ...{ status, maxBytes, version: settings.version, now: Date.now },
      compromised: cached(() => buffer.views.compromised(Date.now()), STATUS_KEPT_MS, Date.now),
      sensors: cached(() => buffer.views.sensorContacts(), STATUS_KEPT_MS, Date.now),
      lists: () => statesOf(config.lists, buffer.settings),
    }),
    lists: listFiles(config.lists, config.buffer.path),
    feedDirectory: feedDirectory(config),
    tokens,
    allowNetworks: networksOf(config.server.allowNetworks),
    limits: new Limits(config.server),
    now: Date.now,
    decide: (item) => decideItem(item, rules, Date.now()),
    accept: inGroups((groups) =>
      loggingDamage(() => buffer.intake.acceptTogether(groups, limitsOf(config), Date.now()))
    ),
    acceptAtOnce: (decisions) =>
      loggingDamage(() => buffer.intake.accept(decisions, limitsOf(config), Date.now())),
    // One row is enough: anybody may ask, and counting takes a while in a large buffer.
    isStoring: () => buffer.leases.isHeld(PUBLISH_LEASE, Date.now()).then(() => true),
    probeWrite: () => buffer.settings.put(WRITE_PROBE, new Date().toISOString()),
    pages: {
      ...{ buffer, owner, ended: ended.signal, due: publisher.due, locate: publisher.locate },
      warninglistsOf: publisher.warninglistsOf,
      mispUrl: config.misp.url,
      sourceLinks: config.server.sourceLinks,
      silentSensorMs: config.server.silentSensorMs,
      standing: standingsOf(config, log),
    },
    log,
  });
  const answer: Handler = (request, remoteAddress, isEnding) =>
    app.fetch(request, { remoteAddress, isEnding });
  // Once it listens it has senders, and a signal must not end it in the middle of an answer.
  const signalled = untilSignal();
  const server = await listening(config.server, address, answer, log);
  const spilled = new SpillIntake(loaded, buffer, log);
  using engine = createEngine(publisher, config, {
    ...{ lookMs: LOOK_MS, pruneMs: PRUNE_MS, graceMs: GRACE_MS },
    takeIn: () => spilled.take(),
    onRound: ({ delivered, waiting, refused }) => {
      if (delivered === 0) return;
      log("info", `delivered ${delivered}, waiting ${waiting}, refused ${refused}`);
    },
  });
  const flushing = Deno.cron(
    "flush",
    "* * * * *",
    { signal: ended.signal },
    async () => {
      await server.renew();
      await engine.round();
    },
  );
  // What falls due within a minute does not wait for the next job.
  engine.start();
  const hasLookups = config.geoip.databases.length > 0 ||
    config.guard.warninglistsDirectory !== undefined;
  if (hasLookups) void lookUpFromNowOn(publisher, log);
  const following = values.follow
    ? storeFollowed({
      ...{ path: alertsPath(start.root), beginning, buffer, loaded, log },
      ending: endingAt(ended.signal),
    })
    : undefined;
  // The follower ends before a signal only when it cannot go on: then the service cannot either.
  await Promise.race([signalled, ...(following === undefined ? [] : [following])]);
  log("info", "ending: no new requests are accepted, and what is due is published");
  const graceOver = new Promise<void>((resolve) => setTimeout(resolve, GRACE_MS));
  ended.abort();
  // A client that hangs must not keep the last round from happening.
  const lastRound = Promise.all([engine.end(), following]).then(() => engine.round());
  const lastWork = [server.shutdown(), lastRound, flushing];
  await Promise.race([Promise.all(lastWork), graceOver]);
  return EXIT.ok;
}

/** Begins to listen. @throws {Failure} the port cannot be used @throws {ConfigError} the certificate */
async function listening(...parts: ConstructorParameters<typeof Listening>): Promise<Listening> {
  try {
    return new Listening(...parts);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw await listenFailure(parts[1], error);
  }
}

/** Pages show where sources are, and their confidence, before anything was published. */
async function lookUpFromNowOn(publisher: Publisher, log: Log): Promise<void> {
  try {
    await publisher.prepare();
  } catch (error) {
    log("error", `look-ups: ${messageOf(error)}`);
  }
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => resolve());
    }
  });
}

function networksOf(texts: readonly string[]): NetworkSet | undefined {
  if (texts.length === 0) return undefined;
  // They were checked with the configuration.
  const networks = texts.map((text) => parseNetwork(text)!);
  return createNetworkSet([{ name: "allowed", networks }]);
}
