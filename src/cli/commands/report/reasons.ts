/**
 * Refused reports by reason, as the page of refused reports has them.
 *
 * @module
 */
import type { Buffer } from "../../../buffer/buffer.ts";
import { type Grouped, groupRefused, MOST_CHANGED } from "../../../publish/refused/groups.ts";
import { type ReasonGroup, reasonOf } from "../../../publish/refused/reasons.ts";
import { oneLine } from "../../../text.ts";
import { EXIT, Failure } from "../../exit.ts";
import { wrapped } from "../../terminal/checks.ts";
import { counted } from "../../terminal/counted.ts";
import { type Screen, styled } from "../../terminal/screen.ts";

/** Reasons that an error names. */
const NAMED = 3;
/** Most columns of the text. */
const WIDTH = 100;

/** The refused reports by reason; of all of them, not only of the latest. */
export const everyGroup = (buffer: Pick<Buffer, "views">): Promise<Grouped> =>
  groupRefused(buffer, MOST_CHANGED);

/**
 * Finds the reason that is meant: by its text, a part of it, or a whole answer that has it. Two sinks may have
 * given the same one.
 *
 * @throws {Failure} no reason is like this, or several are
 */
export async function groupsOf(
  buffer: Pick<Buffer, "views">,
  text: string,
): Promise<readonly ReasonGroup[]> {
  const { groups } = await everyGroup(buffer);
  const shown = (group: ReasonGroup) => oneLine(group.text);
  const whole = groups.filter((group) =>
    shown(group) === text || reasonOf({ sink: group.sink, lastError: text }).key === group.key
  );
  const part = text.toLowerCase();
  const found = whole.length > 0
    ? whole
    : groups.filter((group) => shown(group).toLowerCase().includes(part));
  const texts = [...new Set(found.map(shown))];
  if (texts.length === 1) return found;
  const given = oneLine(text);
  throw new Failure(
    EXIT.usage,
    texts.length === 0
      ? `no report was refused for "${given}"; \`report reasons\` lists the reasons`
      : `"${given}" is part of ${texts.length} reasons; write more of the one you mean: ` +
        texts.slice(0, NAMED).map((one) => `"${one}"`).join(", ") +
        (texts.length > NAMED ? ", …" : ""),
  );
}

const time = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

/** A reason in `--json`. Times are ISO 8601, UTC. */
export function reasonJson({ text, advice, sink, count, latest: [newest], since }: ReasonGroup) {
  return {
    reason: text,
    sink,
    reports: count,
    first_refused_at: time(since),
    last_refused_at: time(newest?.at),
    what_to_do: advice,
  };
}

/**
 * The reasons, the most frequent first, each with what to do.
 *
 * @param most reasons that are shown
 */
export function reasonsText({ groups }: Grouped, most: number, screen: Screen): string {
  if (groups.length === 0) return "no refused reports";
  const width = Math.min(WIDTH, screen.columns ?? WIDTH);
  const more = groups.length - most;
  return [
    ...groups.slice(0, most).flatMap(({ text, advice, sink, count }) => [
      ...wrapped(`${counted(count, "report")} to ${sink}: ${oneLine(text)}`, "     ", width)
        .map((line) => styled(line, "red", screen)),
      ...wrapped(`     -> ${advice}`, "        ", width),
    ]),
    ...(more > 0 ? [`${counted(more, "further reason")}: --all lists them`] : []),
  ].join("\n");
}
