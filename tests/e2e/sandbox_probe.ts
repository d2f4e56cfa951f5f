/**
 * Compiled with the permissions of the binary: tries what the binary must not do, and prints what was
 * refused.
 *
 * @module
 */
const [host = "", inside = ""] = Deno.args.slice(-2);

const attempts: Record<string, () => unknown> = {
  "read /etc/passwd": () => Deno.readTextFileSync("/etc/passwd"),
  "read /etc/shadow": () => Deno.readTextFileSync("/etc/shadow"),
  "connect to another port": () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
  "connect to another host": () => Deno.connect({ hostname: "192.0.2.1", port: 443 }),
  "fetch from another host": () => fetch("http://192.0.2.1/"),
  "listen elsewhere": () => Deno.listen({ hostname: "127.0.0.1", port: 8786 }),
  "write to /tmp": () => Deno.writeTextFileSync("/tmp/sandbox-probe", ""),
  "write beside its folder": () => Deno.writeTextFileSync(`${inside}/../outside`, ""),
  "run another program": () => new Deno.Command("/bin/true").outputSync(),
  "run a shell": () => new Deno.Command("sh").outputSync(),
  "read PATH": () => Deno.env.get("PATH"),
  "load a library": () => Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {}),
  "ask for the host name": () => Deno.hostname(),
};

for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    console.log(`done: ${name}`);
  } catch (error) {
    console.log(error instanceof Deno.errors.NotCapable ? `refused: ${name}` : `tried: ${name}`);
  }
}

Deno.writeTextFileSync(`${inside}/allowed`, "");
const [hostname = "", port = ""] = host.split(":");
(await Deno.connect({ hostname, port: Number(port) })).close();
console.log("allowed: its own folder and MISP");
