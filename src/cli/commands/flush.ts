/**
 * `flush`: publishes what is due.
 *
 * @module
 */
import { replaced } from "../../buffer/sqlite/error_text.ts";
import { LockWait } from "../../buffer/sqlite/lock_wait.ts";
import type { Buffer } from "../../buffer/buffer.ts";
import { messageOf } from "../../errors.ts";
import type { Config } from "../../config/config.ts";
import type { ForwardRound } from "../../forward/forwarder.ts";
import type { RoundProgress } from "../../publish/publisher.ts";
import { strandedReports } from "../../publish/unserved.ts";
import { EXIT } from "../exit.ts";
import { createLog, type Log, logMovedAside } from "../terminal/log.ts";
import { parse } from "../terminal/options.ts";
import { type Done, Progress } from "../terminal/progress.ts";
import { openBuffer } from "../wiring/buffer/open.ts";
import { SpillIntake } from "../wiring/spilled.ts";
import { loadBackgroundConfig, publishInBackground } from "../wiring/background_flush.ts";
import { loadStartConfig, type Start } from "../wiring/context.ts";
import { createNotifying } from "../wiring/notify/notifying.ts";
import { listMaker } from "../wiring/engine.ts";
import { createForwarding } from "../wiring/forwarding.ts";
import { createPublisher } from "../wiring/publisher.ts";
import { pruneBuffer } from "../wiring/pruning.ts";
import {
  publishInTurn,
  requireMispOfIntegratord,
  roundJson,
  roundText,
  waitForTurn,
} from "../wiring/rounds.ts";

/** The former name of `--until-idle`, for one release: a program of before may start this one by it. */
const FORMER_OPTION = "--stay";

/**
 * How long a background publisher waits for a lock, milliseconds. It waits longer than the call that
 * spilled its alert: nobody else may come for what is in the file.
 */
const BACKGROUND_LOCK_TIMEOUT_MS = 60_000;

/** Runs `flush [--now] [--json] [--until-idle]`. */
export async function flush(start: Start): Promise<number> {
  const args = start.args.map((arg) => arg === FORMER_OPTION ? "--until-idle" : arg);
  const { values } = parse("flush", args);
  const loaded = values["until-idle"] ? await loadBackgroundConfig(start) : loadStartConfig(start);
  const { config } = loaded;
  using buffer = await openBuffer(
    config,
    values["until-idle"] ? { lockWait: new LockWait(BACKGROUND_LOCK_TIMEOUT_MS) } : {},
  );
  const log = createLog(config.log, false);
  if (values["until-idle"]) {
    if (buffer.movedAside !== undefined) logMovedAside(log, buffer.movedAside);
    await publishInBackground(start, loaded, buffer, log);
    return EXIT.ok;
  }
  try {
    // What waited in the damaged buffer was not delivered: the exit code must not say that it was.
    if (buffer.movedAside !== undefined) throw replaced(config.buffer.path, buffer.movedAside);
    await new SpillIntake(loaded, buffer, log).take();
    return await flushOnce(buffer, config, log, values);
  } finally {
    if (buffer.movedAside !== undefined) logMovedAside(log, buffer.movedAside);
  }
}

async function flushOnce(
  buffer: Buffer,
  config: Config,
  log: Log,
  values: { readonly now?: boolean; readonly json?: boolean },
): Promise<number> {
  const everything = values.now ?? false;
  using forwarding = await createForwarding(config, buffer, log);
  const forward = forwarding === undefined
    ? undefined
    : await waitForTurn(() => forwarding.forward(everything));
  await requireMispOfIntegratord(buffer, config);
  using publisher = createPublisher(config, buffer, log);
  using progress = new Progress(!(values.json ?? false));
  const parts = progress.isShown
    ? { ...publisher, onProgress: (done: RoundProgress) => progress.show(() => progressOf(done)) }
    : publisher;
  const published = await publishInTurn(parts, everything);
  const stranded = await strandedReports(buffer, publisher.due.sinks);
  const round = {
    ...published,
    waiting: published.waiting + stranded.reports,
    problems: [...published.problems, ...stranded.problems],
  };
  await createNotifying(config, buffer, log).run(everything).catch((error: unknown) =>
    log("error", `notifying failed: ${messageOf(error)}`)
  );
  progress.clear();
  await listMaker(buffer, config, log)?.(true);
  await pruneBuffer(buffer, config, log);
  if (values.json) {
    console.log(
      JSON.stringify({ ...roundJson(round), ...(forward === undefined ? {} : { forward }) }),
    );
  } else {
    if (forward !== undefined) console.log(forwardText(forward));
    console.log(roundText(round));
  }
  if (round.refused + (forward?.refused ?? 0) > 0) return EXIT.refused;
  return round.waiting + (forward?.waiting ?? 0) > 0 ? EXIT.waiting : EXIT.ok;
}

/** A refused report is done, too; one that waits for a later try is not. */
function progressOf({ snapshots, delivered, refused, toDeliver }: RoundProgress): Done {
  if (toDeliver === undefined) {
    return { done: 0, total: undefined, text: `${snapshots} attacks made into reports` };
  }
  const text = `${delivered} of ${toDeliver} reports delivered`;
  return {
    done: delivered + refused,
    total: toDeliver,
    text: refused === 0 ? text : `${text}, ${refused} refused`,
  };
}

function forwardText({ forwarded, waiting, refused, problem }: ForwardRound): string {
  const lines = [`forwarded ${forwarded}, waiting ${waiting}, refused ${refused}`];
  if (problem !== null) lines.push(`waiting because: ${problem}`);
  return lines.join("\n");
}
