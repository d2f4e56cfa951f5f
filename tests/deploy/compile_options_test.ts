import assert from "node:assert/strict";
import { downloadHelp } from "../../deploy/deno.ts";
import { permissionFlags } from "../../deploy/permissions.ts";
import { readOptions } from "../../deploy/options.ts";

const WRONG: readonly (readonly [args: readonly string[], message: string])[] = [
  [
    ["--misp-hosst", "x"],
    "unknown option --misp-hosst; did you mean --misp-host? --help lists the options",
  ],
  [["--colour"], "unknown option --colour; --help lists the options"],
  [["--misp-host"], "--misp-host needs a value; --help lists the options"],
  [["--misp-host", "--root", "/x"], "--misp-host needs a value; --help lists the options"],
  [["misp.example.org"], 'unexpected argument "misp.example.org"; --help lists the options'],
  [["--no-start-script=1"], "--no-start-script takes no value; --help lists the options"],
  [
    ["--misp-host", "https://misp.example.org"],
    '"https://misp.example.org" is not a valid HOST or HOST:PORT; leave out https:// and the path',
  ],
  [["--root", "var"], '--root "var" must be an absolute path without a comma'],
  [
    ["--target", "toaster"],
    '--target "toaster" is not one of x86_64-unknown-linux-gnu, aarch64-unknown-linux-gnu',
  ],
];

Deno.test("readOptions() says what is wrong with an option, in one line", () => {
  for (const [args, message] of WRONG) {
    assert.deepEqual(readOptions(args), { message, isError: true });
  }
});

Deno.test("readOptions() gives what to compile, and help where it is asked for", () => {
  assert.deepEqual(readOptions(["--misp-host", "misp.example.org", "--root", "/opt/ossec/"]), {
    site: {
      root: "/opt/ossec",
      mispHost: "misp.example.org",
      mispProxy: undefined,
      forwardHost: undefined,
      notifyHost: undefined,
      bufferHost: undefined,
      cowrieFolder: undefined,
      listen: "127.0.0.1:8787",
    },
    target: undefined,
    output: "dist/custom-misp_ssh_bruteforce-publish",
    noStartScript: false,
  });
  for (const args of [["--help"], ["-h"]]) {
    const help = readOptions(args);
    assert.ok("message" in help && !help.isError);
    assert.match(help.message, /^usage: deno task compile \[--misp-host HOST\[:PORT\]\]/);
    for (const line of help.message.split("\n")) assert.ok(line.length <= 80, line);
  }
});

Deno.test("downloadHelp() says what cannot be fetched, what for, and three ways out", () => {
  const url = "https://dl.deno.land/release/v2.9.6/denort-x86_64-unknown-linux-gnu.zip";
  const help = `deno compile cannot download ${url}
This file is the runtime that the binary contains. There are three ways to go on:
  1. Compile on a machine that reaches dl.deno.land, then copy dist/ and deploy/ here.
  2. Fetch the file there, unpack it here, and name it: DENORT_BIN=/path/to/denort.
  3. Name the proxy that leads there: HTTPS_PROXY=http://HOST:PORT.`;
  assert.equal(downloadHelp(`1: error sending request for url (${url}): client error`), help);
  assert.equal(
    downloadHelp(`error sending request for url (${url}): invalid peer certificate: UnknownIssuer`),
    `${help}
A proxy inspects this connection, and Deno does not know its authority: set
DENO_TLS_CA_STORE=system, if your system knows it, or DENO_CERT=FILE.`,
  );
  assert.equal(downloadHelp("error: Module not found"), undefined);
});

Deno.test("permissionFlags() lets a binary reach the port of its database, and no other one there", () => {
  const netOf = (bufferHost: string) => {
    const options = readOptions(["--buffer-host", bufferHost]);
    assert.ok("site" in options);
    return permissionFlags(options.site).find((flag) => flag.startsWith("--allow-net="));
  };
  assert.equal(netOf("db.example.org"), "--allow-net=127.0.0.1:8787,db.example.org:5432");
  assert.equal(netOf("192.0.2.1:6432"), "--allow-net=127.0.0.1:8787,192.0.2.1:6432");
});
