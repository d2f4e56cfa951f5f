/**
 * The command line: commands, options, exit codes, examples. `help`, the manual page, the
 * completions, the "did you mean" hints and what each command accepts all come from this one list.
 *
 * @module
 */
import { EXIT } from "../exit.ts";
import type { Command, Option, Word } from "./command.ts";

/** Every exit code of the program. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  [EXIT.ok]: "done",
  [EXIT.failed]: "failed, or could not be stored",
  [EXIT.usage]: "bad arguments or configuration",
  [EXIT.waiting]: "reports wait for a later try, or a publisher is at work",
  [EXIT.refused]: "MISP refused reports",
  [EXIT.noFile]: "no such file",
  [EXIT.notJson]: "not a JSON alert",
};

/** Options of every command. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  {
    name: "config",
    value: "FILE",
    filling: "file",
    about: "the configuration file; write it before or after the command",
  },
  {
    name: "root",
    value: "DIR",
    filling: "folder",
    about: "Wazuh's folder; write it before the command; a binary has its own built in",
  },
];

/** Asks any command for its help. */
export const HELP_OPTION: Option = { name: "help", about: "this help; -h is the same" };

const BEGINNING_OPTIONS = [
  { name: "from-start", about: "the first time, begin at the start of the file" },
  {
    name: "since",
    value: "TIME",
    about: "the first time, begin with the files of that day: 2026-11-23 or " +
      "2026-11-23T06:00:00Z",
  },
] as const satisfies readonly Option[];

const JSON_OPTION = { name: "json", about: "print JSON" } as const satisfies Option;

const codes = (more: Readonly<Record<number, string>> = {}) => ({
  [EXIT.ok]: EXIT_CODES[EXIT.ok]!,
  [EXIT.failed]: "failed",
  [EXIT.usage]: EXIT_CODES[EXIT.usage]!,
  ...more,
});

const SHELLS: readonly Word[] = [
  { name: "bash", about: "into /etc/bash_completion.d" },
  { name: "zsh", about: "into a folder of $fpath, as _NAME" },
  { name: "fish", about: "into ~/.config/fish/completions, as NAME.fish" },
];

/** With exact names, from which `terminal/options.ts` derives the types of arguments. */
const LIST = [
  {
    name: "doctor",
    synopsis: ["doctor [--json]"],
    brief: "find what is wrong, and what to do about it",
    about: [
      "Checks the configuration, the files, the buffer, the look-ups and MISP: its version, the " +
      "rights of the key's role, its tags, its clock. Prints a next step for each problem.",
      "Changes nothing but the tables of a buffer that an older version made. Run it as Wazuh's " +
      "user: root may write files that Wazuh's user may not.",
    ],
    options: [JSON_OPTION],
    exit: codes({ [EXIT.failed]: "something must be fixed" }),
    examples: [{ line: "doctor", does: "check everything" }],
  },
  {
    name: "flush",
    synopsis: ["flush [--now] [--json] [--until-idle]"],
    brief: "publish what is due, or everything",
    about: [
      "Publishes the attacks whose source has been silent for buffer.period_minutes, or that " +
      "began buffer.max_hold_minutes ago, and reports that wait for a retry. Forwards alerts " +
      "where forward.url is set.",
    ],
    options: [
      {
        name: "now",
        about: "publish everything, due or not; try paused sinks and refused alerts again",
      },
      JSON_OPTION,
      {
        name: "until-idle",
        about: "run until nothing waits any more; at most one process does so",
      },
    ],
    exit: codes({
      [EXIT.ok]: "all delivered",
      [EXIT.waiting]: "some reports wait for a later try",
      [EXIT.refused]: "MISP refused some reports",
    }),
    examples: [
      { line: "flush", does: "publish what is due" },
      { line: "flush --now", does: "publish everything" },
    ],
  },
  {
    name: "follow",
    synopsis: ["follow [FILE] [--from-start | --since TIME] [--json]"],
    brief: "read alerts.json as Wazuh writes it",
    about: [
      "Reads logs/alerts/alerts.json as Wazuh writes it, stores the alerts, and publishes what " +
      "is due. Continues where it stopped, through rotations and restarts; the first time, it " +
      "begins at the end of the file.",
      "SIGHUP reads the configuration again; Ctrl-C or SIGTERM ends it.",
    ],
    filling: "file",
    options: [
      ...BEGINNING_OPTIONS,
      { name: "json", about: "print a line of JSON each second: offset, rate and lag" },
    ],
    exit: codes(),
    examples: [
      { line: "follow", does: "continue, or begin with new alerts" },
      { line: "follow --since 2026-11-23", does: "begin with the alerts of that day" },
    ],
  },
  {
    name: "replay",
    synopsis: ["replay [--dry-run] [--json] FILE…"],
    brief: "read alerts from files",
    about: [
      "Reads alerts from files: one JSON value, an array, one alert a line, or values over many " +
      "lines as jq writes them. It unpacks gzip and reads UTF-16 with a mark; - is standard input. " +
      "An alert that was accepted before is not counted again.",
    ],
    filling: "file",
    options: [
      {
        name: "dry-run",
        about: "print the events of these alerts alone; store nothing",
      },
      JSON_OPTION,
    ],
    exit: codes({
      [EXIT.noFile]: "a file does not exist, or may not be read",
      [EXIT.notJson]: "parts of a file were not understood; all other alerts were accepted",
    }),
    examples: [
      {
        line: "replay /var/ossec/logs/alerts/2026/Nov/ossec-alerts-23.json.gz",
        does: "a day that Wazuh has compressed",
      },
      {
        line: "replay --dry-run - </var/ossec/logs/alerts/alerts.json",
        does: "only print the events",
      },
    ],
  },
  {
    name: "report",
    synopsis: [
      "report [list [--all]] [--json]",
      "report show WHICH [--json]",
      "report retry WHICH | --all [--json]",
      "report drop WHICH [--yes] [--json]",
    ],
    brief: "list, show, retry or drop reports",
    about: [
      "WHICH is the uuid of a report or of its event, or a source address, which means all its " +
      "reports.",
    ],
    words: [
      { name: "list", about: "lists refused, waiting and delivered reports; at most 50 of each" },
      { name: "show", about: "shows all about reports, and the event while it is kept" },
      { name: "retry", about: "makes refused and waiting reports due at once" },
      {
        name: "drop",
        about: "removes refused or waiting reports for good; the source's counts are kept, and " +
          "its next report contains them",
      },
    ],
    filling: "other",
    options: [
      { name: "all", about: "list: every report; retry: all that are refused or waiting" },
      { name: "yes", about: "drop: do not ask; without a terminal it never asks" },
      JSON_OPTION,
    ],
    exit: codes({
      [EXIT.failed]: "none of these reports could be changed",
      [EXIT.usage]: "no such report, bad arguments or configuration",
      [EXIT.waiting]: "a publisher is at work",
    }),
    examples: [
      { line: "report list", does: "see why reports were refused" },
      { line: "report show 192.0.2.7", does: "see the event as it is sent" },
      { line: "report retry 192.0.2.7", does: "make it due; `flush` then sends it" },
    ],
  },
  {
    name: "retract",
    synopsis: ["retract ADDRESS [--json]"],
    brief: "withdraw an address that was published wrongly",
    about: [
      "Withdraws an address at once. Its event remains and says so, but no longer offers the " +
      "address for detection; MISP gets a false-positive sighting, and instances that pull the " +
      "feed delete the address.",
      "Later attacks are published without detection. guard.allow_networks keeps an address out " +
      "for good.",
    ],
    filling: "other",
    options: [JSON_OPTION],
    exit: codes({
      [EXIT.ok]: "sent",
      [EXIT.usage]: "no event contains it, bad arguments or configuration",
      [EXIT.waiting]: "waiting for a retry",
      [EXIT.refused]: "MISP refused it",
    }),
    examples: [{ line: "retract 192.0.2.7", does: "this address was not an attacker" }],
  },
  {
    name: "serve",
    synopsis: [
      "serve [--listen HOST:PORT] [--follow [--from-start | --since TIME]]",
      "serve token new NAME",
    ],
    brief: "accept alerts by HTTP; pages, metrics, feed",
    about: [
      "Accepts alerts by POST /alerts (one alert, an array, or one a line), answers 2xx once " +
      "they are stored, and publishes what is due within seconds. GET /healthz and /readyz " +
      "report its health, GET /metrics serves Prometheus, GET /feed/ the MISP feed, GET /docs describes all " +
      "of this.",
      "With --follow it reads logs/alerts/alerts.json, too, as `follow` does: one process for a " +
      "manager and for the machines that send to it.",
      "Without server.tokens_file it answers only this machine. Ctrl-C or SIGTERM ends it once " +
      "the open requests are answered.",
    ],
    words: [{
      name: "token",
      about: "`serve token new NAME` shows a new token once, and adds its hash to " +
        "server.tokens_file",
    }],
    options: [
      {
        name: "listen",
        value: "HOST:PORT",
        about:
          "listen here, not at server.listen; a binary is compiled for the address that it may use",
      },
      { name: "follow", about: "read this machine's alerts.json as well" },
      ...BEGINNING_OPTIONS,
    ],
    exit: codes(),
    examples: [
      { line: "serve", does: "listen at server.listen, 127.0.0.1:8787" },
      { line: "serve token new prometheus", does: "make a token for Prometheus" },
      { line: "serve --follow", does: "with this manager's own alerts" },
    ],
  },
  {
    name: "status",
    synopsis: ["status [--json]"],
    brief: "show what is pending, delivered, refused, ignored",
    about: ["Shows what is pending, delivered, refused and ignored, with the reasons."],
    options: [JSON_OPTION],
    exit: codes(),
    examples: [
      { line: "status", does: "for people" },
      { line: "status --json", does: "for programs" },
    ],
  },
  {
    name: "config",
    synopsis: ["config [--json] [--schema]"],
    brief: "show the configuration, and where it came from",
    about: [
      "Shows the effective configuration, and where each value came from: default, file or " +
      "environment. Secrets are masked. `help config` describes every key.",
    ],
    options: [
      JSON_OPTION,
      { name: "schema", about: "print the JSON Schema of the configuration file" },
    ],
    exit: codes(),
    examples: [
      { line: "config", does: "the values in force" },
      { line: "config --schema", does: "for an editor" },
    ],
  },
  {
    name: "--test",
    synopsis: ["--test [--send]"],
    brief: "show the event of a sample alert",
    about: [
      "Takes a sample alert through every step, with a buffer in memory, and prints the event " +
      "that MISP would get. Touches neither the real buffer nor MISP.",
    ],
    options: [{
      name: "send",
      about: "send it to MISP, for your own organisation and unpublished, and print what MISP " +
        "answers",
    }],
    exit: codes({
      [EXIT.waiting]: "--send: MISP did not accept it now",
      [EXIT.refused]: "--send: MISP refused it",
    }),
    examples: [{ line: "--test", does: "print the event, send nothing" }],
  },
  {
    name: "completions",
    synopsis: ["completions bash | zsh | fish"],
    brief: "print a script that completes commands",
    about: ["Prints a script that lets a shell complete commands, options and files."],
    words: SHELLS,
    filling: "other",
    options: [],
    exit: codes(),
    examples: [{
      line: "completions bash >/etc/bash_completion.d/custom-misp",
      does: "for all users of bash",
    }],
  },
  {
    name: "version",
    synopsis: ["version [--json]"],
    brief: "show the version, and what is built in",
    about: [
      "Shows the version of this program, its commit, the versions of Deno, V8 and SQLite, and " +
      "the permissions of the binary. Under `deno run` it knows neither commit nor permissions.",
    ],
    options: [JSON_OPTION],
    exit: codes(),
    examples: [{ line: "version", does: "for a bug report" }],
  },
  {
    name: "help",
    synopsis: ["help [COMMAND]", "help --man"],
    brief: "show this help, or that of one command",
    about: ["Describes all commands, or one. `COMMAND --help` is the same as `help COMMAND`."],
    filling: "other",
    options: [{ name: "man", about: "print the manual page as roff" }],
    exit: codes(),
    examples: [
      { line: "help replay", does: "one command" },
      { line: "help config", does: "every configuration key" },
      { line: "help --man | man -l -", does: "the whole manual" },
    ],
  },
] as const satisfies readonly Command[];

/** A command, exactly. */
export type Listed = typeof LIST[number];

/** The name of a command. */
export type CommandName = Listed["name"];

/** The commands, in the order of `help`. */
export const COMMANDS: readonly Command[] = LIST;

/** A command by its name; undefined for a name that is not one. */
export function commandNamed(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}
