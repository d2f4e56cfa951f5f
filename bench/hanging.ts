/**
 * What one integration call costs while MISP takes every request and answers none, against calls of a
 * site without MISP, in turns.
 *
 * @module
 */
import { createProgram, integratordArgs, type Program } from "../tests/e2e/program.ts";
import { FakeMisp } from "../tests/fake_misp/server.ts";
import { sshdAlert } from "../tests/support/fixtures.ts";

const CALLS = Number(Deno.args[0] ?? 1000);
const BUDGET = 1.2;

await using misp = await FakeMisp.start();
misp.failEvery(1, { kind: "hang" });
// Due at once: a publisher is at work at MISP all the time.
const environment = { WM_BUFFER_PERIOD_MINUTES: "0" };
await using without = await createProgram("binary", { environment });
await using hanging = await createProgram("binary", {
  mispHost: new URL(misp.url).host,
  environment: { ...environment, WM_MISP_URL: misp.url, WM_MISP_API_KEY: misp.keys.publisher },
});

async function call(program: Program, number: number): Promise<number> {
  const file = `${program.alerts}/x.alert`;
  await Deno.writeTextFile(file, JSON.stringify(sshdAlert({ id: `1787465647.${number}` })));
  const start = performance.now();
  const { code, stderr } = await program.run(integratordArgs(file));
  const elapsed = performance.now() - start;
  if (code !== 0) throw new Error(stderr);
  return elapsed;
}

const times = { without: [] as number[], hanging: [] as number[] };
for (let number = 0; number < CALLS; number++) {
  times.without.push(await call(without, number));
  times.hanging.push(await call(hanging, number));
}

const quantile = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? 0;
const columns = (...cells: readonly string[]) =>
  console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 36 : 20)).join("").trimEnd());

console.log(`Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, ${CALLS} calls\n`);
columns("integration", "MISP hangs", "limit: no MISP", "ratio", "budget", "");
for (const [name, part, budget] of [["median", 0.5, undefined], ["p99", 0.99, BUDGET]] as const) {
  const [figure, limit] = [quantile(times.hanging, part), quantile(times.without, part)];
  const ratio = figure / limit;
  const verdict = budget === undefined ? "" : ratio <= budget ? "ok" : "NOT OK";
  columns(
    ...[name, `${figure.toFixed(1)} ms`, `${limit.toFixed(1)} ms`, ratio.toFixed(2)],
    ...[budget?.toFixed(2) ?? "", verdict],
  );
}
console.log(`\n${misp.requests.length} requests were left without an answer meanwhile`);
