/**
 * `report`: lists, shows, retries and drops reports.
 *
 * @module
 */
import { canonicalAddress } from "../../address.ts";
import type { Buffer } from "../../buffer/buffer.ts";
import type { Changed, ReportRow, ReportsMeant } from "../../buffer/reports.ts";
import type { Config } from "../../config/config.ts";
import { PUBLISH_LEASE } from "../../publish/publisher.ts";
import { ownerName, type Start } from "../wiring/context.ts";
import { EXIT, Failure } from "../exit.ts";
import { didYouMean } from "../../nearest.ts";
import { parse } from "../terminal/options.ts";
import { dueRules } from "../wiring/publisher.ts";
import { openReading } from "./looking/reading.ts";
import { listText, rowJson, type ShownReport, showText } from "./report_text.ts";
import { counted } from "../terminal/counted.ts";
import { screenJson, screenOf } from "../terminal/screen.ts";

/** What `report` was asked. */
interface Asked {
  readonly buffer: Buffer;
  readonly config: Config;
  /** The uuid or address, as it was written. */
  readonly about: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
  readonly yes: boolean;
}

const ACTIONS: Readonly<Record<string, (asked: Asked) => Promise<number>>> = {
  list,
  show,
  retry,
  drop,
};

/** Most reports of each state that `list` shows. */
const LISTED = 50;

/** How long a change waits for a publisher to end its round, milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;

/** Runs `report list | show | retry | drop`. */
export async function report(start: Start): Promise<number> {
  const { values, positionals } = parse("report", start.args);
  const [name = "list", about, ...more] = positionals;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    const actions = Object.keys(ACTIONS);
    throw new Failure(
      EXIT.usage,
      `unknown action "${name}"; ${didYouMean(name, actions)}report takes ${actions.join(", ")}`,
    );
  }
  if (more.length > 0) {
    throw new Failure(
      EXIT.usage,
      `report ${name} takes one uuid or address, not also "${more[0]}"`,
    );
  }
  const { all = false, json = false, yes = false } = values;
  requireOptions(name, { about, all, yes });
  const { config, buffer } = await openReading(start);
  using _ = buffer;
  return await action({ buffer, config, about, all, json, yes });
}

/** Refuses an option that would change nothing: the user meant something else. */
function requireOptions(name: string, asked: Pick<Asked, "about" | "all" | "yes">): void {
  const { about, all, yes } = asked;
  const wrong = name === "list" && about !== undefined
    ? `report list takes no uuid or address; use \`report show ${about}\``
    : all && (name === "show" || name === "drop")
    ? `report ${name} takes one uuid or address, not --all`
    : yes && name !== "drop"
    ? `--yes is for report drop, not for report ${name}`
    : name === "retry" && all === (about !== undefined)
    ? "report retry needs either a uuid or address, or --all"
    : name !== "list" && name !== "retry" && about === undefined
    ? `report ${name} needs the uuid of a report or an address; \`report list\` shows them`
    : undefined;
  if (wrong !== undefined) throw new Failure(EXIT.usage, wrong);
}

async function list({ buffer, all, json }: Asked): Promise<number> {
  const found = await buffer.reports.list(all ? Infinity : LISTED);
  const { refused, pending: waiting, delivered } = found.counts;
  console.log(
    json
      ? screenJson({ refused, waiting, delivered, reports: found.rows.map(rowJson) })
      : listText(found, screenOf(Deno.stdout)),
  );
  return EXIT.ok;
}

async function show(asked: Asked): Promise<number> {
  const { buffer, json } = asked;
  const shown: ShownReport[] = [];
  for (const row of await find(asked)) shown.push({ row, body: await buffer.reports.body(row) });
  console.log(
    json
      ? screenJson(shown.map(({ row, body }) => ({
        ...rowJson(row),
        body: body === undefined ? null : JSON.parse(body),
      })))
      : showText(shown),
  );
  return EXIT.ok;
}

async function retry(asked: Asked): Promise<number> {
  const { buffer, config, json } = asked;
  const found = await find(asked);
  const changes = await change((lease, now) => buffer.reports.retry(found, lease, now));
  const numbers = numbersOf(changes);
  if (json) console.log(screenJson({ retried: numbers.changed, ...withoutChanged(numbers) }));
  else {
    const sent = found.filter((_, index) => changes[index] === "changed");
    const lines = [
      `${counted(numbers.changed, "report")} due now`,
      ...whyNot(numbers, "sent again"),
    ];
    if (sent.length > 0) lines.push(...await howSent(buffer, config, sent));
    console.log(lines.join("\n"));
  }
  return exitOf(numbers, found.length);
}

/** How to send them now: only `--now` tries a paused sink. */
async function howSent(buffer: Buffer, config: Config, sent: readonly ReportRow[]) {
  const sinks = [...new Set(sent.map(({ sink }) => sink))];
  const names: readonly string[] = sinks;
  const now = Date.now();
  const { paused } = await buffer.views.status();
  const isPaused = paused.some(({ sink, until }) => until > now && names.includes(sink));
  const configured = dueRules(config).sinks;
  return [
    isPaused
      ? "`flush --now` sends now; a sink is paused after a failure (`status`)"
      : "`flush` sends now",
    ...sinks.filter((sink) => !configured.includes(sink)).map((sink) =>
      `nothing is sent to ${sink}: it is not configured here`
    ),
  ];
}

async function drop(asked: Asked): Promise<number> {
  const { buffer, json } = asked;
  const found = await find(asked);
  const undelivered = found.filter(({ state }) => state !== "delivered");
  if (!json && undelivered.length > 0 && !mayDrop(asked, undelivered.length)) {
    console.log("nothing was dropped");
    return EXIT.ok;
  }
  const changes = await change((lease, now) => buffer.reports.drop(found, lease, now));
  const numbers = numbersOf(changes);
  if (json) console.log(screenJson({ dropped: numbers.changed, ...withoutChanged(numbers) }));
  else {
    const lines = [`${counted(numbers.changed, "report")} dropped`, ...whyNot(numbers, "dropped")];
    if (numbers.changed > 0) {
      lines.push("the source's counts are kept; its next report contains them");
    }
    console.log(lines.join("\n"));
  }
  return exitOf(numbers, found.length);
}

/** Asks for confirmation at a terminal; a script has decided already. */
function mayDrop({ yes, about }: Asked, count: number): boolean {
  if (yes || !Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return true;
  return confirm(`drop ${counted(count, "report")} of ${about} for good?`);
}

/** @throws {Failure} neither a uuid nor an address, or no report has it */
async function find({ buffer, about }: Asked): Promise<readonly ReportRow[]> {
  const found = await buffer.reports.find(meantBy(about));
  if (found.length === 0 && about !== undefined) {
    throw new Failure(EXIT.usage, `no report of "${about}"; \`report list --all\` shows them all`);
  }
  return found;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function meantBy(about: string | undefined): ReportsMeant {
  if (about === undefined) return { kind: "undelivered" };
  if (UUID.test(about)) return { kind: "uuid", uuid: about.toLowerCase() };
  const sourceIp = canonicalAddress(about);
  if (sourceIp !== undefined) return { kind: "source", sourceIp };
  throw new Failure(EXIT.usage, `"${about}" is neither a uuid nor an address`);
}

type Change = (
  lease: { readonly name: string; readonly owner: string },
  now: number,
) => Promise<readonly Changed[] | undefined>;

/** @throws {Failure} a publisher is at work for longer than {@link LOCK_TIMEOUT_MS} */
async function change(attempt: Change): Promise<readonly Changed[]> {
  const lease = { name: PUBLISH_LEASE, owner: ownerName() };
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const changed = await attempt(lease, Date.now());
    if (changed !== undefined) return changed;
    if (performance.now() > deadline) {
      throw new Failure(EXIT.waiting, "a publisher is at work; try again in a minute");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

type Numbers = Readonly<Record<Changed, number>>;

function numbersOf(changes: readonly Changed[]): Numbers {
  const of = (kind: Changed) => changes.filter((changed) => changed === kind).length;
  return {
    changed: of("changed"),
    superseded: of("superseded"),
    delivered: of("delivered"),
    gone: of("gone"),
  };
}

function withoutChanged({ superseded, delivered, gone }: Numbers) {
  return { superseded, delivered, gone };
}

function whyNot({ superseded, delivered, gone }: Numbers, what: string): readonly string[] {
  const reasons: readonly [number, string][] = [
    [superseded, "a later report of the same event replaces it"],
    [delivered, "delivered already"],
    [gone, "no longer in the buffer"],
  ];
  return reasons.filter(([n]) => n > 0).map(([n, why]) =>
    `${counted(n, "report")} not ${what}: ${why}`
  );
}

/** A failure when reports were named and none could be changed. */
function exitOf({ changed }: Numbers, found: number): number {
  return found > 0 && changed === 0 ? EXIT.failed : EXIT.ok;
}
