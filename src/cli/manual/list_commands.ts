/**
 * The command that lists attackers for other programs.
 *
 * @module
 */
import { LIST_FORMATS } from "../../list_query.ts";
import { EXIT } from "../exit.ts";
import type { Command } from "./command.ts";
import { codes } from "./shared.ts";

const ABOUT: Readonly<Record<typeof LIST_FORMATS[number], string>> = {
  plain: "an address on each line",
  csv: "address, first and last seen, attempts, sensors, got in, confidence",
  cdb: "a CDB list for rules of Wazuh",
  nftables: "commands for `nft -f` that replace two sets",
  jsonl: "a JSON object on each line",
};

/** With exact names, from which `terminal/options.ts` derives the types of arguments. */
export const LIST_COMMANDS = [
  {
    name: "list",
    synopsis: [
      "list FORMAT [--within-days DAYS] [--min-attempts N] [--min-sensors N]",
      "list FORMAT [--got-in]",
      "list NAME",
      "list NAME --accept",
    ],
    brief: "list attackers for firewalls and for Wazuh",
    about: [
      "Prints the attackers that were published, in a format of other programs, or the list NAME " +
      "of the configuration as it would be written now. Addresses of guard.allow_networks, of " +
      "warning lists and of special ranges, withdrawn and expired addresses, are never in it.",
      "The publisher writes the lists of the configuration into their files. A list that would " +
      "change too much at once is not written until --accept allows it, once.",
    ],
    words: LIST_FORMATS.map((name) => ({ name, about: ABOUT[name] })),
    filling: "other",
    options: [
      {
        name: "within-days",
        value: "DAYS",
        about: "leave out sources that were silent for longer",
      },
      { name: "min-attempts", value: "N", about: "leave out sources with fewer attempts" },
      { name: "min-sensors", value: "N", about: "leave out sources that fewer honeypots saw" },
      { name: "got-in", about: "only sources whose login succeeded on a honeypot" },
      { name: "accept", about: "write the list NAME now, however much it changes" },
    ],
    exit: codes({
      [EXIT.failed]: "a list could not be made or written",
      [EXIT.waiting]: "another process makes the lists",
    }),
    examples: [
      { line: "list plain --within-days 7", does: "the attackers of the last week" },
      { line: "list csv --min-sensors 2", does: "for a spreadsheet" },
    ],
  },
] as const satisfies readonly Command[];
