/**
 * nginx as `deploy/proxy` sets it up, with ports and files of a test.
 *
 * @module
 */
import assert from "node:assert/strict";
import { findProgram, type Need } from "./needs.ts";
import { freePort } from "./ports.ts";
import { selfSigned } from "./self_signed.ts";

const FOLDER = new URL("../../deploy/proxy/", import.meta.url).pathname;

/** What a test needs that starts one. */
export const NGINX: readonly Need[] = ["nginx", "openssl"];

/** Runs a tool that must succeed. @returns what it printed */
export async function runTool(tool: string, ...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(findProgram(tool)!, { args: [...args], stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${tool} ${args.join(" ")}\n${out}${errors}`);
  return out! + errors!;
}

/** One that runs. */
export class Nginx implements AsyncDisposable {
  readonly url: string;
  /** Where it listens without TLS. */
  readonly plainPort: number;
  readonly authority: string;
  readonly client: Deno.HttpClient;
  readonly #child: Deno.ChildProcess;
  #isEnded = false;

  private constructor(
    ports: readonly [number, number],
    authority: string,
    child: Deno.ChildProcess,
  ) {
    this.url = `https://127.0.0.1:${ports[0]}`;
    this.plainPort = ports[1];
    this.authority = authority;
    this.client = Deno.createHttpClient({ caCerts: [authority] });
    this.#child = child;
  }

  /**
   * Starts one.
   *
   * @param folder for its files
   * @param services ports of what it passes requests on to
   * @param changed makes other changes in the example
   */
  static async start(
    folder: string,
    services: readonly number[],
    changed = (example: string) => example,
  ): Promise<Nginx> {
    // Where root starts nginx, its workers run as another user.
    await Deno.chmod(folder, 0o755);
    const [certificate, keyFile] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    const { cert, key } = await selfSigned();
    await Deno.writeTextFile(certificate, cert);
    await Deno.writeTextFile(keyFile, key);
    const ports = [freePort(), freePort()] as const;
    const example = changed(await Deno.readTextFile(`${FOLDER}nginx.conf`));
    const site = example
      .replaceAll(/^ *listen \[::\].*\n/gm, "")
      .replace("listen 443 ssl;", `listen 127.0.0.1:${ports[0]} ssl;`)
      .replace("listen 80;", `listen 127.0.0.1:${ports[1]};`)
      .replace(/(ssl_certificate +)\S+;/, `$1${certificate};`)
      .replace(/(ssl_certificate_key +)\S+;/, `$1${keyFile};`)
      .replaceAll("/var/log/nginx", folder);
    await Deno.writeTextFile(`${folder}/site.conf`, site);
    const upstream = await Deno.readTextFile(`${FOLDER}upstream.conf`);
    const servers = upstream.replace(
      /^ *server +127\.0\.0\.1:8787(.*)$/m,
      (_, rest) => services.map((port) => `server 127.0.0.1:${port}${rest}`).join("\n"),
    );
    await Deno.writeTextFile(`${folder}/upstream.conf`, servers);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${folder}/${name};`);
    const included = ["upstream", "site"].map((name) => `include ${folder}/${name}.conf;`);
    const main = [
      `pid ${folder}/nginx.pid;`,
      "daemon off;",
      "error_log stderr;",
      "events {}",
      `http { ${[...temporary, ...included].join(" ")} }`,
    ];
    await Deno.writeTextFile(`${folder}/nginx.conf`, main.join("\n"));
    const args = ["-c", `${folder}/nginx.conf`, "-p", folder, "-e", "stderr"];
    await runTool("nginx", "-t", ...args);
    const command = new Deno.Command(findProgram("nginx")!, {
      args,
      stdout: "null",
      stderr: "null",
    });
    const nginx = new Nginx(ports, cert, command.spawn());
    await listening(ports[0]);
    return nginx;
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
