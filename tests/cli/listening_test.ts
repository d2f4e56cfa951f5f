import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import { Listening } from "../../src/cli/wiring/listen/listening.ts";
import { freePort } from "../support/ports.ts";
import { createRig } from "../server/rig.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

/** A certificate for 127.0.0.1 under its own name. */
async function makePair(folder: TempFolder, name: string): Promise<string> {
  const { success } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-days", "2", "-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-keyout", folder.file(`${name}.key`), "-out", folder.file(`${name}.crt`)],
    ],
    stderr: "null",
  }).output();
  assert.ok(success);
  return Deno.readTextFileSync(folder.file(`${name}.crt`));
}

const defaults = ({ path }: TempFolder) =>
  loadConfig({ root: path, environment: () => undefined, readTextFile: Deno.readTextFileSync })
    .config.server;

function install(folder: TempFolder, name: string): void {
  for (const part of ["crt", "key"]) {
    Deno.copyFileSync(folder.file(`${name}.${part}`), folder.file(`used.${part}`));
  }
}

/** Whether a service answers to one who trusts that certificate only. */
async function answersTo(port: number, certificate: string, path = ""): Promise<boolean> {
  using client = Deno.createHttpClient({ caCerts: [certificate], poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(`https://127.0.0.1:${port}/${path}`, { client });
    return await response.text() === "here";
  } catch {
    return false;
  }
}

Deno.test({
  name: "Listening() speaks TLS, and uses a certificate that is replaced while it listens",
  ...needs("openssl"),
  fn: async () => {
    using folder = tempFolder();
    const [first, second] = [await makePair(folder, "first"), await makePair(folder, "second")];
    install(folder, "first");
    const server = defaults(folder);
    const config = { ...server, tlsCert: folder.file("used.crt"), tlsKey: folder.file("used.key") };
    const port = freePort();
    const logged: string[] = [];
    const [arrived, renewed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const listening = new Listening(
      config,
      { hostname: "127.0.0.1", port },
      async (request) => {
        if (request.url.endsWith("/slow")) {
          arrived.resolve();
          await renewed.promise;
        }
        return new Response("here");
      },
      (level, message) => void logged.push(`${level}: ${message}`),
    );
    try {
      assert.deepEqual([await answersTo(port, first), await answersTo(port, second)], [
        true,
        false,
      ]);
      await listening.renew();
      assert.equal(logged.length, 1);
      install(folder, "second");
      const open = answersTo(port, first, "slow");
      await arrived.promise;
      await listening.renew();
      renewed.resolve();
      assert.equal(await open, true);
      assert.deepEqual([await answersTo(port, first), await answersTo(port, second)], [
        false,
        true,
      ]);
      Deno.writeTextFileSync(folder.file("used.key"), "not a key");
      await listening.renew();
      assert.match(
        logged.at(-1)!,
        /^error: .*used\.key: holds no PEM text; the certificate that was/,
      );
      Deno.copyFileSync(folder.file("first.key"), folder.file("used.key"));
      await listening.renew();
      assert.match(
        logged.at(-2)!,
        /^error: .* do not match; name the private key of this certificate; the certificate that was/,
      );
      assert.equal(await answersTo(port, second), true);
    } finally {
      await listening.shutdown();
    }
  },
});

for (const [size, alerts] of [["short", 2], ["long", 200]] as const) {
  Deno.test(`Listening() that shuts down answers 2xx or 503 to a ${size} body that is under way`, async () => {
    using folder = tempFolder();
    using rig = await createRig();
    const port = freePort();
    const arrived = Promise.withResolvers<void>();
    const listening = new Listening(
      defaults(folder),
      { hostname: "127.0.0.1", port },
      (request, remoteAddress, isEnding) => {
        arrived.resolve();
        return rig.app.fetch(request, { remoteAddress, isEnding });
      },
      () => undefined,
    );
    const lines = Array.from(
      { length: alerts },
      (_, n) => JSON.stringify(sshdAlert({ id: `1.${n}` })),
    );
    const body = new TextEncoder().encode(lines.join("\n"));
    const head =
      `POST /alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n`;
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const half = body.length >> 1;
    await connection.write(new TextEncoder().encode(head));
    await connection.write(body.subarray(0, half));
    await arrived.promise;
    const ended = listening.shutdown();
    // The runtime may have closed its end.
    await connection.write(body.subarray(half)).catch(() => undefined);
    const part = new Uint8Array(65_536);
    const answer = new TextDecoder().decode(part.subarray(0, await connection.read(part) ?? 0));
    assert.match(answer, /^HTTP\/1\.1 (200 OK\r\n|503 [^]*\r\nretry-after: 5\r\n)/i);
    assert.match(answer, /"accepted":\d+,"duplicate":0/);
    await ended;
  });
}

Deno.test("Listening() says what is missing of a pair", () => {
  using folder = tempFolder();
  const server = defaults(folder);
  const listen = (changes: Partial<typeof server>) => () =>
    new Listening(
      { ...server, ...changes },
      { hostname: "127.0.0.1", port: 0 },
      () => new Response(),
      () => undefined,
    );
  assert.throws(listen({ tlsCert: "/x" }), /server\.tls_key is not set/);
  assert.throws(listen({ tlsKey: "/x" }), /server\.tls_cert is not set/);
  assert.throws(listen({ tlsKey: "/x/y", tlsCert: "/x/z" }), /server\.tls_cert \/x\/z: /);
});
