/**
 * The tools that the files of `deploy/` are for read them, where they are installed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { exprsOf } from "./support/grafana.ts";
import { freePort } from "./support/ports.ts";
import { findProgram, type Need, needs } from "./support/needs.ts";
import { NGINX, Nginx, runTool } from "./support/nginx.ts";
import { tempFolder } from "./support/temp.ts";

const DEPLOY = new URL("../deploy/", import.meta.url).pathname;
const UNITS = ["serve.service", "follow.service", "flush.service", "flush.timer"]
  .map((name) => `custom-misp-${name}`);

/** A test that needs programs, or another condition of the machine. */
function testWith(needed: readonly Need[], name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ...needs(...needed), fn });
}

testWith(["systemd-analyze"], "systemd-analyze verify finds nothing in the units", async () => {
  using folder = tempFolder();
  for (const name of UNITS) {
    // The binary is not installed here.
    const text = await Deno.readTextFile(`${DEPLOY}systemd/${name}`);
    await Deno.writeTextFile(folder.file(name), text.replace(/^(ExecStart=)\S+/m, "$1/bin/true"));
  }
  const printed = await runTool(
    "systemd-analyze",
    "verify",
    ...UNITS.map((name) => folder.file(name)),
  );
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
      await runTool(
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
    await runTool("sh", "-n", `${DEPLOY}install.sh`);
    assert.equal(await runTool("shellcheck", `${DEPLOY}install.sh`), "");
  },
);

testWith(["promtool"], "Prometheus loads the alerts, and they fire when they should", async () => {
  await runTool("promtool", "check", "rules", `${DEPLOY}prometheus/alerts.yml`);
  await runTool("promtool", "test", "rules", `${DEPLOY}prometheus/alerts_test.yml`);
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
  await runTool("promtool", "check", "rules", folder.file("rules.yml"));
});

testWith(
  NGINX,
  "nginx loads the example, and passes on what serve needs",
  async () => {
    using folder = tempFolder();
    await using service = await Service.start();
    await using proxy = await Nginx.start(folder.path, [service.port]);
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

testWith(NGINX, "nginx asks another serve where one is gone or cannot store", async () => {
  using folder = tempFolder();
  let asked = 0;
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => undefined };
  const answering = async (request: Request, status: number) => {
    asked++;
    return Response.json({ got: await request.text() }, { status });
  };
  await using full = Deno.serve(options, (request) => answering(request, 503));
  await using well = Deno.serve(options, (request) => answering(request, 200));
  const services = [freePort(), full.addr.port, well.addr.port];
  await using proxy = await Nginx.start(folder.path, services);
  for (let n = 1; n <= 6; n++) {
    const body = `${n}`.repeat(100_000);
    const answer = await fetch(`${proxy.url}/alerts`, {
      ...{ method: "POST", body, client: proxy.client },
    });
    assert.deepEqual([answer.status, await answer.json()], [200, { got: body }]);
  }
  assert.ok(asked > 6, "the full one was asked, too");
});

testWith(NGINX, "nginx says 503, and when to send again, where no serve answers", async () => {
  using folder = tempFolder();
  await using proxy = await Nginx.start(folder.path, [freePort(), freePort()]);
  for (const path of ["/alerts", "/"]) {
    const answer = await fetch(`${proxy.url}${path}`, {
      ...{ method: path === "/" ? "GET" : "POST", client: proxy.client },
    });
    assert.deepEqual([answer.status, answer.headers.get("Retry-After")], [503, "5"]);
    assert.deepEqual(await answer.json(), { error: "no service answers now; send all again" });
  }
});

testWith(NGINX, "nginx closes a connection whose header never ends", async () => {
  using folder = tempFolder();
  await using service = await Service.start();
  await using proxy = await Nginx.start(folder.path, [service.port], (example) => {
    const quick = example.replace("client_header_timeout     10s;", "client_header_timeout 1s;");
    assert.notEqual(quick, example);
    return quick;
  });
  const { port } = new URL(proxy.url);
  const caCerts = [proxy.authority];
  for (const sent of ["", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "]) {
    const connection = await Deno.connectTls({
      hostname: "127.0.0.1",
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
