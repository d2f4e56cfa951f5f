/**
 * A line of alerts.json as Wazuh's own serialiser writes it, read without parsing it as JSON: floods
 * consist of such lines. Whatever differs by one character is left to `JSON.parse()`.
 *
 * What every line of a rule and of an agent repeats is parsed once and found again by its text. The
 * places where one part ends and the next begins cannot be forged: they have quotation marks that
 * no text inside a JSON string can have, since there each is written as `\"`.
 *
 * @module
 */
import { type Alert, linesOf, readAlert } from "./alert.ts";
import { parseTimestamp } from "./time.ts";

const START = '{"timestamp":"';
const FIRED = '"firedtimes":';
const RULE_ID = '"id":"';
const AGENT = '},"agent":{';
const AGENT_ID = `${AGENT}"id":"`;
const ID = '},"id":"';

/** `2026-08-23T06:14:07.412+0200` */
const TIMESTAMP_LENGTH = 28;

/** Wazuh itself writes no longer line (contracts/wazuh.md 1.1). */
const LONGEST_LINE = 65_536;

const LONGEST_NAME = 255;

/** Longer parts than any rule or agent has are read each time: a hostile sender must not fill memory. */
const LONGEST_PART = 4096;

const TEXT = '[^"\\\\\\x00-\\x1f]*';
const ESCAPED = `${TEXT}(?:\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4})${TEXT})*`;
const FIELD = `"[a-z][a-z_]*":"${TEXT}"`;
const CLUSTER = `(?:,"cluster":\\{"name":"${TEXT}","node":"(${TEXT})"\\})?`;

/**
 * From the start up to the rule's id: the description may quote what attackers chose, and is not used.
 */
const RULE_START = new RegExp(
  `\\{"timestamp":"[^"]{28}","rule":\\{"level":(?:\\d|[1-9]\\d),"description":"${ESCAPED}",` +
    '(?="id":")',
  "y",
);

/** From the id to the end, in the order of contracts/wazuh.md 4. */
const REST = new RegExp(
  `(\\d{1,20}\\.\\d{1,20})"${CLUSTER}(?:,"previous_output":"(${ESCAPED})")?` +
    `,"full_log":"(${ESCAPED})"(?:,"predecoder":\\{"program_name":"(${TEXT})"` +
    `(?:,"timestamp":"${TEXT}")?(?:,"hostname":"${TEXT}")?\\})?` +
    `,"decoder":\\{(?:"parent":"${TEXT}",)?"name":"(${TEXT})"\\}` +
    `(?:,"data":(\\{${FIELD}(?:,${FIELD})*\\}))?,"location":"(${TEXT})"${CLUSTER}\\}$`,
  "y",
);

/** From a place to the next quotation mark. */
const textAt = (line: string, at: number) => line.slice(at, line.indexOf('"', at));

/** What alerts of one rule share, and what those of one agent share. */
type RulePart = Pick<Alert, "ruleId" | "techniques">;
type AgentPart = Pick<Alert, "key" | "sensor" | "labels">;

/** A part, and the text that it was read from, in the pieces that a line has of it. */
interface Known<Part> {
  readonly first: string;
  readonly second: string;
  readonly part: Part;
}

/**
 * The latest parts of each rule, or of each agent, by its id: to compare a line with a few texts is
 * faster than to look its own up among many. Managers number their agents each for itself, so that an
 * id has several. A site has some hundred rules and agents; whatever else comes must not stay.
 */
class Parts<Part> {
  static readonly #MOST_IDS = 1000;
  static readonly #MOST_OF_ID = 8;
  readonly #known = new Map<string, Known<Part>[]>();
  readonly #read: (first: string, second: string) => Part | undefined;

  constructor(read: (first: string, second: string) => Part | undefined) {
    this.#read = read;
  }

  get(id: string, first: string, second: string): Part | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) {
      for (const one of known) if (one.first === first && one.second === second) return one.part;
    }
    const part = this.#read(first, second);
    if (part === undefined || first.length + second.length > LONGEST_PART) return part;
    const latest = { first: copied(first), second: copied(second), part };
    if (known === undefined) {
      if (this.#known.size >= Parts.#MOST_IDS) this.#known.clear();
      this.#known.set(copied(id), [latest]);
    } else {
      known.unshift(latest);
      known.length = Math.min(known.length, Parts.#MOST_OF_ID);
    }
    return part;
  }
}

/** A text that does not keep the whole block of lines in memory that it was cut out of. */
function copied(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** Of a rule from its id on, without the number of times that it fired, which differs in every alert. */
const rules = new Parts((first, second): RulePart | undefined => {
  const rule = parse(`{${first}0${second}`);
  return rule === undefined ? undefined : readAlert({ rule, id: "1" });
});

const agents = new Parts((text): AgentPart | undefined => {
  const parts = parse(`{${text}}`);
  const isWhole = parts !== undefined && Object.keys(parts).join() === "agent,manager";
  return isWhole ? readAlert({ ...parts, rule: { id: "1" }, id: "1" }) : undefined;
});

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** An alert of such a line. What few ask for is made when somebody asks. */
class WrittenAlert implements Alert {
  readonly key: Alert["key"];
  readonly at: number;
  readonly ruleId: string;
  readonly techniques: Alert["techniques"];
  readonly sensor: Alert["sensor"];
  readonly labels: Alert["labels"];
  readonly location: string;
  readonly programName: string | undefined;
  readonly decoderName: string | undefined;
  readonly claimedSource: string | undefined;
  readonly integration = undefined;
  readonly place = undefined;
  readonly #fullLog: string;
  readonly #previous: string | undefined;
  readonly #data: string | undefined;
  #parsedData: Alert["data"] | undefined;

  constructor(at: number, rule: RulePart, agent: AgentPart, rest: RegExpExecArray) {
    const data = rest[7];
    this.key = { manager: rest[2] ?? rest[9] ?? agent.key.manager, id: rest[1]! };
    this.at = at;
    this.ruleId = rule.ruleId;
    this.techniques = rule.techniques;
    this.sensor = agent.sensor;
    this.labels = agent.labels;
    this.location = rest[8]!;
    this.#fullLog = rest[4]!;
    this.#previous = rest[3];
    this.programName = rest[5];
    this.decoderName = rest[6];
    this.claimedSource = data === undefined ? undefined : fieldOf(data, '"srcip":"');
    this.#data = data;
  }

  get fullLog(): string {
    return unescaped(this.#fullLog);
  }

  get previousOutput(): readonly string[] {
    return linesOf(this.#previous === undefined ? undefined : unescaped(this.#previous));
  }

  get data(): Alert["data"] {
    this.#parsedData ??= JSON.parse(this.#data ?? "{}") as Alert["data"];
    return this.#parsedData;
  }
}

/**
 * Reads a line.
 *
 * @param line without a line break
 * @returns what `readAlert()` makes of the parsed line; undefined when that has to be asked
 */
export function readAlertLine(line: string): Alert | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  RULE_START.lastIndex = 0;
  if (!RULE_START.test(line)) return undefined;
  const ruleIdAt = RULE_START.lastIndex;
  const agentAt = line.indexOf(AGENT, ruleIdAt);
  if (agentAt < 0) return undefined;
  // The rule's MITRE part ends shortly before: to look for its brace is faster.
  const braceAt = line.indexOf("}", ruleIdAt);
  const firedAt = line.indexOf(FIRED, braceAt < agentAt ? braceAt : ruleIdAt);
  if (firedAt < 0 || firedAt > agentAt) return undefined;
  const tailAt = numberEnd(line, firedAt + FIRED.length);
  const idAt = line.indexOf(ID, agentAt + AGENT.length);
  if (tailAt < 0 || idAt < 0) return undefined;
  const at = timeAt(line, START.length);
  if (at === undefined) return undefined;
  const rule = rules.get(
    textAt(line, ruleIdAt + RULE_ID.length),
    line.slice(ruleIdAt, firedAt + FIRED.length),
    line.slice(tailAt, agentAt + 1),
  );
  const agent = agents.get(
    textAt(line, agentAt + AGENT_ID.length),
    line.slice(agentAt + 2, idAt + 1),
    "",
  );
  if (rule === undefined || agent === undefined) return undefined;
  REST.lastIndex = idAt + ID.length;
  const rest = REST.exec(line);
  return rest === null || !isUsual(rest) ? undefined : new WrittenAlert(at, rule, agent, rest);
}

const SECONDS_LENGTH = 19;

/** Alerts of a flood share all but the milliseconds. It keeps one block of lines in memory, the latest. */
let lastSecond = { start: "", end: "", at: 0 };

/** The time that stands at a place of a line. */
function timeAt(line: string, start: number): number | undefined {
  // Cut out and compared as a whole: `startsWith()` goes through a text sign by sign.
  const end = start + TIMESTAMP_LENGTH;
  const fraction = start + SECONDS_LENGTH + 1;
  if (
    line.slice(start, fraction) === lastSecond.start &&
    line.slice(fraction + 3, end) === lastSecond.end
  ) {
    const hundreds = line.charCodeAt(fraction) - 48;
    const tens = line.charCodeAt(fraction + 1) - 48;
    const ones = line.charCodeAt(fraction + 2) - 48;
    if (isDigit(hundreds) && isDigit(tens) && isDigit(ones)) {
      return lastSecond.at + hundreds * 100 + tens * 10 + ones;
    }
  }
  const text = line.slice(start, end);
  const time = parseTimestamp(text);
  if (time === undefined || !USUAL_TIME.test(text)) return time;
  const milliseconds = Number(text.slice(SECONDS_LENGTH + 1, SECONDS_LENGTH + 4));
  lastSecond = {
    start: text.slice(0, SECONDS_LENGTH + 1),
    end: text.slice(SECONDS_LENGTH + 4),
    at: time - milliseconds,
  };
  return time;
}

const USUAL_TIME = /^.{19}[.,]\d{3}[+-]\d{4}$/;

const isDigit = (value: number) => value >= 0 && value <= 9;

/** Whether an alert was read by `readAlertLine()`: it needs no proof. */
export function isWritten(value: unknown): value is Alert {
  return value instanceof WrittenAlert;
}

/** Names that `readAlert()` would cut or leave out, and alerts of integrations, are left to it. */
function isUsual(rest: RegExpExecArray): boolean {
  const [, , node, , , , , data, location = "", lastNode] = rest;
  if (node !== undefined && lastNode !== undefined) return false;
  const cluster = node ?? lastNode;
  if (cluster !== undefined && (cluster === "" || cluster.length > LONGEST_NAME)) return false;
  return location.length <= LONGEST_NAME && !data?.includes('"integration":');
}

/** Where the digits of a whole number end, -1 when there is none. */
function numberEnd(line: string, start: number): number {
  let at = start;
  while (line.charCodeAt(at) >= 48 && line.charCodeAt(at) <= 57) at++;
  const isNumber = at > start && (line.charCodeAt(start) !== 48 || at === start + 1);
  return isNumber ? at : -1;
}

function unescaped(text: string): string {
  return text.includes("\\") ? JSON.parse(`"${text}"`) as string : text;
}

/** The text of a field of `data`, whose texts have no escapes; of several the last, as JSON has it. */
function fieldOf(data: string, key: string): string | undefined {
  const at = data.lastIndexOf(key);
  return at < 0 ? undefined : data.slice(at + key.length, data.indexOf('"', at + key.length));
}
