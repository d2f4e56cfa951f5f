/**
 * `report`: lists, shows, retries and drops reports, one by one or by the reason of their refusal.
 *
 * @module
 */
import type { Buffer } from "../../../buffer/buffer.ts";
import type { Config } from "../../../config/config.ts";
import type { SinkName } from "../../../model.ts";
import type { Start } from "../../wiring/context.ts";
import { EXIT, Failure } from "../../exit.ts";
import { didYouMean } from "../../../nearest.ts";
import { parse } from "../../terminal/options.ts";
import { dueRules } from "../../wiring/publisher.ts";
import { openReading } from "../looking/reading.ts";
import { find, type Meant, meant, type Numbers, numbersOf, whyNot } from "./changes.ts";
import { everyGroup, reasonJson, reasonsText } from "./reasons.ts";
import { listText, rowJson, type ShownReport, showText } from "./report_text.ts";
import { counted } from "../../terminal/counted.ts";
import { screenJson, screenOf } from "../../terminal/screen.ts";

/** What `report` was asked. */
interface Asked {
  readonly buffer: Buffer;
  readonly config: Config;
  /** The uuid or address, as it was written. */
  readonly about: string | undefined;
  /** The reason why reports were refused, or a part of it. */
  readonly reason: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
  readonly yes: boolean;
}

const ACTIONS: Readonly<Record<string, (asked: Asked) => Promise<number>>> = {
  list,
  reasons,
  show,
  retry,
  drop,
};

/** Most reports of each state, or most reasons, that are listed. */
const LISTED = 50;

/** Runs `report list | reasons | show | retry | drop`. */
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
  const { all = false, json = false, yes = false, reason } = values;
  requireOptions(name, { about, all, yes, reason });
  const { config, buffer } = await openReading(start);
  using _ = buffer;
  return await action({ buffer, config, about, reason, all, json, yes });
}

/** Refuses an option that would change nothing: the user meant something else. */
function requireOptions(
  name: string,
  { about, reason, all, yes }: Pick<Asked, "about" | "reason" | "all" | "yes">,
): void {
  const isChange = name === "retry" || name === "drop";
  const ways = Number(about !== undefined) + Number(reason !== undefined);
  const wrong = name === "list" && about !== undefined
    ? `report list takes no uuid or address; use \`report show ${about}\``
    : name === "reasons" && about !== undefined
    ? "report reasons takes no uuid or address"
    : reason !== undefined && !isChange
    ? `--reason is for report retry and report drop, not for report ${name}`
    : reason?.trim() === ""
    ? "--reason is empty; `report reasons` lists the reasons"
    : all && (name === "show" || name === "drop")
    ? `report ${name} takes one uuid or address, not --all`
    : yes && name !== "drop"
    ? `--yes is for report drop, not for report ${name}`
    : name === "retry" && ways + Number(all) !== 1
    ? "report retry needs a uuid or address, --reason or --all, and only one of them"
    : name === "drop" && ways !== 1
    ? "report drop needs either the uuid of a report or an address, or --reason; " +
      "`report list` shows them"
    : name === "show" && about === undefined
    ? "report show needs the uuid of a report or an address; `report list` shows them"
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

async function reasons({ buffer, all, json }: Asked): Promise<number> {
  const grouped = await everyGroup(buffer);
  console.log(
    json
      ? screenJson({ refused: grouped.count, reasons: grouped.groups.map(reasonJson) })
      : reasonsText(grouped, all ? Infinity : LISTED, screenOf(Deno.stdout)),
  );
  return EXIT.ok;
}

async function show({ buffer, about, json }: Asked): Promise<number> {
  const shown: ShownReport[] = [];
  for (const row of await find(buffer, about)) {
    shown.push({ row, body: await buffer.reports.body(row) });
  }
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
  const found = await meant(buffer, asked);
  const { changes, sinks } = await found.change("retry");
  const numbers = numbersOf(changes);
  if (json) console.log(screenJson({ retried: numbers.changed, ...withoutChanged(numbers) }));
  else {
    const lines = [
      `${counted(numbers.changed, "report")} due now`,
      ...whyNot(numbers, "sent again"),
    ];
    if (sinks.length > 0) lines.push(...await howSent(buffer, config, sinks));
    console.log(lines.join("\n"));
  }
  return exitOf(numbers, found.count);
}

/** How to send them now: only `--now` tries a paused sink. */
async function howSent(buffer: Buffer, config: Config, sinks: readonly SinkName[]) {
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
  const found = await meant(buffer, asked);
  if (!json && found.undelivered > 0 && !mayDrop(asked, found)) {
    console.log("nothing was dropped");
    return EXIT.ok;
  }
  const numbers = numbersOf((await found.change("drop")).changes);
  if (json) console.log(screenJson({ dropped: numbers.changed, ...withoutChanged(numbers) }));
  else {
    const lines = [`${counted(numbers.changed, "report")} dropped`, ...whyNot(numbers, "dropped")];
    if (numbers.changed > 0) {
      lines.push("the source's counts are kept; its next report contains them");
    }
    console.log(lines.join("\n"));
  }
  return exitOf(numbers, found.count);
}

/** Asks for confirmation at a terminal; a script has decided already. */
function mayDrop({ yes }: Asked, { undelivered, which }: Meant): boolean {
  if (yes || !Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return true;
  return confirm(`drop ${counted(undelivered, "report")} ${which} for good?`);
}

function withoutChanged({ superseded, delivered, gone }: Numbers) {
  return { superseded, delivered, gone };
}

/** A failure when reports were named and none could be changed. */
function exitOf({ changed }: Numbers, found: number): number {
  return found > 0 && changed === 0 ? EXIT.failed : EXIT.ok;
}
