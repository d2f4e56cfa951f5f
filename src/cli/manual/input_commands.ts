/**
 * The commands that read alerts.
 *
 * @module
 */
import { EXIT } from "../exit.ts";
import type { Command, Option } from "./command.ts";
import { codes, JSON_OPTION } from "./shared.ts";

const BEGINNING_OPTIONS = [
  { name: "from-start", about: "the first time, begin at the start of the file" },
  {
    name: "since",
    value: "TIME",
    about: "the first time, begin with the files of that day: 2026-11-23 or " +
      "2026-11-23T06:00:00Z",
  },
] as const satisfies readonly Option[];

/** With exact names, from which `terminal/options.ts` derives the types of arguments. */
export const INPUT_COMMANDS = [
  {
    name: "follow",
    synopsis: [
      "follow [FILE] [--from-start | --since TIME] [--json]",
      "follow --format cowrie FILE [--from-start | --since TIME] [--json]",
    ],
    brief: "read alerts.json as Wazuh writes it",
    about: [
      "Reads logs/alerts/alerts.json as Wazuh writes it, stores the alerts, and publishes what " +
      "is due. Continues where it stopped, through rotations and restarts; the first time, it " +
      "begins at the end of the file.",
      "With --format cowrie it reads cowrie.json, which a Cowrie writes itself, on a machine " +
      "without Wazuh. A file that was rotated while it did not run is read by `replay`.",
      "SIGHUP reads the configuration again; Ctrl-C or SIGTERM ends it.",
    ],
    filling: "file",
    options: [
      ...BEGINNING_OPTIONS,
      { name: "format", value: "FORMAT", about: "what writes the file: wazuh or cowrie" },
      { name: "json", about: "print a line of JSON each second: offset, rate and lag" },
    ],
    exit: codes(),
    examples: [
      { line: "follow", does: "continue, or begin with new alerts" },
      { line: "follow --since 2026-11-23", does: "begin with the alerts of that day" },
      {
        line: "follow --format=cowrie /var/ossec/logs/alerts/cowrie.json",
        does: "read a Cowrie's own file",
      },
    ],
  },
  {
    name: "replay",
    synopsis: ["replay [--dry-run] [--json] FILE…"],
    brief: "read alerts from files",
    about: [
      "Reads alerts from files: one JSON value, an array, one alert a line, or values over many " +
      "lines as jq writes them. It unpacks gzip and reads UTF-16 with a mark; - is standard input. " +
      "An alert that was accepted before is not counted again. Lines of a Cowrie's own cowrie.json " +
      "are read as well.",
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
    name: "explain",
    synopsis: ["explain [--json] FILE…"],
    brief: "what becomes of each alert of a file, and why",
    about: [
      "Reads alerts from files as replay does, and says of each what it counts: its rule, sensor " +
      "and address, where that address stood, and the class of the evidence. Of an alert that is " +
      "ignored it says why, and what to change. - is standard input.",
      "It stores nothing and looks at no buffer: whether an alert was accepted before, and what " +
      "several alerts count together, only replay --dry-run says.",
    ],
    filling: "file",
    options: [{ name: "json", about: "print a line of JSON for each alert" }],
    exit: codes({
      [EXIT.noFile]: "a file does not exist, or may not be read",
      [EXIT.notJson]: "parts of a file were not understood; all other alerts were explained",
    }),
    examples: [
      {
        line: "explain - </var/ossec/logs/alerts/alerts.json",
        does: "the alerts of today",
      },
      {
        line: "explain --json - </var/ossec/logs/alerts/alerts.json | jq -r .reason",
        does: "only the reasons",
      },
    ],
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
      "they are stored, and publishes what is due within seconds. GET /livez, /healthz and " +
      "/readyz report its health, GET /metrics serves Prometheus, GET /feed/ the MISP feed, GET /docs describes all " +
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
] as const satisfies readonly Command[];
