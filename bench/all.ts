/**
 * All benches in turn, as `deno task bench` runs them. The first that fails ends the run.
 *
 * @module
 */

/** Each bench and its arguments. */
const BENCHES: readonly (readonly string[])[] = [
  ["integration"],
  ["starts"],
  ["hanging"],
  ["backlog"],
  ["publishing", "1000"],
  ["pages"],
  ["lists"],
  ["network_set"],
  ["feed"],
  ["reading"],
  ["follow", "500000"],
  ["serve"],
  ["buffers"],
];

for (const [name, ...args] of BENCHES) {
  const bench = new URL(`${name}.ts`, import.meta.url).pathname;
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-P=bench", bench, ...args],
    cwd: new URL("../", import.meta.url),
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
