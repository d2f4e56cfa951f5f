/**
 * What one integration call costs, by the binary and by one without the start script
 * (deploy/startup/README.md), against an empty compiled program measured in the same run.
 *
 * @module
 */
import { PROGRAM } from "../src/config/defaults.ts";
import { createProgram, integratordArgs, type Program } from "../tests/e2e/program.ts";
import { sshdAlert } from "../tests/support/fixtures.ts";

const ROUNDS = 200;
const BUDGET = 1.35;

const deno = Deno.env.get("COMPILE_DENO") || Deno.execPath();
await using program = await createProgram("binary");
await using bare = await createProgram("binary", { noStartScript: true });
const binaryOf = ({ root }: Program) => `${root}/integrations/${PROGRAM}`;
const empty = `${program.alerts}/empty`;
await Deno.writeTextFile(`${empty}.ts`, "");
const compiled = await new Deno.Command(deno, {
  args: [
    ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", "--no-code-cache"],
    ...["--no-prompt", "--output", empty, `${empty}.ts`],
  ],
}).output();
if (!compiled.success) throw new Error(new TextDecoder().decode(compiled.stderr));

interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
}

/** Times of a child to the millisecond come from bash, its peak memory from GNU time. */
const MEASURE = 'TIMEFORMAT="%R %U %S"; time /usr/bin/time -f %M "$@"';

async function measure(path: string, args: readonly string[]): Promise<Cost> {
  const { success, stderr } = await new Deno.Command("bash", {
    args: ["-c", MEASURE, "bash", path, ...args],
  }).output();
  const text = new TextDecoder().decode(stderr).trim();
  if (!success) throw new Error(text);
  const [memory = 0, wall = 0, user = 0, system = 0] = text.split(/\s+/).map(Number);
  return { wall: wall * 1000, cpu: (user + system) * 1000, memory: memory / 1024 };
}

const costs = { empty: [] as Cost[], call: [] as Cost[], bare: [] as Cost[] };
for (let round = 0; round < ROUNDS; round++) {
  const file = `${program.alerts}/x.alert`;
  await Deno.writeTextFile(file, JSON.stringify(sshdAlert({ id: `bench.${round}` })));
  costs.empty.push(await measure(empty, []));
  costs.call.push(await measure(binaryOf(program), integratordArgs(file)));
  costs.bare.push(await measure(binaryOf(bare), integratordArgs(file)));
}

const quantile = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0;

interface Row {
  readonly name: string;
  readonly of: (costs: readonly Cost[]) => number;
  readonly unit: string;
  readonly measured?: readonly Cost[];
  readonly budget?: number;
}

const print = (cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 36 : 24)).join("").trimEnd());

function row({ name, of, unit, measured = costs.call, budget }: Row): void {
  const [figure, limit] = [of(measured), of(costs.empty)];
  const ratio = figure / limit;
  const verdict = budget === undefined ? "" : ratio <= budget ? "ok" : "NOT OK";
  const cells = [name, `${figure.toFixed(1)} ${unit}`, `${limit.toFixed(1)} ${unit}`];
  print([...cells, ratio.toFixed(2), budget?.toFixed(2) ?? "", verdict]);
}

const wall = (part: number) => (found: readonly Cost[]) =>
  quantile(found.map((one) => one.wall), part);
const cpu = (found: readonly Cost[]) => quantile(found.map((one) => one.cpu), 0.5);
const memory = (found: readonly Cost[]) => quantile(found.map((one) => one.memory), 0.5);

console.log(
  `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${ROUNDS} rounds\n`,
);
print(["path", "figure", "limit: empty program", "ratio", "budget"]);
row({ name: "integration, wall, median", of: wall(0.5), unit: "ms", budget: BUDGET });
row({ name: "integration, wall, p99", of: wall(0.99), unit: "ms" });
row({ name: "integration, user+sys, median", of: cpu, unit: "ms", budget: BUDGET });
row({ name: "integration, peak memory, median", of: memory, unit: "MiB" });
row({ name: "no start script, wall, median", of: wall(0.5), unit: "ms", measured: costs.bare });
row({ name: "no start script, user+sys, median", of: cpu, unit: "ms", measured: costs.bare });
row({ name: "no start script, memory, median", of: memory, unit: "MiB", measured: costs.bare });
