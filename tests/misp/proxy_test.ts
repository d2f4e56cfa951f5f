import assert from "node:assert/strict";
import { lookAtInstance } from "../../src/misp/instance.ts";
import { MispClient } from "../../src/misp/client.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { selfSigned } from "../support/self_signed.ts";

const CREDENTIALS = "site:correct horse battery";
const BASIC = `Basic ${btoa(CREDENTIALS)}`;

/** A proxy that connects to one place by `CONNECT`, or answers each request by some bytes. */
class TestProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #held: Deno.Conn[] = [];
  readonly #answer: string | undefined;
  readonly #listening = this.#listen();
  readonly url = `http://127.0.0.1:${this.#listener.addr.port}`;
  /** The heads of the requests. */
  readonly heads: string[] = [];

  /** @param answer undefined: it connects */
  constructor(answer?: string) {
    this.#answer = answer;
  }

  async #listen(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#held.push(connection);
      void this.#serve(connection).catch(() => undefined);
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(16_384);
    const count = await connection.read(buffer) ?? 0;
    const head = new TextDecoder().decode(buffer.subarray(0, count));
    this.heads.push(head);
    const target = /^CONNECT 127\.0\.0\.1:(\d+) /.exec(head)?.[1];
    if (this.#answer !== undefined || target === undefined) {
      await connection.write(new TextEncoder().encode(this.#answer ?? "HTTP/1.1 400 no\r\n\r\n"));
      connection.closeWrite();
      return;
    }
    const there = await Deno.connect({ hostname: "127.0.0.1", port: Number(target) });
    this.#held.push(there);
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    await Promise.all([
      connection.readable.pipeTo(there.writable),
      there.readable.pipeTo(connection.writable),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#listening;
    for (const connection of this.#held) {
      try {
        connection.close();
      } catch {
        // The pipe has closed it.
      }
    }
  }
}

const clientBy = (
  proxy: string,
  { url, key = "k".repeat(40), credentials, caCertificate }: {
    readonly url: string;
    readonly key?: string;
    readonly credentials?: string;
    readonly caCertificate?: string;
  },
) =>
  new MispClient({
    url,
    apiKey: key,
    caCertificate,
    timeoutMs: 10_000,
    proxy: { url: proxy, credentials },
  });

const AWAY = "https://localhost:10443";

/** What is said of a MISP behind a proxy that answers so. */
async function problemBehind(answer: string, url = AWAY) {
  await using proxy = new TestProxy(answer);
  using client = clientBy(proxy.url, { url, credentials: CREDENTIALS });
  const look = await lookAtInstance(client, [], Date.now);
  assert.doesNotMatch(JSON.stringify(look), /battery|kkkk/);
  assert.doesNotMatch(JSON.stringify(look), new RegExp(btoa(CREDENTIALS)));
  return look.kind === "problem"
    ? `${look.problem.kind}: ${look.problem.reason.replace(/127\.0\.0\.1:\d+/, "PROXY")}`
    : "seen";
}

Deno.test("MispClient reaches MISP by CONNECT, and the proxy sees neither key nor request", async () => {
  const tls = await selfSigned();
  await using misp = await FakeMisp.start({ tls });
  await using proxy = new TestProxy();
  using client = clientBy(proxy.url, {
    url: misp.url,
    key: misp.keys.publisher,
    credentials: CREDENTIALS,
    caCertificate: tls.cert,
  });
  assert.equal((await lookAtInstance(client, [], Date.now)).kind, "seen");
  assert.ok(proxy.heads.length > 0);
  for (const head of proxy.heads) {
    assert.match(head, /^CONNECT 127\.0\.0\.1:\d+ HTTP/);
    assert.ok(head.includes(BASIC));
    assert.ok(!head.includes(misp.keys.publisher));
  }
});

Deno.test("MispClient says so where the proxy refuses CONNECT, and asks once", async () => {
  const said = await problemBehind("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  assert.equal(
    said,
    "proxy: the proxy PROXY does not connect to localhost:10443; have it allow CONNECT to there",
  );
});

Deno.test("MispClient says so where the proxy wants another user or password", async () => {
  const said = await problemBehind(
    'HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
  );
  assert.equal(
    said,
    "proxy: the proxy PROXY asks for another user or password; put USER:PASSWORD into the file that " +
      "misp.proxy_auth_file names",
  );
});

Deno.test("MispClient shows no password that a proxy's page repeats", async () => {
  const page = `<title>${BASIC} of ${CREDENTIALS}</title>`;
  const said = await problemBehind(
    `HTTP/1.1 403 no\r\nServer: squid\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
    "http://localhost:10443",
  );
  assert.match(said, /^not_misp: what answered is not MISP: it said 403, not JSON, server "squid"/);
});

Deno.test("MispClient names the proxy that is not there", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  using client = clientBy(`http://127.0.0.1:${port}`, { url: AWAY });
  await assert.rejects(client.request("GET", "/"), {
    message: new RegExp(
      `^MISP at localhost:10443 cannot be reached by the proxy 127.0.0.1:${port}: `,
    ),
  });
});

Deno.test("MispClient says so where the binary may not connect to the proxy", async () => {
  using client = clientBy("http://192.0.2.1:3128", { url: AWAY });
  await assert.rejects(client.request("GET", "/"), {
    message: "this binary may not connect to the proxy 192.0.2.1:3128; compile it with " +
      "--misp-proxy 192.0.2.1:3128",
  });
});
