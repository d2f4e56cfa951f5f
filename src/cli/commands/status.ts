/**
 * `status`: what is pending, delivered, refused, ignored and why.
 *
 * @module
 */
import type { FollowState } from "../../buffer/intake.ts";
import type { BufferStatus, CompromisedSources } from "../../buffer/views.ts";
import type { SpoolStatus } from "../../buffer/spool.ts";
import { spillFiles } from "../../buffer/spill/files.ts";
import { FORWARD } from "../../buffer/sqlite/outbox/spool.ts";
import { loadStartConfig, type Start } from "../wiring/context.ts";
import { lagOf } from "../../follow/lag.ts";
import { type ListState, statesOf } from "../../lists/states.ts";
import { ALERTS_STREAM, PUBLICATION_QUEUE, PUBLISHER_PROBLEM } from "../../publish/names.ts";
import { ownershipProblems } from "../../publish/installation.ts";
import { readQueue } from "../../misp/published/publication_queue.ts";
import { strandedReports, unservedSince } from "../../publish/unserved.ts";
import { EXIT } from "../exit.ts";
import { counted } from "../terminal/counted.ts";
import { oneLine } from "../terminal/log.ts";
import { parse } from "../terminal/options.ts";
import { lookIntoBuffer } from "../wiring/buffer/open.ts";
import { bufferFile } from "../wiring/buffer/database.ts";
import { dueRules } from "../wiring/publisher.ts";
import { cut, padded, type Screen, screenOf, styled, widthOf } from "../terminal/screen.ts";

/** Runs `status [--json]`. */
export async function status(start: Start): Promise<number> {
  const { values } = parse("status", start.args);
  const { config } = loadStartConfig(start);
  const { buffer: opened, name } = await lookIntoBuffer(config);
  using buffer = opened;
  const found = await buffer.views.status();
  const due = dueRules(config);
  const nextDueAt = await buffer.outbox.nextDueAt(due);
  const unserved = await unservedSince(buffer, due, Date.now());
  const stranded = await strandedReports(buffer, due.sinks);
  const problem = await buffer.settings.get(PUBLISHER_PROBLEM);
  const queued = readQueue(await buffer.settings.get(PUBLICATION_QUEUE));
  const spooled = await buffer.spool.status();
  const followed = await buffer.intake.followState(ALERTS_STREAM);
  const alertsFile = `${start.root}/logs/alerts/alerts.json`;
  const shown = {
    ...toJson(found, nextDueAt),
    compromised: compromisedJson(await buffer.views.compromised(Date.now())),
    problem: problem ?? null,
    other_installation: (await ownershipProblems(buffer.settings, bufferFile(config)))
      .map(({ found, hint }) => `${found}; ${hint}`),
    spilled: spillFiles(config.buffer.path).length,
    publication_queued: { events: queued.length, since: time(queued[0]?.at) },
    unserved_since: time(unserved),
    stranded: stranded.problems,
    follow: followed === undefined ? null : followJson(followed, alertsFile),
    forward: forwardJson(spooled, found, config.forward.url),
    lists: (await statesOf(config.lists, buffer.settings)).map(listJson),
  };
  console.log(
    values.json ? JSON.stringify(shown, undefined, 2) : describe(
      shown,
      name,
      config.buffer.maxBytes,
      screenOf(Deno.stdout),
    ),
  );
  return EXIT.ok;
}

const time = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

function toJson(found: BufferStatus, nextDueAt: number | undefined) {
  return {
    pending: {
      attacks: found.pendingAttacks,
      attempts: found.pendingAttempts,
      oldest: time(found.oldestOpenedAt),
      next_due: time(nextDueAt),
    },
    reports: {
      waiting: found.waiting,
      delivered: found.delivered,
      refused: found.refused,
      dropped: found.dropped,
    },
    alerts: {
      accepted: found.accepted,
      duplicate: found.duplicate,
      spoofed_srcip: found.spoofedSrcip,
      ignored: Object.fromEntries(found.ignored),
    },
    sources: { known: found.knownSources, expired: found.expired },
    sessions: {
      begun: found.sessions.sessions,
      logged_in_to_decoy: found.sessions.logins,
      files: found.sessions.payloads,
      different_files: found.sessions.hashes,
      expired: found.expiredItems,
    },
    buffer: {
      bytes: found.bytes,
      evicted: evictedJson(found),
      // The old name of `evicted`, for one release.
      given_up: evictedJson(found),
    },
    last: {
      accepted: time(found.lastAcceptedAt),
      delivered: time(found.lastDeliveredAt),
      error: found.lastError === undefined
        ? null
        : { at: time(found.lastError.at), text: found.lastError.text },
    },
    paused: found.paused.map(({ sink, until, since, reason }) => ({
      sink,
      since: time(since),
      until: time(until),
      reason,
    })),
  };
}

const compromisedJson = ({ lastDay, ever, latest }: CompromisedSources) => ({
  last_day: lastDay,
  ever,
  latest: latest.map(({ sourceIp, at }) => ({ address: sourceIp, at: time(at) })),
});

const evictedJson = ({ evicted }: BufferStatus) => ({
  alert_ids: evicted.alertIds,
  usernames: evicted.usernames,
  passwords: evicted.passwords,
  commands: evicted.commands,
});

function followJson(state: FollowState, alertsFile: string) {
  const lag = lagOf(alertsFile, state);
  return {
    file: state.name === "" ? alertsFile : state.name,
    offset: state.offset,
    lag_bytes: lag ?? null,
    lag_seconds: lag === 0 ? 0 : Math.round((Date.now() - state.movedAt) / 1000),
    lines: state.lines,
    rotations: state.rotations,
    moved: time(state.movedAt),
  };
}

/** Null where nothing is forwarded, and nothing is left from when it was. */
function forwardJson(
  { waiting, oldestAddedAt, bytes, refused, lastRefusal, ...counts }: SpoolStatus,
  { paused }: BufferStatus,
  url: string | undefined,
) {
  if (url === undefined && waiting + refused === 0) return null;
  const pause = paused.find(({ sink }) => sink === FORWARD);
  return {
    url: url ?? null,
    waiting,
    oldest: time(oldestAddedAt),
    bytes,
    paused: pause === undefined ? null : { until: time(pause.until), reason: pause.reason },
    refused,
    refusal: lastRefusal ?? null,
    ...counts,
  };
}

const listJson = ({ name, addresses, problem }: ListState) => ({
  name,
  addresses: addresses ?? null,
  problem: problem ?? null,
});

type Shown = ReturnType<typeof toJson> & {
  readonly compromised: ReturnType<typeof compromisedJson>;
  readonly problem: string | null;
  /** What shows that another installation writes the same events. */
  readonly other_installation: readonly string[];
  /** Alert files that wait beside the buffer. */
  readonly spilled: number;
  /** Events that a worker of MISP has yet to publish. */
  readonly publication_queued: { readonly events: number; readonly since: string | null };
  readonly unserved_since: string | null;
  readonly stranded: readonly string[];
  readonly follow: ReturnType<typeof followJson> | null;
  readonly forward: ReturnType<typeof forwardJson>;
  readonly lists: readonly ReturnType<typeof listJson>[];
};

/** Sessions at decoys; nothing where there was none. */
function sessionRows(
  { begun, logged_in_to_decoy, files, different_files }: Shown["sessions"],
): readonly Row[] {
  if (begun + logged_in_to_decoy + files === 0) return [];
  const logins = `logged in to the decoy ${counted(logged_in_to_decoy, "time")}`;
  const different = files === 0 ? "" : ` (${different_files} different in records)`;
  return [["decoy sessions", `${begun} begun, ${logins}, ${counted(files, "file")}${different}`]];
}

/** A line: its label, its text, and whether it is a problem. */
type Row = readonly [label: string, text: string, isProblem?: boolean];

function describe(shown: Shown, path: string, maxBytes: number, screen: Screen): string {
  const { pending, reports, alerts, last, sources, problem, follow } = shown;
  const ignored = Object.entries(alerts.ignored).sort(([, a], [, b]) => b - a);
  const rows: readonly Row[] = [
    ["buffer", path],
    ["size", sizeOf(shown.buffer, maxBytes)],
    ["pending", `${counted(pending.attacks, "attack")}, ${counted(pending.attempts, "attempt")}`],
    ["next due", pending.next_due ?? "nothing is pending"],
    ["reports", reportCounts(reports), reports.refused > 0],
    ["alerts", `${alerts.accepted} accepted, ${alerts.duplicate} duplicate`],
    ...ignored.map(([reason, n]): Row => ["  ignored", `${n} ${reason}`]),
    ["spoofed srcip", String(alerts.spoofed_srcip)],
    ["known sources", String(sources.known)],
    ["expired", `${sources.expired} addresses after silence`],
    ...(shown.sessions.expired === 0
      ? []
      : [["  expired", `${shown.sessions.expired} files and URLs`]] satisfies Row[]),
    ...sessionRows(shown.sessions),
    ["compromised", compromisedText(shown.compromised), shown.compromised.last_day > 0],
    ...(problem === null ? [] : [["problem", oneLine(problem), true]] satisfies Row[]),
    ...shown.other_installation.map((text): Row => ["shared events", oneLine(text), true]),
    ...(shown.spilled === 0 ? [] : [spilledRow(shown.spilled)]),
    ...queuedRows(shown.publication_queued),
    ...(shown.unserved_since === null ? [] : [
      [
        "publisher",
        `nobody publishes what is due since ${shown.unserved_since}: \`flush\` does`,
        true,
      ],
    ] satisfies Row[]),
    ...shown.stranded.map((text): Row => ["sinks", text, true]),
    ...(follow === null ? [] : [["follow", followText(follow)]] satisfies Row[]),
    ...(shown.forward === null ? [] : [["forward", forwardText(shown.forward)]] satisfies Row[]),
    ...shown.lists.map(({ name, addresses, problem }): Row => [
      `list ${name}`.slice(0, LABEL_WIDTH),
      problem === null ? `${addresses ?? 0} addresses` : oneLine(problem),
      problem !== null,
    ]),
    ["last accepted", last.accepted ?? "never"],
    ["last delivered", last.delivered ?? "never"],
    ...shown.paused.map(({ sink, until, reason }): Row => [
      `${sink} paused`,
      `until ${until}: ${oneLine(reason)}`,
      true,
    ]),
    ...(last.error === null
      ? []
      : [["last error", `${last.error.at} ${oneLine(last.error.text)}`]] satisfies Row[]),
  ];
  return rows.map((row) => rowText(row, screen)).join("\n");
}

const queuedRows = ({ events, since }: Shown["publication_queued"]): readonly Row[] =>
  events === 0 ? [] : [[
    "publication",
    `publication queued: ${counted(events, "event")} since ${since}; MISP's workers publish them`,
  ]];

function compromisedText({ last_day, ever }: Shown["compromised"]): string {
  if (ever === 0) return "no source has logged in";
  const sources = counted(ever, "source");
  return `${sources} logged in, ${last_day} in the last 24 hours: \`sources --state compromised\``;
}

const spilledRow = (files: number): Row => [
  "spill files",
  `${files} waiting; \`flush\` takes them in once the buffer can be written`,
  true,
];

const LABEL_WIDTH = 15;

function rowText([label, text, isProblem = false]: Row, screen: Screen): string {
  const { columns } = screen;
  const name = padded(label, LABEL_WIDTH);
  const value = columns === undefined ? text : cut(text, Math.max(1, columns - widthOf(name) - 1));
  return `${styled(name, "dim", screen)} ${isProblem ? styled(value, "red", screen) : value}`;
}

function followText({ file, lag_bytes, lag_seconds, lines, rotations }: NonNullable<
  Shown["follow"]
>): string {
  const behind = lag_bytes === 0
    ? "nothing behind"
    : `${lag_bytes === null ? "in an older file" : `${counted(lag_bytes, "byte")} behind`}, ` +
      `moved ${lag_seconds} s ago`;
  return `${oneLine(file)}, ${behind}; ${counted(lines, "line")}, ${
    counted(rotations, "rotation")
  }`;
}

function forwardText(shown: NonNullable<Shown["forward"]>): string {
  const { url, forwarded, waiting, oldest, refused, refusal } = shown;
  const counts = `${forwarded} forwarded, ${waiting} waiting`;
  return [
    oldest === null ? counts : `${counts} since ${oldest}`,
    ...(refused === 0 ? [] : [`${refused} refused: ${oneLine(refusal ?? "")}`]),
    ...(url === null ? ["forward.url is no longer set"] : []),
  ].join("; ");
}

const MEBIBYTE = 1024 * 1024;

function sizeOf({ bytes, evicted }: Shown["buffer"], maxBytes: number): string {
  const size = `${(bytes / MEBIBYTE).toFixed(1)} of ${(maxBytes / MEBIBYTE).toFixed(0)} MiB`;
  const { alert_ids, usernames, passwords, commands } = evicted;
  if (alert_ids + usernames + passwords + commands === 0) return size;
  const lost = [
    counted(alert_ids, "alert id"),
    counted(usernames, "user name"),
    counted(passwords, "password"),
    counted(commands, "command"),
  ];
  return `${size}; evicted: ${lost.join(", ")}`;
}

function reportCounts({ delivered, waiting, refused, dropped }: Shown["reports"]): string {
  const counts = `${delivered} delivered, ${waiting} waiting, ${refused} refused`;
  const all = dropped === 0 ? counts : `${counts}, ${dropped} dropped`;
  return refused === 0 ? all : `${all}: \`report list\` says why`;
}
