/**
 * Lines of an alerts.json as a busy site has it: attackers that come back with connections of 3 to 6
 * guesses, many at once, and alerts of other rules in between. The same in every run.
 *
 * @module
 */
import { fixture } from "../tests/support/fixtures.ts";
import { seededRandom } from "../tests/support/random.ts";

/** What a file holds. */
export interface Traffic {
  readonly lines: number;
  /** Of 100 lines so many are of rules that are followed. */
  readonly percent: number;
  /** Attackers: some come more often than others. */
  readonly sources: number;
  /** Number of the source at a place among them; by default the same. */
  readonly sourceAt?: (place: number) => number;
}

const AGENTS = 20;
const OPEN_CONNECTIONS = 300;
const NAMES = ["root", "admin", "ubuntu", "test", "postgres", "oracle", "git", "pi", "user", "ftp"];
/** Alerts of a second. */
const A_SECOND = 1000;
const FIRST_SECOND = 1_787_465_647;

/** A public address for each number below 2^24. */
export function addressOf(number: number): string {
  return `${60 + (number >> 18)}.${(number >> 10) & 255}.${(number >> 2) & 255}.${
    10 + (number & 3)
  }`;
}

/** Alerts of other rules, as Wazuh's serialiser writes them (docs/contracts/wazuh.md 4). */
const OTHERS = [
  {
    rule: {
      ...{ level: 3, description: "PAM: Login session opened.", id: "5501" },
      mitre: { id: ["T1078"], tactic: ["Defense Evasion"], technique: ["Valid Accounts"] },
      ...{ firedtimes: 1, mail: false, groups: ["pam", "syslog", "authentication_success"] },
      ...{ pci_dss: ["10.2.5"], gpg13: ["7.8", "7.9"], gdpr: ["IV_32.2"], hipaa: ["164.312.b"] },
      ...{ nist_800_53: ["AU.14", "AC.7"], tsc: ["CC6.8", "CC7.2", "CC7.3"] },
    },
    full_log:
      "Aug 23 06:14:06 HOST sudo: pam_unix(sudo:session): session opened for user root(uid=0) by (uid=0)",
    predecoder: { program_name: "sudo", timestamp: "Aug 23 06:14:06", hostname: "HOST" },
    decoder: { parent: "pam", name: "pam" },
    data: { dstuser: "root(uid=0)", uid: "0" },
    location: "/var/log/auth.log",
  },
  {
    rule: {
      ...{ level: 5, description: "Web server 400 error code.", id: "31101", firedtimes: 1 },
      ...{ mail: false, groups: ["web", "accesslog", "attack"], pci_dss: ["6.5", "11.4"] },
      ...{ gdpr: ["IV_35.7.d"], nist_800_53: ["SA.11", "SI.4"], tsc: ["CC6.6", "CC7.1", "CC8.1"] },
    },
    full_log:
      '198.51.100.7 - - [23/Aug/2026:06:14:06 +0000] "GET /wp-login.php?a=\\"b\\" HTTP/1.1" 404 153 "-" "Mozilla/5.0 (X11; Linux x86_64)"',
    decoder: { name: "web-accesslog" },
    data: { protocol: "GET", srcip: "198.51.100.7", id: "404", url: "/wp-login.php" },
    location: "/var/log/nginx/access.log",
  },
  {
    rule: {
      ...{ level: 7, description: "Integrity checksum changed.", id: "550" },
      mitre: { id: ["T1565.001"], tactic: ["Impact"], technique: ["Stored Data Manipulation"] },
      ...{ firedtimes: 1, mail: false, groups: ["ossec", "syscheck", "syscheck_file"] },
      ...{ pci_dss: ["11.5"], gpg13: ["4.11"], gdpr: ["II_5.1.f"], hipaa: ["164.312.c.1"] },
    },
    full_log:
      "File '/etc/resolv.conf' modified\nMode: scheduled\nChanged attributes: mtime,md5,sha1,sha256\n" +
      "Old modification time was: '1787461000', now it is '1787465646'\n",
    syscheck: {
      ...{
        path: "/etc/resolv.conf",
        mode: "scheduled",
        size_after: "172",
        perm_after: "rw-r--r--",
      },
      ...{ uid_after: "0", gid_after: "0", md5_before: "0cc175b9c0f1b6a831c399e269772661" },
      md5_after: "92eb5ffee6ae2fec3ad71c777531578f",
      sha256_before: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
      sha256_after: "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
      ...{ uname_after: "root", gname_after: "root", mtime_before: "2026-08-23T04:56:40" },
      ...{ changed_attributes: ["mtime", "md5", "sha1", "sha256"], event: "modified" },
    },
    decoder: { name: "syscheck_integrity_changed" },
    location: "syscheck",
  },
  {
    rule: {
      ...{ level: 3, description: "Successful sudo to ROOT executed.", id: "5402" },
      mitre: { id: ["T1548.003"], tactic: ["Privilege Escalation"], technique: ["Sudo"] },
      ...{ firedtimes: 1, mail: false, groups: ["syslog", "sudo"], pci_dss: ["10.2.5", "10.2.2"] },
      ...{ gpg13: ["7.6", "7.8", "7.13"], gdpr: ["IV_32.2"], hipaa: ["164.312.b"] },
    },
    full_log:
      "Aug 23 06:14:06 HOST sudo: zabbix : PWD=/ ; USER=root ; COMMAND=/usr/bin/test -r /var/log",
    predecoder: { program_name: "sudo", timestamp: "Aug 23 06:14:06", hostname: "HOST" },
    decoder: { parent: "sudo", name: "sudo", ftscomment: "First time user executed" },
    data: { srcuser: "zabbix", dstuser: "root", pwd: "/", command: "/usr/bin/test -r /var/log" },
    location: "/var/log/auth.log",
  },
];

/** What one line has that others of its kind have not. */
interface Values {
  readonly id: string;
  readonly time: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly fired: string;
  readonly address: string;
  readonly user: string;
  readonly pid: string;
  readonly port: string;
}

/** The pieces of a line between its values. */
class Template {
  readonly #pieces: readonly string[];
  readonly #names: readonly (keyof Values)[];

  /** @param marks what stands for which value */
  constructor(line: string, marks: Readonly<Record<string, keyof Values>>) {
    const found = Object.keys(marks).map((mark) => mark.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const parts = line.split(new RegExp(`(${found.join("|")})`));
    this.#pieces = parts.filter((_, index) => index % 2 === 0);
    this.#names = parts.filter((_, index) => index % 2 === 1).map((mark) => marks[mark]!);
  }

  fill(values: Values): string {
    let line = this.#pieces[0]!;
    for (const [index, name] of this.#names.entries()) {
      line += values[name] + this.#pieces[index + 1]!;
    }
    return line + "\n";
  }
}

/** A fixture as Wazuh's serialiser writes it, whose parts are replaced wherever they stand. */
function fixtureTemplate(name: string, user: string, pid: string, port: string): Template {
  const alert = fixture(name) as { id: string; timestamp: string; data: { srcip: string } };
  const line = JSON.stringify(alert).replace(/"firedtimes":\d+/, '"firedtimes":FIRED');
  return new Template(line, {
    ...{ [`"id":"${alert.id}`]: "id", [`"timestamp":"${alert.timestamp}`]: "time" },
    ...{ '"id":"007': "agentId", "honeypot-fra1": "agentName", FIRED: "fired" },
    ...{ [alert.data.srcip]: "address", [user]: "user", [`sshd[${pid}`]: "pid", [port]: "port" },
  });
}

function otherTemplate({ rule, ...rest }: typeof OTHERS[number]): Template {
  const line = JSON.stringify({
    timestamp: "TIME",
    rule,
    agent: { id: "AGENT", name: "HOST", ip: "10.20.0.12" },
    manager: { name: "wazuh-manager-01" },
    id: "ALERT",
    ...rest,
  }).replace(/"firedtimes":\d+/, '"firedtimes":FIRED');
  return new Template(line, {
    ...{ '"id":"ALERT': "id", '"timestamp":"TIME': "time", '"id":"AGENT': "agentId" },
    ...{ HOST: "agentName", FIRED: "fired" },
  });
}

/** A connection that is open: what its next line is. */
interface Connection {
  readonly address: string;
  readonly user: string;
  readonly pid: string;
  readonly port: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly isKnownUser: boolean;
  guesses: number;
  next: "pam" | "failed" | "invalid" | "composite";
}

/** Makes the lines of one file. */
class Site {
  readonly #traffic: Omit<Traffic, "lines">;
  readonly #random = seededRandom(20261125);
  readonly #templates = {
    invalid: fixtureTemplate("01-5710-invalid-user", "sammy", "26279", "51676"),
    pam: fixtureTemplate("02-5503-pam", "root", "26281", "no port"),
    failed: fixtureTemplate("04-5760-failed-password", "root", "26292", "43042"),
    composite: fixtureTemplate("05-5763-bruteforce-composite", "root", "26307", "43064"),
  };
  readonly #others = OTHERS.map(otherTemplate);
  readonly #open: Connection[];

  constructor(traffic: Omit<Traffic, "lines">) {
    this.#traffic = traffic;
    this.#open = Array.from({ length: OPEN_CONNECTIONS }, () => this.#connect());
  }

  /** @param second of the epoch, and the same as a time of day */
  line(number: number, second: number, time: string): string {
    const random = this.#random;
    const common = {
      id: `"id":"${second}.${5_000_000 + number * 911}`,
      time: `"timestamp":"${time}`,
      fired: String(1 + (number & 255)),
    };
    if (random(100) >= this.#traffic.percent) {
      const agent = 40 + random(200);
      return this.#others[random(this.#others.length)]!.fill({
        ...common,
        ...{ agentId: `"id":"${String(agent).padStart(3, "0")}`, agentName: `srv-${agent}` },
        ...{ address: "", user: "", pid: "", port: "" },
      });
    }
    const at = random(OPEN_CONNECTIONS);
    const connection = this.#open[at]!;
    const line = this.#templates[connection.next].fill({ ...common, ...connection });
    if (!this.#goOn(connection)) this.#open[at] = this.#connect();
    return line;
  }

  #goOn(connection: Connection): boolean {
    if (connection.next === "composite") return false;
    if (connection.next === "pam") connection.next = "failed";
    else if (--connection.guesses === 0) {
      if (!connection.isKnownUser || this.#random(8) > 0) return false;
      connection.next = "composite";
    }
    return true;
  }

  #connect(): Connection {
    const random = this.#random;
    const { sources, sourceAt = (place: number) => place } = this.#traffic;
    // Squared: the first of them come far more often than the last.
    const place = Math.floor((random(65_536) / 65_536) ** 2 * sources);
    const name = NAMES[random(NAMES.length)]!;
    const isKnownUser = name === "root" || name === "ftp";
    const agent = random(AGENTS);
    return {
      address: addressOf(sourceAt(place)),
      user: isKnownUser ? name : `${name}${random(40)}`,
      pid: `sshd[${1000 + random(60_000)}`,
      port: String(1024 + random(60_000)),
      agentId: `"id":"${String(agent).padStart(3, "0")}`,
      agentName: `honeypot-${agent}`,
      guesses: 3 + random(4),
      next: isKnownUser ? "pam" : "invalid",
      isKnownUser,
    };
  }
}

/**
 * Such lines without end.
 *
 * @param first number of the first: ids and times go on from there, all else begins anew
 */
export function* alertLines(
  traffic: Omit<Traffic, "lines">,
  first = 0,
): Generator<string, never> {
  const site = new Site(traffic);
  let time = "";
  for (let number = first;; number++) {
    const second = FIRST_SECOND + Math.floor(number / A_SECOND);
    if (time === "" || number % A_SECOND === 0) {
      time = new Date(second * 1000).toISOString().replace("Z", "+0000");
    }
    yield site.line(number, second, time);
  }
}

/** Writes such a file. */
export async function writeAlertsJson(path: string, traffic: Traffic): Promise<void> {
  const lines = alertLines(traffic);
  const encoder = new TextEncoder();
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for (let written = 0; written < traffic.lines; written += A_SECOND) {
    let text = "";
    for (let left = Math.min(A_SECOND, traffic.lines - written); left > 0; left--) {
      text += lines.next().value;
    }
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
}
