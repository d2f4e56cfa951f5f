/**
 * What runs two `serve` on one PostgreSQL in containers: the compose file, its nginx and its database.
 *
 * @module
 */
import assert from "node:assert/strict";
import { permissionFlags } from "../../deploy/permissions.ts";
import { Connection } from "../../src/buffer/postgres/connection.ts";
import { serverOf } from "../../src/buffer/postgres/server.ts";
import { writtenBySetup } from "../../src/cli/ossec_conf.ts";
import { configurationKeys, environmentName } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config/load.ts";
import { findPostgres } from "../support/needs.ts";
import { needsPostgres, ownServer, restart, stop } from "../support/postgres.ts";
import { parseYaml } from "../support/yaml.ts";

const PROJECT = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

interface Service {
  readonly image?: string;
  readonly build?: { readonly args: Readonly<Record<string, string>> };
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly { readonly source: string; readonly target: string }[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks:
    | readonly string[]
    | Readonly<Record<string, { readonly ipv4_address?: string } | null>>;
  readonly user?: string;
  readonly extends?: { readonly service: string };
  readonly [restriction: string]: unknown;
}

const COMPOSE = parseYaml(read("deploy/container/replicas.yaml")) as {
  readonly services: Readonly<Record<"database" | "serve-1" | "serve-2" | "proxy", Service>>;
  readonly networks: Readonly<
    Record<string, { readonly ipam?: { readonly config: readonly { readonly subnet: string }[] } }>
  >;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const { database, proxy, "serve-1": serve, "serve-2": second } = COMPOSE.services;

const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
const addressOf = (service: Service) =>
  (service.networks as Record<string, { readonly ipv4_address?: string }>).front!.ipv4_address!;

Deno.test("replicas.yaml sets keys of the program, for which the binary is compiled", () => {
  const environment = serve.environment!;
  const known = Object.keys(configurationKeys("/var/ossec")).map(environmentName);
  assert.deepEqual(Object.keys(environment).filter((name) => !known.includes(name)), []);
  const { config } = loadConfig({
    root: "/var/ossec",
    environment: (name) => environment[name],
    readTextFile: () => {
      throw new Deno.errors.NotFound();
    },
  });
  const server = serverOf(config.buffer.url!);
  assert.deepEqual(serve.build!.args, {
    MISP_HOST: new URL(config.misp.url!).host,
    BUFFER_HOST: server.host,
  });
  const containerfile = read("deploy/container/Containerfile");
  for (const name of Object.keys(serve.build!.args)) {
    assert.match(containerfile, new RegExp(`^ARG ${name}=$`, "m"));
  }
  assert.ok(server.host in COMPOSE.services, "the database is a service");
  const flags = permissionFlags({
    ...{ root: "/var/ossec", mispHost: "misp.example.org", listen: "0.0.0.0:8787" },
    bufferHost: server.host,
  });
  const pathsOf = (flag: string) =>
    flags.find((one) => one.startsWith(`${flag}=`))!.slice(flag.length + 1).split(",");
  const targets = serve.secrets!.map(({ target }) => target);
  assert.deepEqual(targets, [
    ...[config.misp.apiKeyFile, config.server.tokensFile, config.buffer.passwordFile],
  ]);
  for (const path of targets) {
    assert.ok(pathsOf("--allow-read").some((folder) => isBelow(path, folder)), path);
  }
  const writable = serve.tmpfs!.map((mount) => mount.split(":")[0]!);
  const bySetup = writtenBySetup("/var/ossec");
  for (const path of pathsOf("--allow-write").filter((one) => !bySetup.includes(one))) {
    assert.ok(writable.some((folder) => isBelow(path, folder)), path);
  }
  const user = /^USER (\S+)$/m.exec(read("deploy/container/Containerfile"))![1];
  assert.equal(serve.user, user);
});

Deno.test("replicas.yaml gives each container its secrets, and no right beside them", () => {
  const files = Object.values(COMPOSE.secrets).map(({ file }) => file);
  const ignored = read(".gitignore").split("\n");
  for (const file of files) {
    assert.ok(ignored.includes(file.replace("./", "deploy/container/")), file);
  }
  assert.deepEqual(second.extends, { service: "serve-1" });
  for (const service of [database, serve, proxy]) {
    for (const { source } of service.secrets!) assert.ok(source in COMPOSE.secrets, source);
    const { read_only, cap_drop, security_opt, user } = service;
    assert.deepEqual({ read_only, cap_drop, security_opt }, {
      ...{ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] },
    });
    assert.match(user!, /^[1-9]\d*:[1-9]\d*$/);
    for (const mount of service.volumes ?? []) {
      const [from] = mount.split(":") as [string];
      if (from.startsWith(".")) assert.ok(read(`deploy/container/${from}`).length > 0);
      else assert.ok(from in COMPOSE.volumes, from);
    }
  }
  assert.deepEqual([serve.ports, database.ports, proxy.ports], [
    ...[undefined, undefined, ["443:443"]],
  ]);
});

Deno.test("nginx of replicas.yaml finds both serve, and its files where nginx.conf names them", () => {
  const { subnet } = COMPOSE.networks.front!.ipam!.config[0]!;
  const addresses = [serve, second].map(addressOf);
  for (const address of [...addresses, addressOf(proxy)]) {
    assert.equal(address.replace(/\.\d+$/, ".0/24"), subnet);
  }
  const serversIn = (path: string) =>
    [...read(path).matchAll(/^ *server +(\S+) (.*);$/gm)].map(([, at, how]) => [at, how]);
  const [[, how]] = serversIn("deploy/proxy/upstream.conf") as [[string, string]];
  const rest = (path: string) => read(path).replaceAll(/^( *server .*|#.*)\n/gm, "");
  assert.equal(rest("deploy/container/upstream.conf"), rest("deploy/proxy/upstream.conf"));
  assert.deepEqual(
    serversIn("deploy/container/upstream.conf"),
    addresses.map((address) => [`${address}:8787`, how]),
  );
  const nginx = read("deploy/proxy/nginx.conf");
  for (const { target } of proxy.secrets!) assert.ok(nginx.includes(` ${target};`), target);
  const logs = [...nginx.matchAll(/(\/var\/log\/nginx\/[\w-]+\.log)/g)].map(([, path]) => path!);
  for (const path of new Set(logs)) {
    assert.ok((proxy.command as readonly string[]).join(" ").includes(` ${path};`), path);
  }
});

Deno.test({
  name: "database.sh makes a role that owns one database, and has no right beside it",
  ...needsPostgres("sh"),
  fn: async () => {
    using server = ownServer([], { initdb: ["-U", "postgres"] });
    const psql = findPostgres("psql")!;
    const password = 'it\'s "secret" $(x)\\';
    const { success, stderr } = await new Deno.Command("sh", {
      args: [new URL("deploy/container/database.sh", PROJECT).pathname],
      clearEnv: true,
      env: {
        PATH: `${psql.slice(0, psql.lastIndexOf("/"))}:/usr/bin:/bin`,
        ...{ POSTGRES_PASSWORD: password, PGHOST: "127.0.0.1", PGPORT: String(server.port) },
      },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    // As in the image: whoever comes by the network needs the password.
    Deno.writeTextFileSync(
      `${server.folder}/data/pg_hba.conf`,
      "host all all 127.0.0.1/32 scram-sha-256\n",
    );
    await stop(server, "fast");
    await restart(server);
    const open = (given: string) =>
      Connection.open({
        ...{ server: serverOf(`postgres://misp@127.0.0.1:${server.port}/misp`) },
        ...{ password: given, caCertificate: undefined, connectMs: 30_000, statementMs: 30_000 },
      });
    await assert.rejects(open("another"), { code: "28P01" });
    const connection = await open(password);
    const { rows } = await connection.query(
      `SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication,
         (SELECT count(*) FROM pg_database WHERE datdba = r.oid) AS owned
       FROM pg_roles r WHERE rolname = current_user`,
    );
    await connection.query("CREATE SCHEMA own");
    connection.close();
    assert.deepEqual(rows, [{
      ...{ rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolreplication: false },
      owned: 1,
    }]);
  },
});
