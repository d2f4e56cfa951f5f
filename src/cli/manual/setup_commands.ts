/**
 * The commands that set the program up, or explain it.
 *
 * @module
 */
import { EXIT } from "../exit.ts";
import type { Command, Word } from "./command.ts";
import { codes, JSON_OPTION } from "./shared.ts";

const SHELLS: readonly Word[] = [
  { name: "bash", about: "into /etc/bash_completion.d" },
  { name: "zsh", about: "into a folder of $fpath, as _NAME" },
  { name: "fish", about: "into ~/.config/fish/completions, as NAME.fish" },
];

/** With exact names, from which `terminal/options.ts` derives the types of arguments. */
export const SETUP_COMMANDS = [
  {
    name: "setup",
    synopsis: [
      "setup [--write-ossec-conf]",
      "setup --misp-url URL --key-file FILE [--ca-file FILE] [--unchecked]",
      "setup --honeypots NAMES [--hosts NAMES] [--yes]",
    ],
    brief: "ask for MISP and the honeypots, and write the configuration",
    about: [
      "Asks for the address of MISP, the key and the names of your honeypots. Asks MISP whether " +
      "they work, and shows how many of the latest alerts are of these honeypots. Then writes the " +
      "configuration and the file of the key, shows the block for ossec.conf, and runs `doctor`.",
      "Run it as root after deploy/install.sh. It keeps every other key of the configuration, and " +
      "asks before it replaces a value. Options answer its questions. Without a terminal, what no " +
      "option answers stays as it is.",
    ],
    options: [
      { name: "misp-url", value: "URL", about: "address of MISP" },
      {
        name: "key-file",
        value: "FILE",
        filling: "file",
        about: "a file that holds the key of a MISP user; - reads standard input",
      },
      {
        name: "ca-file",
        value: "FILE",
        filling: "file",
        about: "PEM file, in etc/custom-misp, of the authority that signed MISP's certificate",
      },
      {
        name: "honeypots",
        value: "NAMES",
        filling: "other",
        about: "how the names of honeypot agents begin, with commas between them",
      },
      {
        name: "hosts",
        value: "NAMES",
        filling: "other",
        about: "honeypots that send syslog without an agent, with commas between them",
      },
      { name: "write-ossec-conf", about: "put the block into ossec.conf, and keep a copy of it" },
      { name: "yes", about: "replace values and the key without asking" },
      { name: "unchecked", about: "write the configuration even if MISP does not accept it now" },
    ],
    exit: codes({ [EXIT.failed]: "MISP does not accept the key, or something must be fixed" }),
    examples: [
      { line: "setup", does: "answer questions" },
      { line: "setup --honeypots hp-,decoy-", does: "no questions about the honeypots" },
    ],
  },
  {
    name: "doctor",
    synopsis: ["doctor [--json]", "doctor --fix [--yes] [--json]"],
    brief: "find what is wrong, and what to do about it",
    about: [
      "Checks the configuration, the files, the buffer, the look-ups and MISP: its version, the " +
      "rights of the key's role, its tags, its clock. Prints a next step for each problem.",
      "Changes nothing but the tables of a buffer that an older version made, unless --fix is given. " +
      "Run it as Wazuh's user: root may write files that Wazuh's user may not.",
      "--fix makes the folder queue/custom-misp where it is missing, and gives it and what this " +
      "program made in it back to Wazuh's user, with their modes; for another owner, run it as " +
      "root. It follows no link, touches nothing else, and says each thing it did.",
    ],
    options: [
      {
        name: "fix",
        about:
          "fix owner and mode of this program's own files; then make in MISP what is missing and " +
          "the key may make: tags, with perm_tag_editor, and enabled taxonomies, as a site admin; " +
          "asks before it changes MISP",
      },
      {
        name: "yes",
        about: "--fix: do not ask; without a terminal nothing is made unless it is given",
      },
      JSON_OPTION,
    ],
    exit: codes({ [EXIT.failed]: "something must be fixed" }),
    examples: [
      { line: "doctor", does: "check everything" },
      { line: "doctor --fix", does: "fix own files, and make missing tags in MISP" },
    ],
  },
  {
    name: "buffer",
    synopsis: ["buffer copy --to postgres | sqlite [--json]"],
    brief: "move the buffer into a database of PostgreSQL, or back",
    about: [
      "Copies everything between the file that buffer.path names and the database that buffer.url " +
      "names: what is open, what was published, what waits, the ids of alerts and the checkpoints. " +
      "Then it compares every row, and prints how many each table has.",
      "Nothing else may use either of them, or it refuses. It refuses a target that holds something " +
      "else. Broken off, it has left nothing, and you run it again. The source stays as it is.",
    ],
    words: [{ name: "copy", about: "copies from one to the other" }],
    filling: "other",
    options: [
      {
        name: "to",
        value: "ENGINE",
        filling: "other",
        about: "postgres: from the file into the database; sqlite: from the database into the file",
      },
      JSON_OPTION,
    ],
    exit: codes({ [EXIT.failed]: "nothing was copied; one line says why" }),
    examples: [
      { line: "buffer copy --to postgres", does: "before the first `serve` with buffer.url" },
      { line: "buffer copy --to sqlite", does: "back into a new file" },
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
