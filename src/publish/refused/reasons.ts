/**
 * Why reports were refused: the same reason with other values is one reason, in a sentence and with what
 * to do about it. Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { RefusedRow } from "../../buffer/views.ts";

/** A reason that many reports may share. */
export interface Reason {
  /** 16 hexadecimal digits: the name of its group. */
  readonly key: string;
  /** A sentence; words of MISP in it are untrusted. */
  readonly text: string;
  readonly advice: string;
}

/** A reason whose text is known, and what the program says of it. */
interface Known {
  readonly pattern: RegExp;
  /** By default the text with its values left out. */
  readonly text?: string;
  readonly advice: string;
}

const OTHER_OWNER = "Set misp.publisher to a name of your own, for new events. Then drop these " +
  "reports: they belong to events of the other organisation.";

/** In the order in which they are tried. docs/troubleshooting.md has the same advice. */
const KNOWN: readonly Known[] = [
  {
    pattern: /^the proxy before MISP does not accept a body as large/,
    text: "The proxy before MISP does not accept a body as large as these events (413).",
    advice: "Raise client_max_body_size or LimitRequestBody of that proxy, then send them again.",
  },
  {
    pattern: /is on its blocklist/,
    text: "The events were deleted in MISP and are on its blocklist.",
    advice: "Drop these reports if the deletion was meant. Otherwise remove the events from " +
      "Blocklists > Event in MISP, then send them again.",
  },
  {
    pattern: /^the event exists, but another organisation owns it/,
    text: "The events exist, but another organisation owns them and does not share them.",
    advice: OTHER_OWNER,
  },
  {
    pattern: /^the event belongs to another organisation/,
    text: "The events belong to another organisation.",
    advice: OTHER_OWNER,
  },
  {
    pattern: /^MISP left out, without a reason:/,
    text: "MISP stored the events without some of their parts, and gave no reason.",
    advice: "Read MISP's log, and update its object templates and types. Then send them again.",
  },
  {
    pattern: /^MISP refused it:/,
    advice:
      "Correct in MISP or in the configuration what its answer names, then send them again. " +
      "If nothing there is wrong, report it as an issue of this program.",
  },
  {
    pattern: /^the answer exceeds /,
    advice:
      "The events in MISP are too large to be read. Drop these reports, or delete what else " +
      "was added to the events and send them again.",
  },
];

const OTHER_ADVICE =
  "Read the whole answer and MISP's log. Send the reports again when the cause " +
  "is gone; drop them if MISP must not have them.";

const NO_REASON: Reason["text"] = "No reason was given.";

/**
 * Values, by which answers of one reason differ. A status of HTTP stays.
 */
const KINDS_OF_VALUES: readonly RegExp[] = [
  /\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/i,
  /\bhttps?:\/\/[^\s"')\]]+/i,
  /\b\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?/,
  /\b\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?(:\d{1,5})?\b/,
  /(?<![\w:])(?=[\da-f:]*:[\da-f:]*:)[\da-f:]{2,}(?:\d{1,3}(?:\.\d{1,3}){3})?(\/\d{1,3})?(?![\w:])/i,
  /\b(?=[a-f]*\d)[\da-f]{8,}\b/i,
  /"(?:[^"\\]|\\.)*"/,
  /`[^`]*`/,
  /(?<=^|[\s(\[:=,])'[^']*'(?=$|[\s)\],.;:!?])/,
  /(?<![\w.])[+-]?\d+(?:[.,]\d+)*/,
];

/** Any of them, in one pass: a page may have to read ten thousand answers. */
const VALUES = new RegExp(KINDS_OF_VALUES.map(({ source }) => source).join("|"), "gi");

/** Longest answer that is read, characters. */
const LONGEST_READ = 600;
/** Longest text by which reasons differ, characters: MISP's answers are cut somewhere behind it. */
const LONGEST = 160;

/** The text with `…` for each value. */
function withoutValues(text: string): string {
  const status = /^MISP answered \d{3}: /.exec(text)?.[0] ?? "";
  const masked = text.slice(status.length).replaceAll(VALUES, "…");
  return `${status}${masked}`.replaceAll(/…(?:[,;]? ?…)+/g, "…");
}

/**
 * MISP's answer about fields, such as `{"Event":{"info":["too long"]}}`, in words. Its end may be missing, so
 * that it is read word by word.
 *
 * @returns each field with its message once, as `info: too long`
 */
function fieldMessages(json: string): readonly string[] {
  const messages = new Set<string>();
  let field = "";
  for (const [, text = "", colon] of json.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/g)) {
    if (colon === undefined) {
      messages.add(`${field === "" ? "" : `${field}: `}${withoutValues(unescaped(text))}`);
    } else if (!/^\d+$/.test(text)) field = text;
  }
  return [...messages];
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    return text;
  }
}

/** What a refusal says, as far as reports of the same reason have it in common. */
function commonText(error: string): string {
  const [, before = "", json] = /^([^{[]*?)\s*([{[].*)$/s.exec(error) ?? [];
  const messages = json === undefined ? [] : fieldMessages(json);
  const text = messages.length === 0
    ? withoutValues(error)
    : `${withoutValues(before)} ${messages.join("; ")}`;
  const shown = text.trim().slice(0, LONGEST);
  return shown === "" ? NO_REASON : `${shown[0]!.toUpperCase()}${shown.slice(1)}`;
}

type Refused = Pick<RefusedRow, "sink" | "lastError">;

/** The reason of a refused report. */
export function reasonOf({ sink, lastError = "" }: Refused): Reason {
  const read = lastError.slice(0, LONGEST_READ);
  const known = KNOWN.find(({ pattern }) => pattern.test(read));
  const text = known?.text ?? commonText(read);
  return {
    key: createHash("sha256").update(`${sink}\n${text}`).digest("hex").slice(0, 16),
    text,
    advice: known?.advice ?? OTHER_ADVICE,
  };
}

/** Refused reports of one reason. */
export interface ReasonGroup extends Reason {
  readonly sink: RefusedRow["sink"];
  readonly count: number;
  /** The latest few; the first one's answer stands for all. */
  readonly latest: readonly RefusedRow[];
  /** When the first of them was refused, milliseconds UTC. */
  readonly since: number;
}

/** Reports of a group that stand below it. */
const SHOWN = 3;
/** Texts whose reasons are kept at a time: each report of a page may have a text of its own. */
const MOST_KEPT = 20_000;

/** The reason of each text. The page is asked for again and again, and most of its texts stay. */
const reasons: Readonly<Record<RefusedRow["sink"], Map<string | undefined, Reason>>> = {
  misp: new Map(),
  feed: new Map(),
};

/** A group to which reports are added. */
interface Growing extends ReasonGroup {
  count: number;
  since: number;
  readonly latest: RefusedRow[];
}

/** Groups reports, as they are read part by part. */
export class ReasonGroups {
  readonly #groups = new Map<string, Growing>();
  /** The reason of a report, made once for each text. */
  reason({ sink, lastError }: Refused): Reason {
    const known = reasons[sink];
    const text = lastError?.slice(0, LONGEST_READ);
    let reason = known.get(text);
    if (reason === undefined) {
      if (known.size >= MOST_KEPT) known.clear();
      known.set(text, reason = reasonOf({ sink, lastError }));
    }
    return reason;
  }

  /** @param rows the latest first */
  add(rows: readonly RefusedRow[]): void {
    for (const row of rows) {
      const reason = this.reason(row);
      const group = this.#groups.get(reason.key);
      if (group === undefined) {
        const first = { sink: row.sink, count: 1, since: row.at, latest: [row] };
        this.#groups.set(reason.key, { ...reason, ...first });
        continue;
      }
      group.count++;
      group.since = row.at;
      if (group.latest.length < SHOWN) group.latest.push(row);
    }
  }

  /** The largest first. */
  all(): readonly ReasonGroup[] {
    return [...this.#groups.values()].sort((one, other) => other.count - one.count);
  }
}
