/**
 * The commands that look at sources.
 *
 * @module
 */
import { EXIT } from "../exit.ts";
import type { Command } from "./command.ts";
import { codes, JSON_OPTION } from "./shared.ts";

/** With exact names, from which `terminal/options.ts` derives the types of arguments. */
export const LOOKING_COMMANDS = [
  {
    name: "sources",
    synopsis: [
      "sources [QUERY] [--order ORDER] [--limit N] [--json | --csv]",
      "sources [--user NAME] [--sensor NAME] [--technique ID] [--state STATE]",
      "sources [--country CODE] [--network AS] [--since TIME]",
      "sources show ADDRESS [--json]",
    ],
    brief: "list sources, and show one",
    about: [
      "QUERY is an address, a network such as 192.0.2.0/24, an AS number, an ATT&CK technique, " +
      "or the name of a sensor, a user or a country. Several of them must all be true.",
      "A table has the first 50 sources; --json and --csv print all of them, but those that no event " +
      "gives to detection only where --state asks for them.",
    ],
    words: [{ name: "show", about: "shows all that is known of one source, hour by hour" }],
    filling: "other",
    options: [
      { name: "user", value: "NAME", filling: "other", about: "that tried this user name" },
      { name: "sensor", value: "NAME", filling: "other", about: "that this sensor saw" },
      { name: "country", value: "CODE", filling: "other", about: "of a country: NL" },
      { name: "network", value: "AS", filling: "other", about: "of a network: AS64500" },
      { name: "technique", value: "ID", filling: "other", about: "of a technique: T1110.001" },
      {
        name: "state",
        value: "STATE",
        filling: "other",
        about: "compromised, open, waiting, refused, withdrawn or expired",
      },
      {
        name: "since",
        value: "TIME",
        filling: "other",
        about: "seen since then: 24h, 7d, 2026-11-23 or 2026-11-23T06:00:00Z",
      },
      {
        name: "order",
        value: "ORDER",
        filling: "other",
        about: "attempts (the default), last_seen, first_seen or compromised",
      },
      { name: "limit", value: "N", filling: "other", about: "at most so many sources" },
      { name: "json", about: "print a JSON array; show: an object" },
      { name: "csv", about: "print CSV" },
    ],
    exit: codes({ [EXIT.usage]: "no such source, bad arguments or configuration" }),
    examples: [
      { line: "sources", does: "the sources with most attempts" },
      { line: "sources 192.0.2.0/24 --since 24h", does: "those of a network, of the last day" },
      { line: "sources root --csv", does: "all that tried root, for a spreadsheet" },
      { line: "sources --state compromised", does: "those whose login succeeded" },
      { line: "sources show 192.0.2.7", does: "everything about one" },
    ],
  },
  {
    name: "top",
    synopsis: ["top [--span hour | day | week | month] [--json]"],
    brief: "rank sources, user names, sensors, countries",
    about: [
      "Shows which sources, user names, techniques, sensors, countries and networks most " +
      "attempts came from.",
    ],
    options: [
      {
        name: "span",
        value: "SPAN",
        filling: "other",
        about: "over the last hour, day (the default), week or month",
      },
      JSON_OPTION,
    ],
    exit: codes(),
    examples: [
      { line: "top", does: "of the last 24 hours" },
      { line: "top --span week --json", does: "of seven days, for programs" },
    ],
  },
] as const satisfies readonly Command[];
