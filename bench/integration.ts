/**
 * What one integration call costs, against an empty compiled program measured in the same run.
 *
 * @module
 */
import { createProgram, integratordArgs } from "../tests/e2e/program.ts";
import { sshdAlert } from "../tests/support/fixtures.ts";

const ROUNDS = 200;
const BUDGET = 1.35;

const deno = Deno.env.get("COMPILE_DENO") ?? Deno.execPath();
await using program = await createProgram("binary");
const binary = `${program.root}/integrations/custom-misp_ssh_bruteforce-publish`;
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

const costs = { empty: [] as Cost[], call: [] as Cost[] };
for (let round = 0; round < ROUNDS; round++) {
  const file = `${program.alerts}/x.alert`;
  await Deno.writeTextFile(file, JSON.stringify(sshdAlert({ id: `bench.${round}` })));
  costs.empty.push(await measure(empty, []));
  costs.call.push(await measure(binary, integratordArgs(file)));
}

const quantile = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0;

function row(name: string, of: (costs: readonly Cost[]) => number, unit: string, budget?: number) {
  const [figure, limit] = [of(costs.call), of(costs.empty)];
  const ratio = figure / limit;
  const verdict = budget === undefined ? "" : ratio <= budget ? "ok" : "NOT OK";
  const cells = [name.padEnd(36), `${figure.toFixed(1)} ${unit}`, `${limit.toFixed(1)} ${unit}`];
  console.log(
    [...cells, ratio.toFixed(2), budget?.toFixed(2) ?? "", verdict].map((cell) => cell.padEnd(24))
      .join("").trimEnd(),
  );
}

console.log(
  `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${ROUNDS} rounds\n`,
);
console.log(
  ["path".padEnd(36), "figure", "limit: empty program", "ratio", "budget", ""].map((c) =>
    c.padEnd(24)
  ).join(
    "",
  )
    .trimEnd(),
);
row("integration, wall, median", (c) => quantile(c.map((x) => x.wall), 0.5), "ms", BUDGET);
row("integration, wall, p99", (c) => quantile(c.map((x) => x.wall), 0.99), "ms");
row("integration, user+sys, median", (c) => quantile(c.map((x) => x.cpu), 0.5), "ms", BUDGET);
row("integration, peak memory, median", (c) => quantile(c.map((x) => x.memory), 0.5), "MiB");
