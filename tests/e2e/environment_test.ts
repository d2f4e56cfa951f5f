/**
 * Where the environment could lead the program: to a proxy, to another authority, to another address.
 * What the program deletes has no effect, in the binary and under `deno run` (docs/security.md).
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeMisp } from "../fake_misp/server.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import { createProgram, feedWritten, integratordArgs, KIND, type Program } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

/** A listener that counts who comes, and closes. */
class Trap implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #listening = this.#listen();
  readonly address = `127.0.0.1:${this.#listener.addr.port}`;
  came = 0;

  async #listen(): Promise<void> {
    for await (const connection of this.#listener) {
      this.came++;
      connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#listening;
  }
}

/** Every variable that names a proxy, for a kind of proxy. */
function proxies(scheme: string, { address }: Trap): Record<string, string> {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const all = names.flatMap((name) => [name, name.toLowerCase()]);
  return {
    ...Object.fromEntries(all.map((name) => [name, `${scheme}://${address}`])),
    NO_PROXY: "192.0.2.1",
    no_proxy: "192.0.2.1",
  };
}

/** Asks MISP what `doctor` asks, with the key. */
async function doctor(program: Program, environment: Record<string, string>): Promise<void> {
  await program.run(["doctor", "--json"], environment);
}

function forMisp(misp: FakeMisp): Promise<Program> {
  return createProgram(KIND, {
    mispHost: new URL(misp.url).host,
    environment: {
      WM_MISP_URL: misp.url,
      WM_MISP_API_KEY: misp.keys.publisher,
      WM_MISP_TAGS: "tlp:green",
      WM_GUARD_PUBLISH_PRIVATE: "true",
      WM_BUFFER_PERIOD_MINUTES: "0.01",
    },
  });
}

Deno.test({
  name: "no variable leads a request with the key to a proxy",
  fn: async (t) => {
    await using trap = new Trap();
    await using misp = await FakeMisp.start();
    await using program = await forMisp(misp);
    for (const scheme of ["http", "https", "socks5", "socks5h"]) {
      await t.step(scheme, async () => {
        const before = misp.requests.length;
        await doctor(program, proxies(scheme, trap));
        assert.ok(misp.requests.length > before);
        assert.equal(trap.came, 0);
      });
    }
    for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]) {
      await t.step(`${name} alone`, async () => {
        const before = misp.requests.length;
        await doctor(program, { [name]: `http://${trap.address}` });
        assert.ok(misp.requests.length > before);
        assert.equal(trap.came, 0);
      });
    }
  },
});

Deno.test({
  name: "no variable leads the background publisher to a proxy",
  fn: async () => {
    await using trap = new Trap();
    await using misp = await FakeMisp.start();
    await using program = await forMisp(misp);
    const file = `${program.alerts}/one.alert`;
    await Deno.writeTextFile(file, JSON.stringify(sshdAlert()));
    const call = await program.run(integratordArgs(file), {
      ...proxies("http", trap),
      WM_FEED_DIRECTORY: program.feed,
    });
    assert.equal(call.code, 0, call.stderr);
    // The feed is written with the event that MISP has got.
    assert.equal(await feedWritten(program, 30_000), true);
    assert.ok(misp.requests.some(({ path }) => path.startsWith("/events/add")));
    assert.equal(trap.came, 0);
  },
});

/** A certificate for 127.0.0.1, and the authority that signed it. */
async function makeAuthority(folder: TempFolder) {
  const file = (name: string) => folder.file(name);
  Deno.writeTextFileSync(file("extension"), "subjectAltName=IP:127.0.0.1\n");
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  for (
    const args of [
      ["req", "-x509", ...curve, "-days", "2", "-subj", "/CN=Another authority"]
        .concat("-keyout", file("ca.key"), "-out", file("ca.pem")),
      ["req", ...curve, "-subj", "/CN=127.0.0.1", "-keyout", file("key"), "-out", file("request")],
      ["x509", "-req", "-in", file("request"), "-CA", file("ca.pem"), "-CAkey", file("ca.key")]
        .concat("-CAcreateserial", "-days", "2", "-extfile", file("extension"))
        .concat("-out", file("cert")),
      ["rehash", folder.path],
    ]
  ) {
    const { success } = await new Deno.Command("openssl", { args, stderr: "null" }).output();
    assert.ok(success, args.join(" "));
  }
  const text = (name: string) => Deno.readTextFileSync(file(name));
  return { authority: file("ca.pem"), tls: { cert: text("cert"), key: text("key") } };
}

Deno.test({
  name: "no variable makes it trust another authority, or leads it to a proxy by TLS",
  ...needs("openssl"),
  fn: async (t) => {
    using folder = tempFolder();
    const { authority, tls } = await makeAuthority(folder);
    await using trap = new Trap();
    await using misp = await FakeMisp.start({ tls });
    await using program = await forMisp(misp);
    const cases: readonly Record<string, string>[] = [
      { DENO_CERT: authority },
      { DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: authority },
      { DENO_TLS_CA_STORE: "mozilla,system", SSL_CERT_DIR: folder.path },
      { NODE_EXTRA_CA_CERTS: authority },
      { NODE_OPTIONS: "--use-system-ca", NODE_USE_SYSTEM_CA: "1", SSL_CERT_FILE: authority },
      { NODE_OPTIONS: "--use-openssl-ca", SSL_CERT_FILE: authority },
      { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    ];
    for (const environment of cases) {
      await t.step(Object.keys(environment).join(), async () => {
        const before = misp.requests.length;
        await doctor(program, environment);
        assert.equal(misp.requests.length, before);
      });
    }
    const caFile = `${program.root}/etc/custom-misp/ca.pem`;
    Deno.copyFileSync(authority, caFile);
    await t.step({
      name: "SSLKEYLOGFILE",
      // `deno run` opens the file before the program starts.
      ...needs("a Deno that compiles (COMPILE_DENO)"),
      fn: async () => {
        const before = misp.requests.length;
        const keys = folder.file("tls-keys");
        await doctor(program, { SSLKEYLOGFILE: keys, WM_MISP_CA_FILE: caFile });
        assert.ok(misp.requests.length > before);
        await assert.rejects(Deno.stat(keys), Deno.errors.NotFound);
      },
    });
    for (const scheme of ["http", "https", "socks5"]) {
      await t.step(`the authority of misp.ca_file, ${scheme} proxy`, async () => {
        const before = misp.requests.length;
        await doctor(program, { ...proxies(scheme, trap), WM_MISP_CA_FILE: caFile });
        assert.ok(misp.requests.length > before);
        assert.equal(trap.came, 0);
      });
    }
  },
});

Deno.test({
  name: "no variable moves serve, or gives it another address beside its own",
  fn: async (t) => {
    const [own, other] = [`127.0.0.1:${freePort()}`, `127.0.0.1:${freePort()}`];
    await using program = await createProgram(KIND, { listen: own, mispHost: other });
    for (const value of [`tcp:${other}`, `duplicate,tcp:${other}`]) {
      await t.step(value.replace(other, "ADDRESS"), async () => {
        await using service = await Service.start(program, own, { DENO_SERVE_ADDRESS: value });
        const response = await fetch(`${service.url}/healthz`);
        await response.body?.cancel();
        assert.equal(response.status, 200);
        const [hostname = "", port] = other.split(":");
        await assert.rejects(
          Deno.connect({ hostname, port: Number(port) }),
          Deno.errors.ConnectionRefused,
        );
        assert.equal(await service.end(), 0);
      });
    }
  },
});
