/**
 * The demo: every alert of `fixtures/alerts` by the real path, one call of the program each, into a
 * feed folder below `/tmp`, which it removes at its end. `--keep` leaves the folder there.
 *
 * @module
 */
import type { MispEvent } from "../../misp/event.ts";

/** What the demo reads of a line of `explain --json`. */
interface Explanation {
  readonly file: string;
  readonly outcome: string;
  readonly why: string | null;
  readonly spoofed_srcip: boolean;
  readonly attempts: readonly { readonly source: string }[];
}

const keeps = Deno.args.includes("--keep");
const project = new URL("../../../", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "ssh-honeypot-demo-" });
const environment = {
  WM_CONFIG: `${folder}/config.json`,
  WM_BUFFER_PATH: `${folder}/queue/buffer.db`,
  WM_FEED_DIRECTORY: `${folder}/feed`,
  WM_LOG_FILE: `${folder}/log`,
};

async function run(...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("/proc/self/exe", {
    // Without this, Deno fetches the packages of serve and of the tests, too.
    args: ["run", "--quiet", "--cached-only", "-P", `${project}main.ts`, ...args],
    env: environment,
    cwd: project,
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/**
 * Copies the recorded alerts with addresses of a documentation range in the place of public ones,
 * which were those of real machines.
 */
async function copyAlerts(): Promise<readonly string[]> {
  const given = new Map<string, string>();
  const replaced = (address: string) => {
    if (/^(?:10|127|192\.168)\./.test(address)) return address;
    const known = given.get(address) ?? `192.0.2.${given.size + 1}`;
    given.set(address, known);
    return known;
  };
  const fixtures = `${project}fixtures/alerts`;
  await Deno.mkdir(`${folder}/alerts`);
  return [...Deno.readDirSync(fixtures)].map(({ name }) => name).sort().map((name) => {
    const text = Deno.readTextFileSync(`${fixtures}/${name}`);
    const copy = `${folder}/alerts/${name}`;
    Deno.writeTextFileSync(copy, text.replaceAll(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, replaced));
    return copy;
  });
}

function readEvents() {
  const feed = environment.WM_FEED_DIRECTORY;
  const files = [...Deno.readDirSync(feed)].map(({ name }) => name)
    .filter((name) => /^[0-9a-f-]{36}\.json$/.test(name));
  return files.map((file) => {
    const { Event: event } = JSON.parse(Deno.readTextFileSync(`${feed}/${file}`)) as {
      Event: MispEvent;
    };
    const [object] = event.Object;
    const total = object?.Attribute.find(({ object_relation }) => object_relation === "total");
    return {
      source: event.Attribute[0]?.value ?? "",
      attempts: Number(total?.value ?? 0),
      "first seen": object?.first_seen?.slice(0, 16).replace("T", " ") ?? "",
      techniques: event.Tag.map((tag) => /"(.*)"/.exec(tag.name)?.[1] ?? "")
        .filter((name) => / - T\d{4}/.test(name)).map((name) => name.split(" - ")[1]).join(" "),
      event: file,
    };
  }).sort((a, b) => b.attempts - a.attempts || (a.source < b.source ? -1 : 1));
}

function printTable<Name extends string>(
  columns: readonly Name[],
  rows: readonly Readonly<Record<Name, string | number>>[],
): void {
  const widths = columns.map((name) =>
    Math.max(name.length, ...rows.map((row) => String(row[name]).length))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ").trimEnd();
  console.log(line(columns));
  for (const row of rows) console.log(line(columns.map((name) => String(row[name]))));
}

/** Says what became of the alerts. */
function printOutcomes(all: readonly Explanation[]): void {
  const counted = all.filter(({ outcome }) => outcome === "counts");
  const ignored = all.filter(({ outcome }) => outcome !== "counts");
  const forged = all.filter((one) => one.spoofed_srcip);
  console.log(
    `${all.length} alerts: ${counted.length} counted, ${ignored.length} not attempts, ` +
      `${forged.length} forged address${forged.length === 1 ? "" : "es"} corrected\n`,
  );
  for (const { why } of ignored) console.log(`not counted: ${why}`);
  for (const { file, attempts } of forged) {
    const alert = JSON.parse(Deno.readTextFileSync(file)) as { data: { srcip: string } };
    console.log(
      `corrected: the alert says ${alert.data.srcip}, sshd's line says ${attempts[0]?.source}`,
    );
  }
}

try {
  // The guard refuses documentation ranges unless it is asked to publish them.
  const settings = { guard: { publish_private: true } };
  await Deno.writeTextFile(environment.WM_CONFIG, JSON.stringify(settings));
  const alerts = await copyAlerts();
  for (const alert of alerts) await run(alert, "", "", "", "", "10", "3", "> /dev/null 2>&1");
  const flushed = (await run("flush", "--now")).trim();
  const explained = (await run("explain", "--json", ...alerts)).trim().split("\n")
    .map((line) => JSON.parse(line) as Explanation);
  const events = readEvents();
  printOutcomes(explained);
  console.log(`\nMISP events, one for each source (${flushed}):\n`);
  printTable(["source", "attempts", "first seen", "techniques"], events);
  console.log("");
  printTable(["source", "event"], events);
  console.log(
    keeps
      ? `\nThe events are in ${environment.WM_FEED_DIRECTORY}`
      : "\nAll files of the demo are removed. To keep the events, add --keep to the command.",
  );
  console.log('Next: README.md, "Which way do I take?", says how to install it.');
} finally {
  if (!keeps) await Deno.remove(folder, { recursive: true });
}
