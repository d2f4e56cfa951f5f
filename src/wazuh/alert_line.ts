/**
 * Fast path of `readAlert()`: delete this file, and every test but its own passes.
 * With it, 4.x alerts are read and decided on 2.5 times as fast (454,000 against 182,000 lines a second
 * on one core; bench/reading.ts measures both). tests/wazuh/alert_line_test.ts holds it against
 * `readAlert(JSON.parse(line))` with 100,000 damaged lines.
 *
 * It reads a line of alerts.json as Wazuh's own serialiser writes it, without parsing it as JSON: floods
 * consist of such lines. A line that differs by one character is left to `JSON.parse()`.
 *
 * The parts that every line of a rule and of an agent repeats are parsed once and found again by their
 * text. Nobody can forge the offsets at which one part ends and the next begins: they have quotation
 * marks that no text inside a JSON string can have, since there each is written as `\"`.
 *
 * @module
 */
import { ownText } from "../text.ts";
import { type Alert, isAgentless, linesOf, readAlert, sensorBehind } from "./alert.ts";
import { WRITTEN_LENGTH, writtenTime } from "./time.ts";

const START = '{"timestamp":"';
/** Where the rule begins, after a time that always has the same length. */
const RULE_AT = START.length + WRITTEN_LENGTH;
const FIRED = '"firedtimes":';
const AGENT = '},"agent":{';
const ID_KEY = '"id":"';
const ID = '},"id":"';

/** Wazuh itself writes no longer line (docs/contracts/wazuh.md 1.1). */
const LONGEST_LINE = 65_536;

const LONGEST_NAME = 255;

const QUOTE = 34;
const ZERO = 48;
const NINE = 57;

/** Longer parts than any rule or agent has are read each time: a hostile sender must not fill memory. */
const LONGEST_PART = 4096;

const TEXT = '[^"\\\\\\x00-\\x1f]*';
const ESCAPED = `${TEXT}(?:\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4})${TEXT})*`;
/** Alerts of integrations are left to `readAlert()`. */
const FIELD = `"(?!integration")[a-z][a-z_]*":"${TEXT}"`;
const CLUSTER = `(?:,"cluster":\\{"name":"${TEXT}","node":"(${TEXT})"\\})?`;

/** The start of a rule, up to its id: the description may quote what attackers chose, and is not used. */
const RULE_START = new RegExp(
  `","rule":\\{"level":(?:\\d|[1-9]\\d),"description":"${ESCAPED}",(?="id":")`,
  "y",
);

/** From the id to the end, in the order of docs/contracts/wazuh.md 4. */
const REST = new RegExp(
  `(\\d{1,20}\\.\\d{1,20})"${CLUSTER}(?:,"previous_output":"(${ESCAPED})")?` +
    `,"full_log":"(${ESCAPED})"(?:,"predecoder":\\{"program_name":"(${TEXT})"` +
    `(?:,"timestamp":"${TEXT}")?(?:,"hostname":"(${TEXT})")?\\})?` +
    `,"decoder":\\{(?:"parent":"${TEXT}",)?"name":"(${TEXT})"\\}` +
    `(?:,"data":(\\{${FIELD}(?:,${FIELD})*\\}))?,"location":"(${TEXT})"${CLUSTER}\\}$`,
  "y",
);

/** What alerts of one rule share, and what those of one agent share. */
export type RulePart = Pick<Alert, "ruleId" | "techniques" | "isFailure">;
type AgentPart = Pick<Alert, "key" | "sensor" | "agentName" | "labels">;

/** A part, and the text that it was read from: of a rule on both sides of the number that differs. */
interface Known<Part> {
  readonly first: string;
  readonly second: string;
  readonly part: Part;
}

/**
 * The latest parts by a number that those of one rule, or of one agent, share: to compare a line with a
 * few texts is faster than to look for where its own ends. Other rules and agents may have the same
 * number. A site has some hundred of them; whatever else comes must not stay.
 */
class Parts<Part> {
  static readonly #MOST_NUMBERS = 1000;
  static readonly #MOST_OF_NUMBER = 8;
  readonly #known = new Map<number, Known<Part>[]>();

  /** @param number -1 for none */
  of(number: number): readonly Known<Part>[] {
    return this.#known.get(number) ?? NONE;
  }

  remember(number: number, { first, second, part }: Known<Part>): void {
    if (number < 0 || first.length + second.length > LONGEST_PART) return;
    const latest = { first: ownText(first), second: ownText(second), part };
    const known = this.#known.get(number);
    if (known === undefined) {
      if (this.#known.size >= Parts.#MOST_NUMBERS) this.#known.clear();
      this.#known.set(number, [latest]);
    } else {
      known.unshift(latest);
      known.length = Math.min(known.length, Parts.#MOST_OF_NUMBER);
    }
  }
}

const NONE: readonly never[] = [];

const rules = new Parts<RulePart>();
/** From the rule's id on: in the description of some rules each alert says something else. */
const ruleIds = new Parts<RulePart>();
const agents = new Parts<AgentPart>();

/**
 * A rule up to the agent, when one like it was read before: all is the same but the number of times
 * that it fired.
 *
 * @param start where the time ends
 */
function knownRule(text: string, start: number): Known<RulePart> | undefined {
  return findRule(rules.of(ruleNumber(text, start)), text, start);
}

function findRule(known: readonly Known<RulePart>[], text: string, start: number) {
  for (const one of known) {
    const firedAt = start + one.first.length;
    if (text.slice(start, firedAt) !== one.first) continue;
    const tailAt = numberEnd(text, firedAt);
    if (tailAt >= 0 && text.slice(tailAt, tailAt + one.second.length) === one.second) return one;
  }
  return undefined;
}

/**
 * Of the level and of some letters of the description: where the id stands is not known yet. Without
 * it, by the id alone as `ruleAt()` finds a rule, deciding on the lines of `bench/alerts_json.ts` took
 * 1.09 of the processor time, and deciding and storing them 1.04; two equal copies gave 0.97 and 0.99
 * (2026-11-29, a copy of `src` each, five rounds in turns). On `bench/reading.ts` it is 1.01 to 1.04,
 * where equal copies differ by up to 1.02. `readAlert()` of the parsed line is the reference, in
 * `alert_line_test.ts`.
 */
function ruleNumber(text: string, start: number): number {
  let number = text.charCodeAt(start + LEVEL_AT);
  for (let at = start + LETTERS_AT; at <= start + LETTERS_END; at += 8) {
    number = (number * 31 + text.charCodeAt(at)) & 0xffffff;
  }
  return number;
}

/** Behind `","rule":{"level":`. */
const LEVEL_AT = 18;
const LETTERS_AT = 42;
const LETTERS_END = 66;

/** A rule whose description is new, up to the agent. */
function ruleAt(line: string, start: number): Known<RulePart> | undefined {
  RULE_START.lastIndex = start;
  if (!RULE_START.test(line)) return undefined;
  const at = RULE_START.lastIndex;
  const id = idAt(line, at + ID_KEY.length);
  const known = findRule(ruleIds.of(id), line, at);
  if (known !== undefined) {
    const { first, second, part } = known;
    return { first: line.slice(start, at + first.length), second, part };
  }
  const end = line.indexOf(AGENT, at);
  const firedAt = line.indexOf(FIRED, at) + FIRED.length;
  const tailAt = numberEnd(line, firedAt);
  if (firedAt < FIRED.length || tailAt < 0 || tailAt > end) return undefined;
  const second = line.slice(tailAt, end + AGENT.length);
  const rule = parse(`{${line.slice(at, firedAt)}0${second.slice(0, 1 - AGENT.length)}`);
  const part = rule === undefined ? undefined : readAlert({ rule, id: "1" });
  if (part === undefined) return undefined;
  ruleIds.remember(id, { first: line.slice(at, firedAt), second, part });
  const found = { first: line.slice(start, firedAt), second, part };
  rules.remember(ruleNumber(line, start), found);
  return found;
}

/** An agent and its manager, up to the alert's id. */
function agentAt(line: string, start: number): Known<AgentPart> | undefined {
  const id = idAt(line, start + ID_KEY.length);
  for (const one of agents.of(id)) {
    if (line.slice(start, start + one.first.length) === one.first) return one;
  }
  const end = line.indexOf(ID, start);
  if (end < 0) return undefined;
  const first = line.slice(start, end + ID.length);
  const parts = parse(`{"agent":{${first.slice(0, 1 - ID.length)}}`);
  const isWhole = parts !== undefined && Object.keys(parts).join() === "agent,manager";
  const part = isWhole ? readAlert({ ...parts, rule: { id: "1" }, id: "1" }) : undefined;
  if (part === undefined) return undefined;
  const known = { first, second: "", part };
  agents.remember(id, known);
  return known;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** `location` of the latest alert: mostly the next one has the same. */
let lastLocation = "";

/** An alert of such a line. Fields that are seldom asked for are made when somebody asks. */
class WrittenAlert implements Alert {
  readonly key: Alert["key"];
  readonly at: number;
  readonly ruleId: string;
  readonly techniques: Alert["techniques"];
  readonly isFailure: boolean;
  readonly sensor: Alert["sensor"];
  readonly agentName: string;
  readonly hostname: string | undefined;
  readonly labels: Alert["labels"];
  readonly location: string;
  readonly programName: string | undefined;
  readonly decoderName: string | undefined;
  readonly claimedSource: string | undefined;
  readonly integration = undefined;
  readonly sourceLocation = undefined;
  readonly #fullLog: string;
  readonly #previous: string | undefined;
  readonly #data: string | undefined;
  #parsedData: Alert["data"] | undefined;

  constructor(at: number, rule: RulePart, agent: AgentPart, rest: RegExpExecArray) {
    const data = rest[8];
    const node = rest[2] ?? rest[10];
    this.key = { manager: node ?? agent.key.manager, id: rest[1]! };
    this.at = at;
    this.ruleId = rule.ruleId;
    this.techniques = rule.techniques;
    this.isFailure = rule.isFailure;
    this.agentName = agent.agentName;
    this.labels = agent.labels;
    const location = rest[9]!;
    if (location !== lastLocation) lastLocation = ownText(location);
    this.location = lastLocation;
    const isOfAgent = !isAgentless(agent.sensor);
    this.hostname = isOfAgent ? undefined : rest[6] || undefined;
    this.sensor = isOfAgent ? agent.sensor : sensorBehind(agent.sensor, this.hostname, location);
    this.#fullLog = rest[4]!;
    this.#previous = rest[3];
    this.programName = rest[5];
    this.decoderName = rest[7];
    this.claimedSource = data === undefined ? undefined : fieldOf(data, '"srcip":"');
    this.#data = data;
  }

  get fullLog(): string | undefined {
    return unescaped(this.#fullLog) || undefined;
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
  if (line.length > LONGEST_LINE || !line.startsWith(START)) return undefined;
  const at = writtenTime(line, START.length);
  if (at === undefined) return undefined;
  const rule = knownRule(line, RULE_AT) ?? ruleAt(line, RULE_AT);
  if (rule === undefined) return undefined;
  const agentStart = numberEnd(line, RULE_AT + rule.first.length) + rule.second.length;
  const agent = agentAt(line, agentStart);
  if (agent === undefined) return undefined;
  REST.lastIndex = agentStart + agent.first.length;
  const rest = REST.exec(line);
  if (rest === null || !isUsual(rest)) return undefined;
  return new WrittenAlert(at, rule.part, agent.part, rest);
}

/**
 * What is known of the rule of a line, when one like it was read before.
 *
 * @param start where the line begins in a text of many
 */
export function knownRulePart(text: string, start: number): RulePart | undefined {
  return knownRule(text, start + RULE_AT)?.part;
}

/** Names that `readAlert()` would cut or leave out are left to it. */
function isUsual(rest: RegExpExecArray): boolean {
  const node = rest[2];
  const lastNode = rest[10];
  if (node !== undefined && lastNode !== undefined) return false;
  const cluster = node ?? lastNode;
  if (cluster !== undefined && (cluster === "" || cluster.length > LONGEST_NAME)) return false;
  return rest[9]!.length <= LONGEST_NAME && (rest[6]?.length ?? 0) <= LONGEST_NAME;
}

/** Most digits of an id that is looked up. */
const LONGEST_ID = 9;

/** The id of digits that starts at an offset, as a number; -1 for any other. */
function idAt(line: string, start: number): number {
  let id = 0;
  for (let at = start; at <= start + LONGEST_ID; at++) {
    const code = line.charCodeAt(at);
    if (code === QUOTE) return id;
    if (!(code >= ZERO && code <= NINE)) return -1;
    id = id * 10 + code - ZERO;
  }
  return -1;
}

/** Where the digits of a whole number end, -1 when there is none. */
function numberEnd(line: string, start: number): number {
  let at = start;
  while (line.charCodeAt(at) >= ZERO && line.charCodeAt(at) <= NINE) at++;
  const isNumber = at > start && (line.charCodeAt(start) !== ZERO || at === start + 1);
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
