/**
 * The tools that the files of `deploy/` are for read them, where they are installed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { exprsOf } from "./support/grafana.ts";
import { findProgram, type Need, needs } from "./support/needs.ts";
import { tempFolder } from "./support/temp.ts";

const DEPLOY = new URL("../deploy/", import.meta.url).pathname;
const UNITS = ["serve.service", "follow.service", "flush.service", "flush.timer"]
  .map((name) => `custom-misp-${name}`);

/** A test that needs programs, or another condition of the machine. */
function testWith(needed: readonly Need[], name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ...needs(...needed), fn });
}

/** Runs a tool that must succeed. */
async function run(tool: string, ...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(findProgram(tool)!, { args: [...args], stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${tool} ${args.join(" ")}\n${out}${errors}`);
  return out! + errors!;
}

testWith(["systemd-analyze"], "systemd-analyze verify finds nothing in the units", async () => {
  using folder = tempFolder();
  for (const name of UNITS) {
    // The binary is not installed here.
    const text = await Deno.readTextFile(`${DEPLOY}systemd/${name}`);
    await Deno.writeTextFile(folder.file(name), text.replace(/^(ExecStart=)\S+/m, "$1/bin/true"));
  }
  const printed = await run("systemd-analyze", "verify", ...UNITS.map((name) => folder.file(name)));
  assert.deepEqual(printed.split("\n").filter((line) => line.includes("custom-misp")), []);
});

// Older versions cannot check files.
testWith(
  ["systemd 250 or later"],
  "systemd-analyze security gives the services an exposure of 2 at most",
  async () => {
    for (const name of UNITS.filter((one) => one.endsWith(".service"))) {
      const path = `${DEPLOY}systemd/${name}`;
      // Tenths: 10 is the worst of a hundred.
      await run(
        "systemd-analyze",
        "security",
        "--offline=true",
        "--threshold=20",
        "--no-pager",
        path,
      );
    }
  },
);

testWith(
  ["sh", "shellcheck"],
  "sh parses install.sh, and shellcheck finds nothing in it",
  async () => {
    await run("sh", "-n", `${DEPLOY}install.sh`);
    assert.equal(await run("shellcheck", `${DEPLOY}install.sh`), "");
  },
);

testWith(["promtool"], "Prometheus loads the alerts, and they fire when they should", async () => {
  await run("promtool", "check", "rules", `${DEPLOY}prometheus/alerts.yml`);
  await run("promtool", "test", "rules", `${DEPLOY}prometheus/alerts_test.yml`);
});

testWith(["promtool"], "Prometheus understands every expression of the dashboard", async () => {
  const exprs = exprsOf(await Deno.readTextFile(`${DEPLOY}grafana/dashboard.json`));
  assert.ok(exprs.length > 20);
  using folder = tempFolder();
  const rules = exprs.map((expr, index) => ({
    record: `expr:${index}`,
    // Grafana fills these in.
    expr: expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$(job|instance)/g, "x"),
  }));
  assert.deepEqual(rules.filter(({ expr }) => expr.includes("$")), []);
  // JSON is YAML.
  const groups = { groups: [{ name: "dashboard", rules }] };
  await Deno.writeTextFile(folder.file("rules.yml"), JSON.stringify(groups));
  await run("promtool", "check", "rules", folder.file("rules.yml"));
});

testWith(
  ["nginx", "openssl"],
  "nginx loads the example, and passes on what serve needs",
  async () => {
    using folder = tempFolder();
    await using service = await Service.start();
    await using proxy = await Proxy.start(folder.path, service.port);
    const { url, client } = proxy;

    const asked = await fetch(`${url}/healthz`, { client });
    assert.deepEqual(await asked.json(), { host: new URL(url).host, path: "/healthz" });
    assert.ok(asked.headers.has("strict-transport-security"));

    // A body in chunks arrives whole, with its length (docs/security.md, "What is not stopped").
    const body = ReadableStream.from(["1\n", "2\n"]).pipeThrough(new TextEncoderStream());
    const sent = await fetch(`${url}/alerts/a-secret-token`, { method: "POST", body, client });
    assert.deepEqual(await sent.json(), { host: new URL(url).host, body: "1\n2\n", length: "4" });

    // Events come as they happen: the page has the first before the second.
    const live = await fetch(`${url}/live`, { client });
    const events = live.body!.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await events.read()).value, "data: 1\n\n");
    service.secondEvent.resolve();
    assert.equal((await events.read()).value, "data: 2\n\n");
    assert.equal((await events.read()).done, true);

    const plain = await fetch(`http://127.0.0.1:${proxy.plainPort}/alerts/a-secret-token`);
    assert.equal(plain.status, 403);
    await plain.body?.cancel();

    await proxy.end();
    const logged = await Deno.readTextFile(folder.file("custom-misp.log"));
    assert.match(logged, /"POST \/alerts\/TOKEN" 200/);
    const written = logged + await Deno.readTextFile(folder.file("custom-misp-error.log"));
    assert.ok(!written.includes("a-secret-token"));
  },
);

testWith(["nginx", "openssl"], "nginx closes a connection whose header never ends", async () => {
  using folder = tempFolder();
  await using service = await Service.start();
  await using proxy = await Proxy.start(folder.path, service.port, (example) => {
    const quick = example.replace("client_header_timeout     10s;", "client_header_timeout 1s;");
    assert.notEqual(quick, example);
    return quick;
  });
  const { port } = new URL(proxy.url);
  const caCerts = [await Deno.readTextFile(`${folder.path}/cert.pem`)];
  for (const sent of ["", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "]) {
    const connection = await Deno.connectTls({
      hostname: "localhost",
      port: Number(port),
      caCerts,
    });
    await connection.write(new TextEncoder().encode(sent));
    // The connection is reset or ended, without an answer.
    const read = await connection.read(new Uint8Array(1)).catch(() => null);
    assert.equal(read, null);
    connection.close();
  }
});

testWith(
  ["bash"],
  "healthcheck fails for a service that is not healthy, and for none",
  async () => {
    const check = async (port: number) => {
      const args = [`${DEPLOY}container/healthcheck`, String(port)];
      return (await new Deno.Command(findProgram("bash")!, { args }).output()).code;
    };
    for (const [status, code] of [[200, 0], [503, 1]] as const) {
      const options = { hostname: "127.0.0.1", port: 0, onListen: () => undefined };
      await using server = Deno.serve(options, (request) => {
        const isAsked = new URL(request.url).pathname === "/healthz";
        return new Response("", { status: isAsked ? status : 404 });
      });
      assert.equal(await check(server.addr.port), code);
    }
    assert.equal(await check(freePort()), 1, "no service");
  },
);

/** Stands for `serve`: its answer describes the request. */
class Service implements AsyncDisposable {
  readonly port: number;
  readonly secondEvent = Promise.withResolvers<void>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => undefined };
    this.#server = Deno.serve(options, (request) => this.#answer(request));
    this.port = this.#server.addr.port;
  }

  static start(): Promise<Service> {
    return Promise.resolve(new Service());
  }

  async #answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    const host = request.headers.get("Host");
    if (path === "/live") return this.#live();
    if (request.body === null) return Response.json({ host, path });
    const length = request.headers.get("Content-Length");
    return Response.json({ host, body: await request.text(), length });
  }

  #live(): Response {
    const events = async function* (second: Promise<void>) {
      yield "data: 1\n\n";
      await second;
      yield "data: 2\n\n";
    };
    const body = ReadableStream.from(events(this.secondEvent.promise))
      .pipeThrough(new TextEncoderStream());
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.secondEvent.resolve();
    await this.#server.shutdown();
  }
}

/** nginx with the example, with ports and files of the test. */
class Proxy implements AsyncDisposable {
  readonly url: string;
  readonly plainPort: number;
  readonly client: Deno.HttpClient;
  readonly #child: Deno.ChildProcess;
  #isEnded = false;

  private constructor(
    ports: readonly [number, number],
    authority: string,
    child: Deno.ChildProcess,
  ) {
    this.url = `https://localhost:${ports[0]}`;
    this.plainPort = ports[1];
    this.client = Deno.createHttpClient({ caCerts: [authority] });
    this.#child = child;
  }

  /** @param changed makes other changes in the example */
  static async start(
    folder: string,
    service: number,
    changed = (example: string) => example,
  ): Promise<Proxy> {
    // Where root starts nginx, its workers run as another user.
    await Deno.chmod(folder, 0o755);
    const [certificate, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    await run(
      ...["openssl", "req", "-x509", "-nodes", "-newkey", "ec"] as const,
      ...["-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"],
      ...["-out", certificate, "-keyout", key],
    );
    const ports = [freePort(), freePort()] as const;
    const example = changed(await Deno.readTextFile(`${DEPLOY}proxy/nginx.conf`));
    const site = example
      .replaceAll(/^ *listen \[::\].*\n/gm, "")
      .replace("listen 443 ssl;", `listen 127.0.0.1:${ports[0]} ssl;`)
      .replace("listen 80;", `listen 127.0.0.1:${ports[1]};`)
      .replace("server 127.0.0.1:8787;", `server 127.0.0.1:${service};`)
      .replace(/(ssl_certificate +)\S+;/, `$1${certificate};`)
      .replace(/(ssl_certificate_key +)\S+;/, `$1${key};`)
      .replaceAll("/var/log/nginx", folder);
    await Deno.writeTextFile(`${folder}/site.conf`, site);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${folder}/${name};`);
    const main = [
      `pid ${folder}/nginx.pid;`,
      "daemon off;",
      "error_log stderr;",
      "events {}",
      `http { ${temporary.join(" ")} include ${folder}/site.conf; }`,
    ];
    await Deno.writeTextFile(`${folder}/nginx.conf`, main.join("\n"));
    const args = ["-c", `${folder}/nginx.conf`, "-p", folder, "-e", "stderr"];
    await run("nginx", "-t", ...args);
    const command = new Deno.Command(findProgram("nginx")!, {
      args,
      stdout: "null",
      stderr: "null",
    });
    const proxy = new Proxy(ports, await Deno.readTextFile(certificate), command.spawn());
    await listening(ports[0]);
    return proxy;
  }

  async end(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.client.close();
    this.#child.kill("SIGQUIT");
    await this.#child.status;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  throw new Error(`nothing listens on ${port}`);
}
