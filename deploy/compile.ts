/**
 * Compiles the binary for a site: `deno task compile [--misp-host HOST[:PORT]] [--root DIR]`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { OUTPUT, permissionFlags, type Site } from "./permissions.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    "root": { type: "string", default: "/var/ossec" },
    "misp-host": { type: "string" },
    "listen": { type: "string", default: "127.0.0.1:8787" },
    "output": { type: "string", default: OUTPUT },
  },
});

const mispHost = values["misp-host"];
for (const host of [values.listen, ...(mispHost === undefined ? [] : [mispHost])]) {
  if (!/^([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/.test(host)) {
    console.error(`"${host}" is no HOST or HOST:PORT; leave out https:// and the path`);
    Deno.exit(2);
  }
}
if (!values.root.startsWith("/") || values.root.includes(",")) {
  console.error(`--root "${values.root}" must be an absolute path without a comma`);
  Deno.exit(2);
}
const root = values.root.replace(/\/+$/, "");
const site: Site = { root, mispHost, listen: values.listen };

// Where Deno's download server is out of reach, COMPILE_DENO and DENORT_BIN name a CLI and its runtime.
const deno = Deno.env.get("COMPILE_DENO") ?? Deno.execPath();
const main = new URL("../main.ts", import.meta.url).pathname;
const config = new URL("../deno.json", import.meta.url).pathname;
const { code } = await new Deno.Command(deno, {
  args: [
    ...["compile", "--quiet", "--no-check", "--config", config],
    // The cache would lie in /tmp under a name that anybody can take first, and hold code.
    "--no-code-cache",
    ...permissionFlags(site),
    ...["--output", values.output, main],
    // Arguments behind the script are built in, and stand before those of the command line.
    ...["--root", root],
  ],
  stdout: "inherit",
  stderr: "inherit",
}).output();
if (code === 0) {
  console.log(`${values.output}\n  ${permissionFlags(site).join("\n  ")}`);
}
Deno.exit(code);
