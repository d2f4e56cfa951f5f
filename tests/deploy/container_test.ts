/**
 * What runs `serve` in containers: the labels of the image, and the objects for Kubernetes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { permissionFlags } from "../../deploy/permissions.ts";
import { writtenBySetup } from "../../src/cli/ossec_conf.ts";
import { PACKAGE } from "../../deploy/packages/contents.ts";
import { configurationKeys, environmentName } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config/load.ts";
import { readOptions } from "../../deploy/options.ts";
import { describeService } from "../../src/server/openapi.ts";
import { serverOf } from "../../src/buffer/postgres/server.ts";
import { GRACE_MS } from "../../src/cli/commands/serve.ts";
import { misfits, objectsOf, type Pod, SHAPES } from "./kubernetes.ts";

const PROJECT = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, PROJECT));

Deno.test("the image has the labels of OCI, with the project's version and licence", () => {
  const { version, license } = JSON.parse(read("deno.json")) as Record<string, string>;
  const text = read("deploy/container/Containerfile");
  const last = text.slice(text.lastIndexOf("\nFROM ") + 1);
  const labels = Object.fromEntries(
    [...last.matchAll(/org\.opencontainers\.image\.([\w.]+)="([^"]*)"/g)].map(([, key, value]) => [
      key!,
      value!,
    ]),
  );
  assert.deepEqual(labels, {
    "title": PACKAGE,
    "description": "Wazuh alerts of SSH honeypots for MISP",
    version,
    "revision": "$REVISION",
    "licenses": license,
    "vendor": "The custom-misp_ssh_bruteforce-publish authors",
    "base.name": /^FROM (\S+)$/m.exec(last)![1],
  });
});

Deno.test("Containerfile compiles with options that there are, each from an argument of the build", () => {
  const text = read("deploy/container/Containerfile").replaceAll("\\\n", " ");
  const line = /^RUN .* task compile (.*)$/m.exec(text)![1]!;
  const built = [...line.matchAll(/\$\{([A-Z_]+):\+(--[a-z-]+) "\$\1"\}/g)];
  assert.deepEqual(built.map(([, , option]) => option), [
    ...["--misp-host", "--misp-proxy", "--notify-host", "--buffer-host"],
  ]);
  for (const [, name] of built) assert.match(text, new RegExp(`^ARG ${name}=$`, "m"));
  const options = readOptions(built.flatMap(([, , option]) => [option!, "host.example.org:1234"]));
  assert.ok("site" in options && options.site.bufferHost === "host.example.org:1234");
});

Deno.test("misfits() finds unknown keys, and values of another type", () => {
  const shape = SHAPES["v1 Service"]!;
  assert.deepEqual(
    misfits({ kind: 1, spec: { selektor: {}, ports: [{ port: "80" }] }, metadata: [] }, shape, ""),
    [
      ".kind: not text",
      ".spec.selektor: unknown",
      ".spec.ports[0].port: not number",
      ".metadata: not an object",
    ],
  );
});

const SERVE = objectsOf("serve.yaml");
const REPLICAS = objectsOf("replicas.yaml");
const SECRET = objectsOf("secret.yaml");
const BOTH = [SERVE, REPLICAS];

const podOf = (objects: typeof SERVE) => objects.get("Deployment")!.spec.template.spec as Pod;
const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

Deno.test("the objects for Kubernetes have only fields that Kubernetes knows", () => {
  const found = [...BOTH, SECRET].flatMap((objects) => [...objects.values()]).flatMap((one) => {
    const shape = SHAPES[`${one.apiVersion} ${one.kind}`];
    return shape === undefined ? [`${one.kind}: unknown`] : misfits(one, shape, one.kind);
  });
  assert.deepEqual(found, []);
  assert.deepEqual([...SERVE.keys()].sort(), [
    ...["Deployment", "NetworkPolicy", "PersistentVolumeClaim", "Service"],
  ]);
  assert.deepEqual([...REPLICAS.keys()].sort(), [
    ...["Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service"],
  ]);
});

Deno.test("the objects for Kubernetes find each other", () => {
  for (const objects of BOTH) {
    const deployment = objects.get("Deployment")!.spec;
    const pod = podOf(objects);
    const [container] = pod.containers;
    const { labels } = deployment.template.metadata;
    const selectors = [
      deployment.selector.matchLabels,
      objects.get("Service")!.spec.selector,
      objects.get("NetworkPolicy")!.spec.podSelector.matchLabels,
      ...[objects.get("PodDisruptionBudget")?.spec.selector.matchLabels ?? labels],
      ...[
        deployment.template.spec.topologySpreadConstraints?.[0].labelSelector.matchLabels ??
          labels,
      ],
    ];
    for (const selector of selectors) assert.deepEqual(selector, labels);
    assert.deepEqual(
      container!.volumeMounts.map(({ name }) => name),
      pod.volumes.map(({ name }) => name),
    );
    const [port] = container!.ports;
    assert.equal(objects.get("Service")!.spec.ports[0].targetPort, port!.name);
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"] as const) {
      const { httpGet } = container![probe];
      assert.equal(httpGet.port, port!.name);
      assert.ok(describeService("").paths[httpGet.path]?.get, httpGet.path);
    }
    const { ingress } = objects.get("NetworkPolicy")!.spec;
    assert.equal(ingress[0].ports[0].port, port!.containerPort);
    const secret = pod.volumes.find(({ name }) => name === "secrets")!.secret!.secretName;
    assert.equal(secret, SECRET.get("Secret")!.metadata.name);
  }
  const claim = podOf(SERVE).volumes.find(({ name }) => name === "buffer")!.persistentVolumeClaim;
  assert.equal(claim!.claimName, SERVE.get("PersistentVolumeClaim")!.metadata.name);
});

/** What the program makes of the environment of a pod. */
function configOf(objects: typeof SERVE) {
  const { env } = podOf(objects).containers[0]!;
  const known = Object.keys(configurationKeys("/var/ossec")).map(environmentName);
  assert.deepEqual(env.map(({ name }) => name).filter((name) => !known.includes(name)), []);
  return loadConfig({
    root: "/var/ossec",
    environment: (name) => env.find((one) => one.name === name)?.value,
    readTextFile: () => {
      throw new Deno.errors.NotFound();
    },
  }).config;
}

Deno.test("the pods set keys of the program, and mount what the binary reads and writes", () => {
  for (const objects of BOTH) {
    const { args, volumeMounts, ports } = podOf(objects).containers[0]!;
    assert.deepEqual(args, ["serve"]);
    const config = configOf(objects);
    assert.equal(config.server.listen, `0.0.0.0:${ports[0]!.containerPort}`);
    const secrets = volumeMounts.find(({ name }) => name === "secrets")!;
    assert.equal(secrets.readOnly, true);
    const folder = secrets.mountPath;
    const { passwordFile, caFile } = config.buffer;
    const files = [config.misp.apiKeyFile!, config.server.tokensFile!, passwordFile, caFile];
    for (const path of files.filter((one) => one !== undefined)) {
      assert.ok(isBelow(path, folder), path);
      assert.ok(path.slice(folder.length + 1) in SECRET.get("Secret")!.stringData!, path);
    }
    const flags = permissionFlags({
      ...{ root: "/var/ossec", mispHost: "misp.example.org", listen: config.server.listen },
    });
    const writable = volumeMounts.filter(({ readOnly }) => readOnly !== true);
    const written = flags.find((flag) => flag.startsWith("--allow-write="))!.split("=")[1]!;
    // `setup` runs on a manager, and not in a pod.
    const bySetup = writtenBySetup("/var/ossec");
    for (const path of written.split(",").filter((one) => !bySetup.includes(one))) {
      assert.ok(writable.some(({ mountPath }) => isBelow(path, mountPath)), path);
    }
  }
});

Deno.test("the pods are processes without rights", () => {
  const user = /^USER (\d+):\d+$/m.exec(read("deploy/container/Containerfile"))![1];
  for (const objects of BOTH) {
    const pod = podOf(objects);
    const { securityContext: rights } = pod;
    assert.deepEqual([rights.runAsUser, rights.fsGroup, rights.runAsNonRoot], [
      ...[Number(user), Number(user), true],
    ]);
    assert.deepEqual(pod.containers[0]!.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  }
});

Deno.test("the pod with a buffer of its own is one, and the other does not share it", () => {
  const { spec } = SERVE.get("Deployment")!;
  assert.deepEqual([spec.replicas, spec.strategy], [1, { type: "Recreate" }]);
  assert.equal(configOf(SERVE).buffer.url, undefined);
});

Deno.test("three pods on one database go on while one of them ends", () => {
  const { spec } = REPLICAS.get("Deployment")!;
  assert.deepEqual([spec.replicas, spec.strategy.rollingUpdate], [
    ...[3, { maxSurge: 1, maxUnavailable: 0 }],
  ]);
  assert.equal(REPLICAS.get("PodDisruptionBudget")!.spec.minAvailable, 2);
  assert.equal(serverOf(configOf(REPLICAS).buffer.url!).tls, "verify-full");
  const pod = podOf(REPLICAS);
  const [container] = pod.containers;
  assert.deepEqual(pod.volumes.filter((one) => one.persistentVolumeClaim !== undefined), []);
  // A database that is away makes no pod restart, but keeps requests away from it.
  const asked = (["startupProbe", "readinessProbe", "livenessProbe"] as const)
    .map((name) => container![name].httpGet.path);
  assert.deepEqual(asked, ["/livez", "/healthz", "/livez"]);
  const [sleep, seconds] = container!.lifecycle!.preStop.exec.command;
  assert.equal(sleep, "sleep");
  assert.ok(pod.terminationGracePeriodSeconds > Number(seconds) + GRACE_MS / 1000);
  const { port } = serverOf(configOf(REPLICAS).buffer.url!);
  const egress = REPLICAS.get("NetworkPolicy")!.spec.egress as {
    readonly ports: readonly { readonly port: number }[];
  }[];
  assert.deepEqual(egress.flatMap((one) => one.ports.map((each) => each.port)), [
    ...[53, 53, 443, port],
  ]);
});
