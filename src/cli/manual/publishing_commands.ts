/**
 * The commands that publish, and that look at what was published.
 *
 * @module
 */
import { EXIT } from "../exit.ts";
import type { Command } from "./command.ts";
import { codes, JSON_OPTION } from "./shared.ts";

/** With exact names, from which `terminal/options.ts` derives the types of arguments. */
export const PUBLISHING_COMMANDS = [
  {
    name: "report",
    synopsis: [
      "report [list [--all]] [--json]",
      "report reasons [--all] [--json]",
      "report show WHICH [--json]",
      "report retry WHICH | --reason TEXT | --all [--json]",
      "report drop WHICH | --reason TEXT [--yes] [--json]",
    ],
    brief: "list, show, retry or drop reports",
    about: [
      "WHICH is the uuid of a report or of its event, or a source address, which means all its " +
      "reports. TEXT is a reason of `report reasons` or a part of it, and means all reports that " +
      "were refused for it.",
    ],
    words: [
      { name: "list", about: "lists refused, waiting and delivered reports; at most 50 of each" },
      {
        name: "reasons",
        about: "lists why reports were refused, how many, and what to do; at most 50 reasons",
      },
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
      {
        name: "all",
        about: "list, reasons: every one; retry: all that are refused or waiting",
      },
      {
        name: "reason",
        value: "TEXT",
        about: "retry, drop: all reports that were refused for this reason",
      },
      { name: "yes", about: "drop: do not ask; without a terminal it never asks" },
      JSON_OPTION,
    ],
    exit: codes({
      [EXIT.failed]: "none of these reports could be changed",
      [EXIT.usage]: "no such report or reason, bad arguments or configuration",
      [EXIT.waiting]: "a publisher is at work",
    }),
    examples: [
      { line: "report list", does: "see why reports were refused" },
      { line: "report show 192.0.2.7", does: "see the event as it is sent" },
      { line: "report retry 192.0.2.7", does: "make it due; `flush` then sends it" },
      {
        line: 'report drop --reason "is on its blocklist"',
        does: "drop what MISP has on its blocklist",
      },
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
] as const satisfies readonly Command[];
