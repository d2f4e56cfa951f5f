/**
 * What sessions at a decoy are in an event report. Commands, names, addresses and comments are text of an
 * attacker: each is one code span. Pure.
 *
 * @module
 */
import {
  addFurther,
  addItems,
  addTotals,
  itemsOf,
  type SeenItem,
  type SessionEvidence,
  type SessionKind,
  timesOf,
} from "../../session_evidence.ts";
import { counted } from "../counted.ts";
import { markdownText } from "../usernames.ts";
import { techniquesShown } from "./session_techniques.ts";

/** `privacy.commands`. */
export type CommandPolicy = "top" | "all" | "count";

/** The most commands that `top` shows. */
const MOST_SHOWN = 10;

/** MISP stores 64 KiB of a report (docs/contracts/misp.md 8.12); a table of one kind gets so much, bytes. */
const LARGEST_TABLE = 8 * 1024;

/** Longer texts are cut, characters. */
const LONGEST_TEXT = 400;

/**
 * The sections on sessions: none without sessions.
 *
 * @param commands undefined: `top`
 */
export function sessionStory(
  session: SessionEvidence | undefined,
  commands: CommandPolicy = "top",
): readonly string[] {
  if (session === undefined) return [];
  return [
    ...logins(session),
    "## Sessions at the decoy",
    [`${counted(session.totals.sessions, "session")}${longest(session)}.`, ...shown(session)]
      .join(" "),
    ...clients(session),
    ...commandSection(session, commands),
    ...section(session, "payload", "### Files", FILES),
    ...section(session, "url", "### Addresses that gave no file", ["address", "times"], (item) => [
      code(item.value),
      String(item.count),
    ]),
    ...section(session, "key", "### Planted keys", KEYS),
    ...section(session, "tunnel", "### Tunnels asked for", ["target", "times"], (item) => [
      code(item.value),
      String(item.count),
    ]),
  ];
}

/** The sessions of several sources together. */
export function addedSessions(
  all: readonly (SessionEvidence | undefined)[],
): SessionEvidence | undefined {
  const known = all.filter((one) => one !== undefined);
  const [first, ...rest] = known;
  if (first === undefined) return undefined;
  const items = new Map<string, SeenItem>();
  for (const item of known.flatMap((session) => session.items)) {
    const key = `${item.kind} ${item.value}`;
    const before = items.get(key);
    items.set(key, before === undefined ? item : addItems(before, item));
  }
  return {
    totals: rest.reduce((sum, { totals }) => addTotals(sum, totals), first.totals),
    compacted: first.compacted,
    items: [...items.values()].sort((one, other) =>
      other.count - one.count || (one.value < other.value ? -1 : 1)
    ),
    further: rest.reduce((sum, { further }) => addFurther(sum, further), first.further),
  };
}

function logins({ totals: { sessions, loggedIn } }: SessionEvidence): readonly string[] {
  if (loggedIn === 0) return [];
  return [
    `**Logged in to the decoy in ${loggedIn} of ${
      counted(sessions, "session")
    }.** A decoy accepts ` +
    "logins on purpose: no account of a real server is affected.",
  ];
}

function longest({ totals: { longestMs } }: SessionEvidence): string {
  return longestMs === 0 ? "" : `, the longest ${(longestMs / 1000).toFixed(1)} s`;
}

function shown(session: SessionEvidence): readonly string[] {
  const ids = techniquesShown(session);
  return ids.length === 0 ? [] : [`They show ${ids.join(", ")} of MITRE ATT&CK.`];
}

type Cells = (item: SeenItem) => readonly string[];

/** A table of items: its columns and cells. */
interface Table {
  readonly columns: readonly string[];
  readonly cells: Cells;
}

const FILES: Table = {
  columns: ["SHA-256", "names", "bytes", "how", "from", "times"],
  cells: ({ value, names = [], size, ways = [], urls = [], hasMoreUrls, count }) => [
    value,
    names.map(code).join(", "),
    size === undefined ? "" : String(size),
    ways.join(", "),
    [...urls.map(({ url }) => code(url)), ...(hasMoreUrls ? ["and more"] : [])].join(", "),
    String(count),
  ],
};

const KEYS: Table = {
  columns: ["fingerprint", "type", "comment", "times"],
  cells: ({ value, keyType = "", comment = "", count }) => [
    code(value),
    keyType,
    comment === "" ? "" : code(comment),
    String(count),
  ],
};

function section(
  session: SessionEvidence,
  kind: SessionKind,
  heading: string,
  table: Table | Table["columns"],
  cells?: Cells,
): readonly string[] {
  const items = itemsOf(session, kind);
  const { further } = session;
  if (items.length === 0 && (further[kind] ?? 0) === 0) return [];
  const whole = "columns" in table ? table : { columns: table, cells: cells! };
  return [heading, tableOf(items, whole, further[kind] ?? 0)];
}

function clients(session: SessionEvidence): readonly string[] {
  const items = [...itemsOf(session, "hassh"), ...itemsOf(session, "version")];
  if (items.length === 0) return [];
  const further = (session.further.hassh ?? 0) + (session.further.version ?? 0);
  return [
    "### Clients",
    tableOf(items, {
      columns: ["client", "times"],
      cells: ({ kind, value, count }) => [
        kind === "hassh" ? `HASSH ${code(value)}` : code(value),
        String(count),
      ],
    }, further),
  ];
}

function commandSection(session: SessionEvidence, policy: CommandPolicy): readonly string[] {
  const times = timesOf(session, "command");
  if (times === 0) return [];
  const all = itemsOf(session, "command");
  const items = policy === "count" ? [] : policy === "top" ? all.slice(0, MOST_SHOWN) : all;
  if (items.length === 0) return ["### Commands", `${counted(times, "command")} were typed.`];
  const kept = items.reduce((sum, { count }) => sum + count, 0);
  return [
    "### Commands",
    tableOf(items, {
      columns: ["command", "times"],
      cells: ({ value, text = value, count }) => [code(text), String(count)],
    }, times - kept),
  ];
}

/** @param further how often others came, which have no row */
function tableOf(items: readonly SeenItem[], { columns, cells }: Table, further: number): string {
  const rows: string[] = [];
  let bytes = 0;
  let left = further;
  for (const item of items) {
    const row = `| ${cells(item).join(" | ")} |`;
    bytes += new TextEncoder().encode(row).length + 1;
    if (bytes > LARGEST_TABLE) left += item.count;
    else rows.push(row);
  }
  return [
    `| ${columns.join(" | ")} |`,
    `|${columns.map(() => "---").join("|")}|`,
    ...rows,
    ...(left === 0 ? [] : ["", `${left} more ${left === 1 ? "time" : "times"}, not shown.`]),
  ].join("\n");
}

function code(text: string): string {
  return markdownText(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);
}
