/**
 * The demo: every alert of `fixtures/` by the real path, one call of the program each, into a feed
 * folder below `/tmp`.
 *
 * @module
 */
import { basename } from "node:path";
import type { MispEvent } from "../../misp/event.ts";

const project = new URL("../../../", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "ssh-honeypot-demo-" });
const environment = {
  WM_CONFIG: `${folder}/config.json`,
  WM_BUFFER_PATH: `${folder}/queue/buffer.db`,
  WM_FEED_DIRECTORY: `${folder}/feed`,
  WM_LOG_FILE: `${folder}/log`,
};
// Sources from documentation ranges stand in for real attackers in some of the alerts.
const settings = { guard: { publish_private: true } };
await Deno.writeTextFile(environment.WM_CONFIG, JSON.stringify(settings));

async function run(...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("/proc/self/exe", {
    // Without this, Deno fetches the packages of serve and of the tests, too.
    args: ["run", "--quiet", "--cached-only", "-P", `${project}main.ts`, ...args],
    env: environment,
    cwd: project,
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const fixtures = `${project}fixtures/alerts`;
const alerts = [...Deno.readDirSync(fixtures)].map(({ name }) => `${fixtures}/${name}`).sort();
for (const alert of alerts) {
  await run(alert, "", "", "", "", "10", "3", "> /dev/null 2>&1");
}
const flushed = await run("flush", "--now");

const files = [...Deno.readDirSync(environment.WM_FEED_DIRECTORY)]
  .filter(({ name }) => /^[0-9a-f-]{36}\.json$/.test(name))
  .map(({ name }) => `${environment.WM_FEED_DIRECTORY}/${name}`);
const rows = files.map((file) => {
  const { Event: event } = JSON.parse(Deno.readTextFileSync(file)) as { Event: MispEvent };
  const [object] = event.Object;
  const valueOf = (relation: string) =>
    object?.Attribute.find((attribute) => attribute.object_relation === relation)?.value ?? "";
  return {
    source: event.Attribute[0]?.value ?? "",
    attempts: Number(valueOf("total")),
    "first seen": object?.first_seen?.slice(0, 16).replace("T", " ") ?? "",
    techniques: event.Tag.map((tag) => /"(.*)"/.exec(tag.name)?.[1] ?? "")
      .filter((name) => / - T\d{4}/.test(name)).map((name) => name.split(" - ")[1]).join(" "),
    file,
  };
}).sort((a, b) => b.attempts - a.attempts);

console.log(`${alerts.length} alerts, ${flushed.trim()}\n`);
const columns = ["source", "attempts", "first seen", "techniques"] as const;
const widths = columns.map((name) =>
  Math.max(name.length, ...rows.map((row) => String(row[name]).length))
);
const line = (cells: readonly string[]) =>
  cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ").trimEnd();
console.log(line(columns));
for (const row of rows) console.log(line(columns.map((name) => String(row[name]))));
console.log(`\nMISP feed: ${environment.WM_FEED_DIRECTORY}\nevents:`);
for (const { file } of rows) console.log(`  ${basename(file)}`);
