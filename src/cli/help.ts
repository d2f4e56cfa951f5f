/**
 * `help`: what the program can be told.
 *
 * @module
 */
import { configurationKeys, environmentName, PROGRAM } from "../config/keys.ts";
import type { Start } from "./context.ts";
import { EXIT, Failure } from "./exit.ts";

const GENERAL = `${PROGRAM}: SSH brute force seen by Wazuh, as MISP events

usage: ${PROGRAM} [--config FILE] COMMAND
  ALERT_FILE API_KEY HOOK_URL …  one alert; how Wazuh's integratord calls
  doctor [--json]                whether all is as it must be, and what to do
  flush [--now] [--json]         publish what is due, or everything
  follow [FILE]                  take alerts from alerts.json as it is written
  replay [--dry-run] FILE…       take alerts from files
  report list | show | retry | drop
                                 the reports, the refused ones first
  retract ADDRESS                withdraw an address that was published wrongly
  serve [--listen HOST:PORT]     take alerts by HTTP
  status [--json]                what is pending, delivered, refused, ignored
  config [--json] [--schema]     the configuration and where it came from
  --test [--send]                a sample alert, and the event it would give
  version
  help [COMMAND | config]

exit codes: 0 done, 1 failed, 2 bad arguments or configuration,
            3 reports wait for a retry, 4 reports were refused,
            6 no such file, 7 not a JSON alert`;

const COMMANDS: Readonly<Record<string, string>> = {
  "doctor": `usage: doctor [--json]
Looks at the configuration, the files, the buffer, the look-ups and at MISP: its version, the
rights of the key's role, the tags it has, its clock. Says what to do about each thing.
Changes nothing but the tables of a buffer that an older version made. Run it as Wazuh's
user, or files that root may write look well.
Exit 1: something must be mended.
example: doctor`,
  "follow": `usage: follow [FILE] [--from-start | --since TIME] [--json]
Takes alerts from logs/alerts/alerts.json as Wazuh writes it, and publishes what is due. Goes on
where it was, through rotations and restarts; the first time at the end of the file.
  --from-start  the first time at its start
  --since TIME  the first time in the files of that day: 2026-11-23 or 2026-11-23T06:00:00Z
  --json        a line a second about place, rate and lag
SIGHUP reads the configuration again; Ctrl-C or SIGTERM ends it.
example: follow --since 2026-11-23`,
  "flush": `usage: flush [--now] [--json] [--stay]
Publishes the attacks whose source has been silent for buffer.period_minutes, or that
began buffer.max_hold_minutes ago, and reports that wait for a retry. Forwards alerts, where
forward.url is set.
  --now   everything, due or not, and sinks that are being left alone after a failure;
          alerts that were set aside, too
  --stay  go on until nothing waits any more; at most one process stays
  --json  machine output
Exit 0: all delivered, 3: some wait for a retry, 4: some were refused.
example: flush --now`,
  "replay": `usage: replay [--dry-run] [--json] FILE…
Takes alerts from files: one JSON value, an array, or one alert a line; .gz is unpacked,
- is standard input. Alerts that were taken before are not counted again.
  --dry-run  print the events that these alerts alone would give, store nothing
  --json     machine output
example: replay /var/ossec/logs/alerts/2026/Nov/ossec-alerts-23.json.gz`,
  "report": `usage: report [list [--all]] [--json]
       report show WHICH | retry WHICH | retry --all | drop WHICH [--yes] [--json]
WHICH is the uuid of a report or of its event, or a source address: then all its reports.
  list    the refused, the waiting, the delivered; at most 50 of each without --all
  show    everything about reports, and the event that is sent while it is kept
  retry   refused reports, and those that wait for a later try, are due at once
  drop    removes refused or waiting reports for good; on a terminal it asks, unless --yes.
          What was seen of the source is kept, and its next report tells of it
  --json  machine output
Exit 1: nothing of what was named could be changed, 2: no such report, 3: a publisher is
at work.
example: report retry 192.0.2.7`,
  "retract": `usage: retract ADDRESS [--json]
Withdraws an address: its event stays and says so, but gives it to detection no more; MISP
gets a false-positive sighting, and whoever pulls the feed deletes it. Sent at once.
Later attacks are told, without detection. guard.allow_networks keeps an address out for good.
Exit 0: sent, 2: no event tells of it, 3: waits for a retry, 4: refused.
example: retract 192.0.2.7`,
  "serve": `usage: serve [--listen HOST:PORT]
       serve token new NAME
Takes alerts by POST /alerts (one alert, an array, or one a line), answers 2xx once they
are stored, and publishes each minute what is due. GET /healthz and /readyz say whether it
is well, GET /metrics gives Prometheus its numbers, GET /feed/ the feed, GET /docs all of this.
\`serve token new\` shows a new token once and puts its hash into server.tokens_file; without
that file only this machine is let in. Ctrl-C or SIGTERM ends it after the open requests.
example: curl --data-binary @alert.json http://127.0.0.1:8787/alerts`,
  "status": `usage: status [--json]
What is pending, delivered, refused and ignored, with the reasons.
example: status --json`,
  "--test": `usage: --test [--send]
Sends a sample alert down the whole path into a buffer that is thrown away, and prints the
event that MISP would get. Touches neither the real buffer nor MISP.
  --send  really sends it, for your own organisation and unpublished, and tells what MISP
          answered. Exit 3: MISP could not be used, 4: it refused
example: --test`,
  "version": `usage: version
The version of this program and of what is built into it.`,
  "help": `usage: help [COMMAND | config]`,
};

/** Runs `help [COMMAND]`. */
export function help(start: Start): Promise<number> {
  const [topic] = start.args;
  if (topic === undefined) console.log(GENERAL);
  else if (topic === "config") console.log(configurationHelp(start.root));
  else if (Object.hasOwn(COMMANDS, topic)) console.log(COMMANDS[topic]);
  else throw new Failure(EXIT.usage, `no help about "${topic}"; \`help\` lists the commands`);
  return Promise.resolve(EXIT.ok);
}

function configurationHelp(root: string): string {
  const lines = [
    "usage: config [--json] [--schema]",
    "The effective configuration, and where each value came from. Secrets are masked.",
    `Read from --config, $WM_CONFIG, or ${root}/etc/${PROGRAM}.json:`,
    `  {"misp": {"url": "https://misp.example.org", "api_key_file": "…"}}`,
    "Every key has an environment variable, which stands above the file.",
  ];
  for (const [name, key] of Object.entries(configurationKeys(root))) {
    const { fallback } = key;
    const shown = fallback === undefined
      ? "none"
      : Array.isArray(fallback)
      ? fallback.join(", ") || "none"
      : String(fallback);
    lines.push("", `${name}  (${environmentName(name)})`, `  ${key.about}`, `  default: ${shown}`);
  }
  return lines.join("\n");
}
