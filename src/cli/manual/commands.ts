/**
 * What the command line is: commands, options, exit codes, examples. `help`, the man page, the
 * completions and the guesses at what was meant are all made from this one list.
 *
 * @module
 */
import { EXIT } from "../exit.ts";

/** What stands behind an option or a command, for completions. */
export type Filling = "file" | "folder" | "other";

/** An option. */
export interface Option {
  readonly name: string;
  /** Its value as the synopsis writes it; undefined: it is a switch. */
  readonly value?: string;
  readonly filling?: Filling;
  readonly about: string;
}

/** A word that may stand behind a command. */
export interface Word {
  readonly name: string;
  readonly about: string;
}

/** A start that can be copied; the program's name stands before it. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** One command. */
export interface Command {
  readonly name: string;
  /** Ways to write it, without the program's name. */
  readonly synopsis: readonly string[];
  /** Half a line. */
  readonly brief: string;
  /** Paragraphs. */
  readonly about: readonly string[];
  readonly words?: readonly Word[];
  /** What else may stand behind it. */
  readonly filling?: Filling;
  readonly options: readonly Option[];
  /** Codes and what they mean here. */
  readonly exit: Readonly<Record<number, string>>;
  readonly examples: readonly Example[];
}

/** Every code that the program ends with. */
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
    about: "the configuration; stands before or behind the command",
  },
  {
    name: "root",
    value: "DIR",
    filling: "folder",
    about: "Wazuh's folder; stands before the command; a binary has its own built in",
  },
];

/** Asks any command for its help. */
export const HELP_OPTION: Option = { name: "help", about: "this help; -h is the same" };

const BEGINNING_OPTIONS: readonly Option[] = [
  { name: "from-start", about: "the first time at its start" },
  {
    name: "since",
    value: "TIME",
    about: "the first time in the files of that day: 2026-11-23 or 2026-11-23T06:00:00Z",
  },
];

const JSON_OPTION: Option = { name: "json", about: "machine output" };

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

/** The commands, in the order of `help`. */
export const COMMANDS: readonly Command[] = [
  {
    name: "doctor",
    synopsis: ["doctor [--json]"],
    brief: "whether all is as it must be, and what to do",
    about: [
      "Looks at the configuration, the files, the buffer, the look-ups and at MISP: its version, " +
      "the rights of the key's role, the tags it has, its clock. Says what to do about each thing.",
      "Changes nothing but the tables of a buffer that an older version made. Run it as Wazuh's " +
      "user, or files that root may write look well.",
    ],
    options: [JSON_OPTION],
    exit: codes({ [EXIT.failed]: "something must be mended" }),
    examples: [{ line: "doctor", does: "look at everything" }],
  },
  {
    name: "flush",
    synopsis: ["flush [--now] [--json] [--stay]"],
    brief: "publish what is due, or everything",
    about: [
      "Publishes the attacks whose source has been silent for buffer.period_minutes, or that " +
      "began buffer.max_hold_minutes ago, and reports that wait for a retry. Forwards alerts, where " +
      "forward.url is set.",
    ],
    options: [
      {
        name: "now",
        about:
          "everything, due or not, sinks that are being left alone after a failure, and alerts " +
          "that were set aside",
      },
      JSON_OPTION,
      {
        name: "stay",
        about: "go on until nothing waits any more; at most one process stays",
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
    brief: "take alerts from alerts.json as it is written",
    about: [
      "Takes alerts from logs/alerts/alerts.json as Wazuh writes it, and publishes what is due. " +
      "Goes on where it was, through rotations and restarts; the first time at the end of the file.",
      "SIGHUP reads the configuration again; Ctrl-C or SIGTERM ends it.",
    ],
    filling: "file",
    options: [
      ...BEGINNING_OPTIONS,
      { name: "json", about: "a line a second about place, rate and lag" },
    ],
    exit: codes(),
    examples: [
      { line: "follow", does: "from where it was, or from now on" },
      { line: "follow --since 2026-11-23", does: "with what that day and later ones left" },
    ],
  },
  {
    name: "replay",
    synopsis: ["replay [--dry-run] [--json] FILE…"],
    brief: "take alerts from files",
    about: [
      "Takes alerts from files: one JSON value, an array, or one alert a line; .gz is unpacked, " +
      "- is standard input. Alerts that were taken before are not counted again.",
    ],
    filling: "file",
    options: [
      {
        name: "dry-run",
        about: "print the events that these alerts alone would give, store nothing",
      },
      JSON_OPTION,
    ],
    exit: codes({
      [EXIT.noFile]: "a file is not there, or may not be read",
      [EXIT.notJson]: "a file ends in damaged data; the alerts before it were read",
    }),
    examples: [
      {
        line: "replay /var/ossec/logs/alerts/2026/Nov/ossec-alerts-23.json.gz",
        does: "a day that Wazuh has packed",
      },
      { line: "replay --dry-run - </var/ossec/logs/alerts/alerts.json", does: "only look" },
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
    brief: "look at reports, send them again, give them up",
    about: [
      "WHICH is the uuid of a report or of its event, or a source address: then all its reports.",
    ],
    words: [
      { name: "list", about: "the refused, the waiting, the delivered; at most 50 of each" },
      { name: "show", about: "everything about reports, and the event while it is kept" },
      { name: "retry", about: "refused and waiting reports are due at once" },
      {
        name: "drop",
        about: "removes refused or waiting reports for good; what was seen of the source is " +
          "kept, and its next report tells of it",
      },
    ],
    options: [
      { name: "all", about: "list: more than 50; retry: all that are refused or wait" },
      { name: "yes", about: "drop: does not ask; without a terminal it never does" },
      JSON_OPTION,
    ],
    exit: codes({
      [EXIT.failed]: "nothing of what was named could be changed",
      [EXIT.usage]: "no such report, bad arguments or configuration",
      [EXIT.waiting]: "a publisher is at work",
    }),
    examples: [
      { line: "report list", does: "why reports were refused" },
      { line: "report show 192.0.2.7", does: "the event that is sent, too" },
      { line: "report retry 192.0.2.7", does: "due at once; `flush` then sends it" },
    ],
  },
  {
    name: "retract",
    synopsis: ["retract ADDRESS [--json]"],
    brief: "withdraw an address that was published wrongly",
    about: [
      "Withdraws an address: its event stays and says so, but gives it to detection no more; MISP " +
      "gets a false-positive sighting, and whoever pulls the feed deletes it. Sent at once.",
      "Later attacks are told, without detection. guard.allow_networks keeps an address out for " +
      "good.",
    ],
    filling: "other",
    options: [JSON_OPTION],
    exit: codes({
      [EXIT.ok]: "sent",
      [EXIT.usage]: "no event tells of it, bad arguments or configuration",
      [EXIT.waiting]: "waits for a retry",
      [EXIT.refused]: "MISP refused it",
    }),
    examples: [{ line: "retract 192.0.2.7", does: "it was no attacker" }],
  },
  {
    name: "serve",
    synopsis: [
      "serve [--listen HOST:PORT] [--follow [--from-start | --since TIME]]",
      "serve token new NAME",
    ],
    brief: "take alerts by HTTP; pages, metrics, feed",
    about: [
      "Takes alerts by POST /alerts (one alert, an array, or one a line), answers 2xx once they " +
      "are stored, and publishes what is due within seconds. GET /healthz and /readyz say whether it " +
      "is well, GET /metrics gives Prometheus its numbers, GET /feed/ the feed, GET /docs all of " +
      "this.",
      "With --follow it takes those of logs/alerts/alerts.json, too, as `follow` does: one process " +
      "for a manager and those that send to it.",
      "Without server.tokens_file only this machine is let in. Ctrl-C or SIGTERM ends it after " +
      "the open requests.",
    ],
    words: [{
      name: "token",
      about: "`serve token new NAME` shows a new token once, and puts its hash into " +
        "server.tokens_file",
    }],
    options: [
      {
        name: "listen",
        value: "HOST:PORT",
        about:
          "where, instead of server.listen; a binary may listen only where it was compiled for",
      },
      { name: "follow", about: "this machine's alerts.json as well" },
      ...BEGINNING_OPTIONS,
    ],
    exit: codes(),
    examples: [{ line: "serve", does: "at server.listen, 127.0.0.1:8787" }, {
      line: "serve token new prometheus",
      does: "let Prometheus in",
    }, { line: "serve --follow", does: "and this manager's own alerts" }],
  },
  {
    name: "status",
    synopsis: ["status [--json]"],
    brief: "what is pending, delivered, refused, ignored",
    about: ["What is pending, delivered, refused and ignored, with the reasons."],
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
    brief: "the configuration and where it came from",
    about: [
      "The effective configuration, and where each value came from: default, file, environment. " +
      "Secrets are masked. `help config` describes every key.",
    ],
    options: [
      JSON_OPTION,
      { name: "schema", about: "the JSON Schema of the configuration file instead" },
    ],
    exit: codes(),
    examples: [
      { line: "config", does: "what is in force" },
      { line: "config --schema", does: "for an editor" },
    ],
  },
  {
    name: "--test",
    synopsis: ["--test [--send]"],
    brief: "a sample alert, and the event it would give",
    about: [
      "Sends a sample alert down the whole path into a buffer that is thrown away, and prints the " +
      "event that MISP would get. Touches neither the real buffer nor MISP.",
    ],
    options: [{
      name: "send",
      about: "really sends it, for your own organisation and unpublished, and tells what MISP " +
        "answered",
    }],
    exit: codes({
      [EXIT.waiting]: "--send: MISP could not be used",
      [EXIT.refused]: "--send: MISP refused it",
    }),
    examples: [{ line: "--test", does: "the event, nothing is sent" }],
  },
  {
    name: "completions",
    synopsis: ["completions bash | zsh | fish"],
    brief: "what a shell needs to complete commands",
    about: ["Prints a script that lets a shell complete commands, options and files."],
    words: SHELLS,
    options: [],
    exit: codes(),
    examples: [{
      line: "completions bash >/etc/bash_completion.d/custom-misp",
      does: "for everybody's bash",
    }],
  },
  {
    name: "version",
    synopsis: ["version [--json]"],
    brief: "what this program is, and what is built into it",
    about: [
      "The version of this program and the commit it was made from, Deno, V8, SQLite, and what " +
      "the binary may do. What was not compiled knows neither commit nor permissions.",
    ],
    options: [JSON_OPTION],
    exit: codes(),
    examples: [{ line: "version", does: "for a report about a fault" }],
  },
  {
    name: "help",
    synopsis: ["help [COMMAND]", "help --man"],
    brief: "this, or about one command",
    about: ["Tells about all commands, or about one. `COMMAND --help` is the same."],
    options: [{ name: "man", about: "the manual page, as roff, instead" }],
    exit: codes(),
    examples: [
      { line: "help replay", does: "about one command" },
      { line: "help config", does: "about every configuration key" },
      { line: "help --man | man -l -", does: "the whole manual" },
    ],
  },
];

/** A command by its name. */
export function commandNamed(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}
