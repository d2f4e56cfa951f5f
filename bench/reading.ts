/**
 * How fast alert lines are read, from text to decision, against `JSON.parse()` of the same lines.
 *
 * @module
 */
import { decideItem } from "../src/intake/decide.ts";
import { readLine } from "../src/wazuh/alert_file.ts";
import { defaultRules } from "../tests/support/fixtures.ts";

const LINES = 100_000;
const ROUNDS = 9;
const RATIO_BUDGET = 0.5;
const LINES_BUDGET = 250_000;
const NOW = Date.UTC(2026, 10, 23);

/** Numbers that are the same in every run (mulberry32). */
let seed = 20261123;
function random(below: number): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 * below);
}

const one = <T>(list: readonly T[]) => list[random(list.length)]!;

const NAMES = [
  "root",
  "admin",
  "ubuntu",
  "test",
  "postgres",
  "oracle",
  "git",
  "pi",
  "user1",
  "ftp",
];

/** Every fixture comes as often as any other, which has more composites and oddities than life. */
async function templates(folder: string, isWanted: (name: string) => boolean) {
  const directory = new URL(`../fixtures/${folder}/`, import.meta.url);
  const found: string[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    if (!isWanted(name)) continue;
    const text = await Deno.readTextFile(new URL(name, directory));
    found.push(JSON.stringify(JSON.parse(text)));
  }
  return found.sort();
}

/** Another id, address, user and process id in one line; each the same wherever it stands. */
function varied(template: string, index: number): string {
  const address = `${20 + random(60)}.${random(256)}.${random(256)}.${1 + random(254)}`;
  const line = template
    .replaceAll(/82\.202\.219\.155|192\.241\.237\.101|212\.64\.151\.233|218\.92\.0\.112/g, address)
    .replaceAll("2001:db8:bad:cafe::17", `2a02:db8:${random(65536).toString(16)}:cafe::17`)
    .replaceAll(/\b(?:sammy|badguy|warez)\b/g, `${one(NAMES)}${random(100)}`)
    .replaceAll("sshd[26", `sshd[${1 + random(9)}`)
    .replace(/("id":"\d{10}\.)\d+"/, `$1${1_000_000 + index}"`)
    .replace("9d0e11", index.toString(16).padStart(6, "0"));
  // A flat string, as from a file: not a rope of the pieces above.
  return new TextDecoder().decode(new TextEncoder().encode(line));
}

/** Lines of both kinds are timed in turns, so that a busy machine slows both. */
function rate(lines: readonly string[], read: (line: string) => number) {
  let sum = 0;
  const start = performance.now();
  for (const line of lines) sum += read(line);
  return { perSecond: lines.length / (performance.now() - start) * 1000, sum };
}

const rules = defaultRules({ publishPrivate: false });
const parse = (line: string) => (JSON.parse(line) as unknown) === null ? 1 : 0;
const parseAndDecide = (line: string) => {
  let attempts = 0;
  for (const item of readLine(line, "line")) {
    const decision = decideItem(item, rules, NOW);
    if (decision.kind === "attempts") attempts += decision.attempts.length;
  }
  return attempts;
};

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const columns = (...cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 36 : 24)).join("").trimEnd());

function row(name: string, kinds: readonly string[], hasBudget: boolean) {
  const lines = Array.from({ length: LINES }, (_, index) => varied(one(kinds), index));
  const bytes = lines.reduce((sum, line) => sum + line.length, 0) / LINES;
  const limits: number[] = [];
  const figures: number[] = [];
  let attempts = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const [limit, figure] = [rate(lines, parse), rate(lines, parseAndDecide)];
    attempts = figure.sum;
    // The first round warms up the compiler.
    if (round === 0) continue;
    limits.push(limit.perSecond);
    figures.push(figure.perSecond);
  }
  const [limit, figure] = [median(limits), median(figures)];
  const ratio = figure / limit;
  const isOk = ratio >= RATIO_BUDGET && figure >= LINES_BUDGET;
  columns(
    `${name}, ${bytes.toFixed(0)} B a line`,
    `${figure.toFixed(0)} lines/s`,
    `${limit.toFixed(0)} lines/s`,
    ratio.toFixed(2),
    hasBudget ? `${RATIO_BUDGET.toFixed(2)}, ${LINES_BUDGET} lines/s` : "",
    hasBudget ? (isOk ? "ok" : "NOT OK") : `${(attempts / LINES).toFixed(2)} attempts a line`,
  );
}

console.log(`Deno ${Deno.version.deno}, one core, ${LINES} lines, median of ${ROUNDS} rounds\n`);
columns("lines", "figure", "limit: JSON.parse", "ratio", "budget", "");
const alerts = await templates("alerts", () => true);
row("4.x alerts", alerts, true);
row("4.x, Failed password only", alerts.filter((line) => line.includes('"id":"5760"')), false);
row("4.x, hostile user name", alerts.filter((line) => line.includes("8.8.8.8")), false);
row("5.x findings, nested", await templates("shapes", (name) => name === "5x-finding.json"), false);
row("5.x flat lines", await templates("shapes", (name) => name === "5x-flat.json"), false);
