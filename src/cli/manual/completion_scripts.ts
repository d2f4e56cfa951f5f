/**
 * Completions for bash, zsh and fish.
 *
 * @module
 */
import { PROGRAM } from "../../config/defaults.ts";
import type { Command, Option, Word } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { GLOBAL_OPTIONS, HELP_OPTION } from "./shared.ts";

/** Makes a script, by the name of the shell. */
export const SCRIPTS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

const FUNCTION = `_${PROGRAM.replaceAll(/\W/g, "_")}`;

/** `--config` may follow every command; `--root` only precedes it. */
const optionsOf = (command: Command): readonly Option[] => [
  ...command.options,
  ...GLOBAL_OPTIONS.filter(({ name }) => name === "config"),
  HELP_OPTION,
];

/** The words after a command; those of `help` are the commands. */
const wordsOf = ({ name, words = [] }: Command): readonly Word[] =>
  name === "help" ? COMMANDS.map((one) => ({ name: one.name, about: one.brief })) : words;

const everyOption = () => [...GLOBAL_OPTIONS, ...COMMANDS.flatMap((command) => command.options)];

const dashed = (options: readonly Option[]) => options.map(({ name }) => `--${name}`);

const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

function bash(): string {
  const valued = everyOption().filter(({ value }) => value !== undefined);
  const filled = (filling: Option["filling"]) =>
    [...new Set(dashed(valued.filter((option) => option.filling === filling)))].join("|");
  const lines = COMMANDS.map((command) => {
    const options = dashed(optionsOf(command)).join(" ");
    const words = names(wordsOf(command)).join(" ");
    return `    ${command.name})
      options="${options}"
      words="${words}"
      files="${command.filling === "file" ? "yes" : ""}"
      ;;`;
  });
  return `# bash completion of ${PROGRAM}; made by \`completions bash\`
${FUNCTION}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command="" options="" words="" files="" at
  COMPREPLY=()
  case $previous in
    ${filled("file")})
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      compopt -o filenames 2>/dev/null
      return
      ;;
    ${filled("folder")})
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      compopt -o filenames 2>/dev/null
      return
      ;;
    ${filled(undefined)}) return ;;
  esac
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${dashed(GLOBAL_OPTIONS).join("|")}) ((at++)) ;;
      *)
        command=\${COMP_WORDS[at]}
        break
        ;;
    esac
  done
  case $command in
    "")
      options="${dashed([...GLOBAL_OPTIONS, HELP_OPTION]).join(" ")} --test"
      words="${names(COMMANDS).join(" ")}"
      ;;
${lines.join("\n")}
  esac
  # Words only follow their command directly.
  ((at < COMP_CWORD - 1)) && words=""
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $files ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    compopt -o filenames 2>/dev/null
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}
complete -F ${FUNCTION} ${PROGRAM}`;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Escapes brackets and colons, which zsh's specifications interpret. */
const zshText = (text: string) => text.replaceAll(/[\\[\]:]/g, "\\$&");

function zshOption({ name, value, filling, about }: Option): string {
  const action = filling === "file" ? "_files" : filling === "folder" ? "_files -/" : " ";
  const behind = value === undefined ? "" : `:${zshText(value)}:${action}`;
  return quoted(`--${name}[${zshText(about)}]${behind}`);
}

function zsh(): string {
  const described = (words: readonly Word[]) =>
    words.map(({ name, about }) => quoted(`${zshText(name)}:${about}`)).join(" ");
  const cases = COMMANDS.map((command) => {
    const words = wordsOf(command);
    const lines = [
      ...optionsOf(command).map(zshOption),
      ...(words.length > 0 ? [quoted("1:word:->word")] : []),
      ...(command.filling === "file" ? [quoted("*:file:_files")] : []),
    ];
    return `    ${quoted(command.name)})
      words_here=(${described(words)})
      _arguments -C ${lines.join(" \\\n        ")}
      ;;`;
  });
  const commands = COMMANDS.map(({ name, brief }) => ({ name, about: brief }));
  return `#compdef ${PROGRAM}
# zsh completion of ${PROGRAM}; made by \`completions zsh\`
${FUNCTION}() {
  local context state state_descr line
  local -A opt_args
  local -a commands words_here
  local at=2
  commands=(${described(commands)})
  while [[ $words[at] == (${dashed(GLOBAL_OPTIONS).join("|")}) ]] && ((at + 2 <= CURRENT)); do
    ((at += 2))
  done
  if ((at >= CURRENT)); then
    _arguments -C ${[...GLOBAL_OPTIONS, HELP_OPTION].map(zshOption).join(" \\\n      ")} \\
      '--test[${zshText(COMMANDS.find(({ name }) => name === "--test")!.brief)}]' \\
      '1:command:->command'
    [[ $state == command ]] && _describe -t commands command commands
    return
  fi
  local command=$words[at]
  shift $((at - 1)) words
  ((CURRENT -= at - 1))
  case $command in
${cases.join("\n")}
  esac
  [[ $state == word ]] && _describe -t words word words_here
}
if [[ $funcstack[1] == ${FUNCTION} ]]; then
  ${FUNCTION} "$@"
else
  compdef ${FUNCTION} ${PROGRAM}
fi`;
}

const fishText = (text: string) => `'${text.replaceAll(/[\\']/g, "\\$&")}'`;

function fishOption(condition: string, { name, value, filling, about }: Option): string {
  const takes = value === undefined ? "" : filling === undefined ? " -x" : " -r -F";
  return `complete -c ${PROGRAM} -n ${fishText(condition)} -l ${name}${takes} -d ${
    fishText(about)
  }`;
}

function fish(): string {
  const first = `not ${FUNCTION}_command >/dev/null`;
  const behind = ({ name }: Command) => `contains -- ${name} (${FUNCTION}_command)`;
  const lines = [
    ...[...GLOBAL_OPTIONS, HELP_OPTION].map((option) => fishOption(first, option)),
    ...COMMANDS.map(({ name, brief }) =>
      `complete -c ${PROGRAM} -n ${fishText(first)} -a ${fishText(name)} -d ${fishText(brief)}`
    ),
    ...COMMANDS.flatMap((command) => [
      ...optionsOf(command).map((option) => fishOption(behind(command), option)),
      ...wordsOf(command).map(({ name, about }) =>
        `complete -c ${PROGRAM} -n ${fishText(`${behind(command)}; and ${FUNCTION}_is_second`)} ` +
        `-a ${fishText(name)} -d ${fishText(about)}`
      ),
      ...(command.filling === "file"
        ? [`complete -c ${PROGRAM} -n ${fishText(behind(command))} -F`]
        : []),
    ]),
  ];
  return `# fish completion of ${PROGRAM}; made by \`completions fish\`
function ${FUNCTION}_behind
    set -l tokens (commandline -opc)[2..-1]
    while set -q tokens[1]; and contains -- $tokens[1] ${dashed(GLOBAL_OPTIONS).join(" ")}
        set -e tokens[1]
        set -q tokens[1]; and set -e tokens[1]
    end
    set -q tokens[1]; and string join \\n -- $tokens
end
function ${FUNCTION}_command
    set -l tokens (${FUNCTION}_behind)
    set -q tokens[1]; and echo $tokens[1]
end
function ${FUNCTION}_is_second
    test (count (${FUNCTION}_behind)) -eq 1
end
complete -c ${PROGRAM} -f
${lines.join("\n")}`;
}
