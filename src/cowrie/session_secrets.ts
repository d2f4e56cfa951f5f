/**
 * Masks what may be a secret in a command or an address: attackers type passwords of real people, keys
 * of services and their own. Everything here takes time in proportion to the text.
 *
 * @module
 */

/** What stands in the place of a secret. */
export const MASK = "***";

const IN_QUOTES = String.raw`(?:"(?:[^"\\]|\\.)*"|'[^']*')`;
/** What a command prints is a value, too. */
const PRINTED = String.raw`\$\([^()\n]{0,512}\)|\x60[^\x60\n]{0,512}\x60`;
const QUOTED = String.raw`(?:\$?${IN_QUOTES}|${PRINTED})`;
const PLAIN = String.raw`(?:[^\s;|&<>"'\\]|\\.)`;

/**
 * A value of an option or of an assignment: quoted, with what a shell adds to it, or up to a space or the
 * end of a command. A quote behind plain text may as well end a text around both.
 */
const VALUE = String.raw`(?:${QUOTED}(?:${QUOTED}|(?![,)}\]])${PLAIN})*|` +
  String.raw`${PLAIN}(?:\$?(?=["'][^\s;|&<>,:()\[\]{}"'])${IN_QUOTES}|${PRINTED}|${PLAIN})*)`;

/** Parts of names whose values are secret. */
const SECRET = "pass(?:word|wd|phrase|code)?|pwd|token|secret|api[_-]?key|access[_-]?key|" +
  "private[_-]?key|credentials?|auth(?:orization)?|sess(?:ion)?[_-]?id|bearer";

/** Programs whose `-p` is not a password: a port, a process, or parents of a folder. */
const PLAIN_P =
  "mkdir|rmdir|ssh|ssh-copy-id|scp|sftp|cp|mv|ls|netstat|ss|nc|ncat|netcat|nmap|masscan|" +
  "ps|top|kill|pkill|pgrep|lsof|fuser|tar|unzip|docker|podman|rsync|perl|sed|grep|awk|iptables|read|" +
  "export|declare|install|touch|test|type|command|sysctl|telnet|make|patch|screen|cut|date|trap";

/** Programs that read passwords from what is piped into them. */
const READERS =
  "chpasswd|passwd|vncpasswd|smbpasswd|sudo|su|sshpass|cryptsetup|htpasswd|kinit|openssl\\s+passwd";

/** A program that reads passwords, however it is called. */
const READER =
  String.raw`(?:[^\s|]{0,64}/)?(?:(?:sudo|busybox|env|nohup|xargs)\s+(?:-\S{1,16}\s+){0,4})?` +
  String.raw`(?:[^\s|]{0,64}/)?(?:${READERS})(?![\w.-])`;

type Rule = readonly [pattern: RegExp, replacement: string];

const RULES: readonly Rule[] = [
  // user:password@ of an address
  [/([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s/@"'|;&]{1,256}@/gi, `$1${MASK}@`],
  // user:password@host without a scheme
  [/(^|[\s"'=])[^\s:@"'/=]{1,64}:[^\s@"'/]{1,128}@(?=[\w[])/g, `$1${MASK}@`],
  // Authorization: Bearer …, Cookie: …
  [/(\bcookie:\s{0,4})[^"'\n]+/gi, `$1${MASK}`],
  [
    /((?:authorization|x-[a-z-]{0,32}(?:token|key))["']?\s{0,4}[:=]\s{0,4}["']?(?:basic|bearer|token)?(?:\\?\s){0,4})(?:[^\s"'\\]|\\.)+/gi,
    `$1${MASK}`,
  ],
  [
    /(\bauthorization:\s{0,4}(?:digest|\*\*\*)\s)[^'\n]{0,4096}\bresponse=[^'\n]{0,4096}/gi,
    `$1${MASK}`,
  ],
  [
    new RegExp(
      String
        .raw`(\bcurl\b[^;|&\n]{0,256}?\s(?:-b|--cookie)[=\s]\s{0,4})(?=[^\s;|&]{0,256}=)${VALUE}`,
      "g",
    ),
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
        .raw`(\s-u|(?:^|\s)(?:-[a-zA-Z]{0,8}u|-U|--user|--proxy-user)[=\s]\s{0,4})(?!["']?https?:)(?=["']?[^\s:"']{1,256}["']?:)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  // PASSWORD=…, ?token=…, "password": "…"
  [
    new RegExp(
      String
        .raw`(\b\w{0,32}(?:${SECRET})\w{0,32}(?:\\?["'])?\s{0,4}[=:]\s{0,4})(?!\s)${VALUE}`,
      "gi",
    ),
    `$1${MASK}`,
  ],
  [/(\b(?:pw|pin|sig|signature|key)=)[^\s;|&<>"']+/gi, `$1${MASK}`],
  // IDENTIFIED BY 'secret', PASSWORD('secret'), crypt("secret", …)
  [
    new RegExp(
      String
        .raw`(\bidentified\s+(?:with\s+\S{1,64}\s+)?by\s+(?:password\s+)?|\bwith\s+password\s+|\b(?:password|crypt)\s{0,4}\(\s{0,4})${VALUE}`,
      "gi",
    ),
    `$1${MASK}`,
  ],
  // requirepass secret, aws_secret_access_key secret, mysqladmin password secret, redis-cli AUTH secret
  [
    new RegExp(
      String
        .raw`(\b(?:requirepass|masterauth|\w{0,32}(?:secret_access_key|session_token)|machine\s+\S{1,256}\s+login\s+\S{1,256}\s+password|[\w-]{1,32}\.password|(?:mysqladmin|nmcli)\b[^;|&\n]{0,256}?\spassword|redis-cli\b[^;|&\n]{0,256}?\s(?:auth|AUTH))\s+)(?!-)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  // mysql -psecret, hydra -psecret, redis-cli -a secret, htpasswd -b file user secret
  [
    new RegExp(
      String
        .raw`(\b(?:mysql\w{0,16}|mariadb\S{0,16}|mongo\w{0,16}|sshpass|7za?|rar|zip)\b[^;|&\n]{0,256}?\s-[pP])\s{0,4}(?!\s)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  [
    new RegExp(
      String
        .raw`(\b(?:ftp(?:get|put)|ncftp\w{0,8}|user(?:add|mod)|xmrig|minerd|cpuminer|hydra|medusa|ncrack|crackmapexec|nxc)\b[^;|&\n]{0,256}?\s-p)(?!\s)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  [
    new RegExp(
      String
        .raw`(\b(?:redis-cli|ldap\w{1,16}|plink|pscp|rdesktop|xfreerdp)\b[^;|&\n]{0,256}?\s-(?:pw|a|w)\s{0,4})(?!\s)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  // unzip -P secret, ssh-keygen -N secret, openssl enc -k secret, smbclient -U user%secret
  [
    new RegExp(
      String
        .raw`(\b(?:(?:unzip|mosquitto_\w{3}|ipmitool|sqlcmd|ssh-keygen)\b[^;|&\n]{0,256}?\s-[PN]|openssl\b[^;|&\n]{0,256}?\s-k(?=\s)|(?:smbclient|rpcclient|winexe|lftp)\b[^;|&\n]{0,256}?\s-[uU]|xfreerdp\b[^;|&\n]{0,256}?\s/p:)\s{0,4})(?!\s|''|"")${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  [
    new RegExp(
      String
        .raw`(\bhtpasswd\s+(?:-\w{1,16}\s+){0,8}-(?:(?=\w{0,16}n)\w{0,16}b\w{0,16}|\w{0,16}b\w{0,16}\s+\S{1,256})\s+\S{1,256}\s+)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  [
    new RegExp(
      String
        .raw`(\b(?:openssl\s+passwd|mkpasswd)(?:\s+(?:-(?:salt|in|rand|m|S|R)\s+\S+|-\S+)){0,8}\s+)(?!-)${VALUE}`,
      "g",
    ),
    `$1${MASK}`,
  ],
  [new RegExp(String.raw`(\bnet\s+user\s+\S{1,64}\s+)(?!/)${VALUE}`, "gi"), `$1${MASK}`],
  // passwd <<< secret, and all of a here document
  [
    new RegExp(String.raw`(\b(?:${READERS})\b[^;|&\n<]{0,128}<<<\s{0,4})${VALUE}`, "g"),
    `$1${MASK}`,
  ],
  [
    new RegExp(
      String.raw`(\b(?:${READERS})\b[^;|&\n<]{0,128}<<(?!<)-?\s{0,4}\S{1,64})[\s\S]*`,
      "g",
    ),
    `$1 ${MASK}`,
  ],
  // what services call their keys
  [
    /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,64}|xox[a-z]-[\w-]{10,255}|AKIA[0-9A-Z]{16}|sk-[\w-]{20,255}|[rsp]k_(?:live|test)_\w{10,255}|SG\.[\w-]{16,64}\.[\w-]{16,64}|AIza[\w-]{30,64}|hf_[A-Za-z0-9]{20,64})/g,
    MASK,
  ],
  [/(?<![\w-])((?:[\w-]{0,128}-)?)eyJ[\w-]{8,2048}\.[\w-]{4,4096}\.[\w-]{4,1024}/g, `$1${MASK}`],
  [/(-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----)[\s\S]*?(?=-----END|$)/g, `$1 ${MASK} `],
  // of a webhook, in its address
  [/(\/api\/(?:v\d{1,2}\/)?webhooks\/\d{1,24}\/)[\w-]+/g, `$1${MASK}`],
  [/(\bhooks\.slack\.com\/(?:services|workflows)\/)[\w/-]+/g, `$1${MASK}`],
  // ?user=root&p=secret
  [
    /([?&](?:u|user|username|login)=[^\s&"']{0,256}&(?:\w{1,32}=[^\s&"']{0,256}&){0,4}p=)[^\s&"']+/gi,
    `$1${MASK}`,
  ],
  // of a bot, in an address behind `bot`
  [/(?<!\d)\d{8,10}:[\w-]{35}(?![\w-])/g, MASK],
  // what stands in /etc/shadow
  [/\$(?:1|2[abxy]|5|6|7|g?y)\$[\w./$=,+-]{8,256}/g, MASK],
];

/** `-p secret`, with the program whose option it is. */
const OPTION_P = new RegExp(String.raw`(\s-p)(\s+|=)(?!-)${VALUE}`, "g");
const PLAIN_PROGRAM = new RegExp(String.raw`(?:^|[;|&(\s/])(?:${PLAIN_P})(?=\s|$)`);

/** `root:secret` of a command in which `chpasswd` gets it in any way. */
const ACCOUNT = /((?:^|[\s"'(/=]|\\n)[a-z_][\w.-]{0,31}:)(?!\/\/|\*\*\*)[^\s"'|;&<>()\\]+/gi;

/** `p=secret; echo root:$p | chpasswd` */
const ASSIGNED = new RegExp(String.raw`((?:^|[\s;&|(])[A-Za-z_]\w{0,31}=)(?!\*)${VALUE}`, "g");

const SENT = new RegExp(String.raw`(\bsend\s+(?:--\s+)?)${VALUE}`, "g");

/** Masks secrets in a command. A Cowrie writes the end of a line as `\x0a`. */
export function maskSecrets(command: string): string {
  if (!command.includes("\\x0a") || command.includes("\n")) return maskLines(command);
  return maskLines(command.replaceAll("\\x0a", "\n")).replaceAll("\n", "\\x0a");
}

function maskLines(command: string): string {
  let masked = maskPiped(command);
  for (const [pattern, replacement] of RULES) masked = masked.replace(pattern, replacement);
  if (/\bchpasswd\b/.test(masked)) {
    masked = masked.replace(ACCOUNT, `$1${MASK}`).replace(ASSIGNED, `$1${MASK}`);
  }
  // A script that talks to a program: it starts one, and answers its questions.
  if (/\bspawn\s/.test(masked)) masked = masked.replace(SENT, `$1${MASK}`);
  return masked.replace(OPTION_P, (found, option: string, space: string, at: number) => {
    const from = Math.max(0, at - 256);
    const before = masked.slice(from, at);
    const own = before.slice(
      Math.max(...[";", "|", "&", "\n"].map((end) => before.lastIndexOf(end))) + 1,
    );
    // `docker run -p` is a port, `docker login -p` is not.
    const isPlain = PLAIN_PROGRAM.test(own) && !/\b(?:docker|podman)\s+login\s/.test(own);
    return isPlain ? found : `${option}${space}${MASK}`;
  });
}

const PIPED = new RegExp(String.raw`\|\s{0,16}(?=[({]?\s{0,4}${READER})`, "g");

/** Begins a here document, whose lines follow. */
const DOCUMENT = /<<-?\s{0,4}[^\s<]/;

/** `echo root:secret | chpasswd`: what is printed into a program that reads passwords. */
function maskPiped(command: string): string {
  let masked = "";
  let done = 0;
  for (const { index } of command.matchAll(PIPED)) {
    const before = command.slice(done, index);
    masked += withoutPrinted(before);
    done = index;
    if (!DOCUMENT.test(before.slice(before.lastIndexOf("\n") + 1).replaceAll("<<<", ""))) continue;
    const end = command.indexOf("\n", index);
    if (end >= 0) return `${masked}${command.slice(index, end)} ${MASK}`;
  }
  return masked + command.slice(done);
}

const HERE = new RegExp(String.raw`(<<<\s{0,4})${VALUE}`, "g");

/** A command, before what it prints: of a group, whatever is in it. */
function withoutPrinted(given: string): string {
  const before = given.replace(HERE, `$1${MASK}`);
  const group = groupAtEnd(before);
  if (group !== undefined) {
    return `${before.slice(0, group + 1)} ${MASK} ${before.trimEnd().at(-1)} `;
  }
  const printed = [
    ...before.matchAll(/\b(?:echo|printf|print|yes|cat)\b(?:\s+-[a-zA-Z]{1,4}(?=\s))*/g),
  ];
  const last = printed.find(({ index: at }) => isOpen(before.slice(at))) ?? printed.at(-1);
  return last === undefined ? before : `${before.slice(0, last.index + last[0].length)} ${MASK} `;
}

/** Where the group begins that a text ends with: `(echo a; echo b)`; undefined: it does not. */
function groupAtEnd(text: string): number | undefined {
  const bare = text.trimEnd().replaceAll(QUOTES, (quoted) => "_".repeat(quoted.length));
  if (!/[)}]$/.test(bare)) return undefined;
  let depth = 0;
  for (let at = bare.length - 1; at >= 0; at--) {
    if (/[)}]/.test(bare[at]!)) depth++;
    else if (/[({]/.test(bare[at]!) && --depth === 0) {
      return at === 0 || /[\s;|&]/.test(bare[at - 1]!) ? at : undefined;
    }
  }
  return undefined;
}

const QUOTES = /"(?:[^"\\]|\\.)*"|'[^']*'/g;

/** Whether nothing outside of quotes ends the command that a text begins with. */
function isOpen(text: string): boolean {
  return !/[;|&\n]/.test(text.replaceAll(QUOTES, ""));
}

/** Names of parameters whose values are secret. */
const SECRET_PARAMETER = new RegExp(
  `(?:${SECRET}|signature)|^(?:pw|pin|sig|key)$`,
  "i",
);

/** Takes user name and password out of an address, and masks what in it is secret or names a secret. */
export function maskUrl(url: URL): URL {
  const masked = new URL(url);
  masked.username = "";
  masked.password = "";
  const hasUser = ["u", "user", "username", "login"].some((name) => masked.searchParams.has(name));
  for (const [name, value] of [...masked.searchParams]) {
    const isSecret = SECRET_PARAMETER.test(name) || (hasUser && name === "p");
    const shown = isSecret ? MASK : maskSecrets(value);
    if (shown !== value) masked.searchParams.set(name, shown);
  }
  for (const part of ["pathname", "hash"] as const) {
    const shown = maskSecrets(masked[part]);
    if (shown !== masked[part]) masked[part] = shown;
  }
  return masked;
}
