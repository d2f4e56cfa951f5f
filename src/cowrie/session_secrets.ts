/**
 * Masks what may be a secret in a command or an address: attackers type passwords of real people, keys
 * of services and their own. Everything here takes time in proportion to the text.
 *
 * @module
 */

/** What stands in the place of a secret. */
export const MASK = "***";

/** A value of an option or of an assignment: quoted, or up to a space or the end of a command. */
const VALUE = String.raw`(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s;|&<>"']+)`;

/** Parts of names whose values are secret. */
const SECRET = "pass(?:word|wd|phrase|code)?|pwd|token|secret|api[_-]?key|access[_-]?key|" +
  "private[_-]?key|credentials?|auth(?:orization)?";

/** Programs whose `-p` is not a password: a port, a process, or parents of a folder. */
const PLAIN_P =
  "mkdir|rmdir|ssh|ssh-copy-id|scp|sftp|cp|mv|ls|netstat|ss|nc|ncat|netcat|nmap|masscan|" +
  "ps|top|kill|pkill|pgrep|lsof|fuser|tar|unzip|docker|podman|rsync|perl|sed|grep|awk|iptables|read|" +
  "export|declare|install|touch|test|type|command|sysctl|telnet|make|patch|screen|cut|date|trap";

/** Programs that read passwords from what is piped into them. */
const READERS =
  "chpasswd|passwd|smbpasswd|sudo|su|sshpass|cryptsetup|htpasswd|kinit|openssl\\s+passwd";

/** A program that reads passwords, however it is called. */
const READER =
  String.raw`(?:\S{0,64}/)?(?:(?:sudo|busybox|env|nohup|xargs)\s+(?:-\S{1,16}\s+){0,4})?` +
  String.raw`(?:\S{0,64}/)?(?:${READERS})(?![\w.-])`;

type Rule = readonly [pattern: RegExp, replacement: string];

const RULES: readonly Rule[] = [
  // user:password@ of an address
  [/([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s/@"'|;&]{1,256}@/gi, `$1${MASK}@`],
  // Authorization: Bearer …
  [
    /((?:authorization|x-[a-z-]{0,32}(?:token|key))["']?\s{0,4}[:=]\s{0,4}["']?(?:basic|bearer|token)?\s{0,4})[^\s"']+/gi,
    `$1${MASK}`,
  ],
  // --password=…, --password …, --user name:password
  [
    new RegExp(
      String
        .raw`(--?(?:[a-z0-9]{1,24}[_-]){0,3}(?:${SECRET}|pw|pin)(?:[_-][a-z0-9]{1,24}){0,2})(=|\s+)(?!-)${VALUE}`,
      "gi",
    ),
    `$1$2${MASK}`,
  ],
  [
    new RegExp(
      String
        .raw`((?:^|\s)(?:-u|-U|--user|--proxy-user)[=\s]\s{0,4})(?="?'?[^\s:"']{1,256}:)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  // PASSWORD=…, ?token=…, "password": "…"
  [
    new RegExp(
      String.raw`(\b\w{0,32}(?:${SECRET})\w{0,32}["']?\s{0,4}[=:]\s{0,4})(?!\s)${VALUE}`,
      "gi",
    ),
    `$1${MASK}`,
  ],
  [/(\b(?:pw|pin|sig|signature|key)=)[^\s;|&<>"']+/gi, `$1${MASK}`],
  // mysql -psecret, sshpass -psecret, redis-cli -a secret, htpasswd -b file user secret
  [
    new RegExp(
      String
        .raw`(\b(?:mysql\w{0,16}|mariadb\S{0,16}|sshpass|7za?|rar|zip)\b[^;|&\n]{0,256}?\s-[pP])\s{0,4}(?!\s)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  [
    new RegExp(
      String
        .raw`(\b(?:redis-cli|ldap\w{1,16}|plink|pscp|rdesktop|xfreerdp)\b[^;|&\n]{0,256}?\s-(?:a|w|pw)\s+)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  [
    new RegExp(String.raw`(\bhtpasswd\s+(?:-\w+\s+)*-\w*b\w*\s+\S+\s+\S+\s+)${VALUE}`, "g"),
    `$1${MASK}`,
  ],
  [new RegExp(String.raw`(\bopenssl\s+passwd(?:\s+-\S+){0,8}\s+)(?!-)${VALUE}`, "g"), `$1${MASK}`],
  [new RegExp(String.raw`(\bnet\s+user\s+\S{1,64}\s+)(?!/)${VALUE}`, "gi"), `$1${MASK}`],
  // passwd <<< secret, and all of a here document
  [
    new RegExp(String.raw`(\b(?:${READERS})\b[^;|&\n<]{0,128}<<<\s{0,4})${VALUE}`, "g"),
    `$1${MASK}`,
  ],
  [
    new RegExp(String.raw`(\b(?:${READERS})\b[^;|&\n<]{0,128}<<-?\s{0,4}\S{1,64})[\s\S]*`, "g"),
    `$1 ${MASK}`,
  ],
  // what services call their keys
  [
    /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,64}|xox[a-z]-[\w-]{10,255}|AKIA[0-9A-Z]{16}|sk-[\w-]{20,255}|hf_[A-Za-z0-9]{20,64})/g,
    MASK,
  ],
  [/\beyJ[\w-]{8,2048}\.[\w-]{4,4096}\.[\w-]{4,1024}/g, MASK],
  [/\b\d{8,10}:[\w-]{35}\b/g, MASK],
];

/** `-p secret`, with the program whose option it is. */
const OPTION_P = new RegExp(String.raw`(\s-p)(\s+|=)(?!-)${VALUE}`, "g");
const PLAIN_PROGRAM = new RegExp(String.raw`(?:^|[;|&(\s/])(?:${PLAIN_P})(?=\s|$)`);

/** Masks secrets in a command. */
export function maskSecrets(command: string): string {
  let masked = maskPiped(command);
  for (const [pattern, replacement] of RULES) masked = masked.replace(pattern, replacement);
  return masked.replace(OPTION_P, (found, option: string, space: string, at: number) => {
    const from = Math.max(0, at - 256);
    const before = masked.slice(from, at);
    const own = before.slice(
      Math.max(...[";", "|", "&", "\n"].map((end) => before.lastIndexOf(end))) + 1,
    );
    return PLAIN_PROGRAM.test(own) ? found : `${option}${space}${MASK}`;
  });
}

const PIPED = new RegExp(String.raw`\|\s{0,16}(?=${READER})`, "g");

/** `echo root:secret | chpasswd`: what is printed into a program that reads passwords. */
function maskPiped(command: string): string {
  let masked = "";
  let done = 0;
  for (const { index } of command.matchAll(PIPED)) {
    const before = command.slice(done, index);
    const printed = [
      ...before.matchAll(/\b(?:echo|printf|print|yes|cat)\b(?:\s+-[a-zA-Z]{1,4}(?=\s))*/g),
    ];
    const last = printed.find(({ index: at }) => isOpen(before.slice(at))) ?? printed.at(-1);
    if (last === undefined) masked += before;
    else masked += `${before.slice(0, last.index + last[0].length)} ${MASK} `;
    done = index;
  }
  return masked + command.slice(done);
}

/** Whether nothing outside of quotes ends the command that a text begins with. */
function isOpen(text: string): boolean {
  return !/[;|&\n]/.test(text.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, ""));
}

/** Names of parameters whose values are secret. */
const SECRET_PARAMETER = new RegExp(
  `^(?:\\w{0,32}(?:${SECRET})\\w{0,32}|pw|pin|sig|signature|key)$`,
  "i",
);

/** Takes user name and password out of an address, and masks parameters that name a secret. */
export function maskUrl(url: URL): URL {
  const masked = new URL(url);
  masked.username = "";
  masked.password = "";
  for (const [name] of [...masked.searchParams]) {
    if (SECRET_PARAMETER.test(name)) masked.searchParams.set(name, MASK);
  }
  return masked;
}
