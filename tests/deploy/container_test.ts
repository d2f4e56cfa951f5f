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
import { parseYaml } from "../support/yaml.ts";

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

/** What a value of an object may be: a word for a scalar, or the keys below it. `*` is any key. */
type Shape = "text" | "number" | "true or false" | readonly [Shape] | {
  readonly [key: string]: Shape;
};

const LABELS: Shape = { "*": "text" };
const METADATA: Shape = { name: "text", labels: LABELS };
const PROBE: Shape = {
  httpGet: { path: "text", port: "text" },
  ...{ periodSeconds: "number", timeoutSeconds: "number", failureThreshold: "number" },
};
const POLICY_PORTS: Shape = [{ port: "number", protocol: "text" }];

/** The parts of Kubernetes' API that the file uses, from its reference of version 1.32. */
const SHAPES: Readonly<Record<string, Shape>> = {
  "v1 PersistentVolumeClaim": {
    ...{ apiVersion: "text", kind: "text", metadata: METADATA },
    spec: { accessModes: ["text"], resources: { requests: { storage: "text" } } },
  },
  "apps/v1 Deployment": {
    ...{ apiVersion: "text", kind: "text", metadata: METADATA },
    spec: {
      replicas: "number",
      strategy: { type: "text" },
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          automountServiceAccountToken: "true or false",
          enableServiceLinks: "true or false",
          terminationGracePeriodSeconds: "number",
          securityContext: {
            ...{ runAsNonRoot: "true or false", runAsUser: "number", runAsGroup: "number" },
            ...{ fsGroup: "number", fsGroupChangePolicy: "text" },
            seccompProfile: { type: "text" },
          },
          containers: [{
            ...{ name: "text", image: "text", args: ["text"] },
            env: [{ name: "text", value: "text" }],
            ports: [{ name: "text", containerPort: "number" }],
            ...{ startupProbe: PROBE, readinessProbe: PROBE, livenessProbe: PROBE },
            resources: {
              requests: { cpu: "text", memory: "text" },
              limits: { memory: "text" },
            },
            securityContext: {
              allowPrivilegeEscalation: "true or false",
              readOnlyRootFilesystem: "true or false",
              capabilities: { drop: ["text"] },
            },
            volumeMounts: [{ name: "text", mountPath: "text", readOnly: "true or false" }],
          }],
          volumes: [{
            name: "text",
            persistentVolumeClaim: { claimName: "text" },
            secret: { secretName: "text", defaultMode: "number" },
            emptyDir: { sizeLimit: "text" },
          }],
        },
      },
    },
  },
  "v1 Service": {
    ...{ apiVersion: "text", kind: "text", metadata: METADATA },
    spec: { selector: LABELS, ports: [{ name: "text", port: "number", targetPort: "text" }] },
  },
  "networking.k8s.io/v1 NetworkPolicy": {
    ...{ apiVersion: "text", kind: "text", metadata: METADATA },
    spec: {
      podSelector: { matchLabels: LABELS },
      policyTypes: ["text"],
      ingress: [{ ports: POLICY_PORTS }],
      egress: [{ to: [{ ipBlock: { cidr: "text" } }], ports: POLICY_PORTS }],
    },
  },
};

const KINDS = { string: "text", number: "number", boolean: "true or false" } as const;

/** The places where a value is not of its shape. */
function misfits(value: unknown, shape: Shape, at: string): readonly string[] {
  if (typeof shape === "string") {
    const kind = KINDS[typeof value as keyof typeof KINDS];
    return kind === shape ? [] : [`${at}: not ${shape}`];
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value) || value.length === 0) return [`${at}: not a list`];
    return value.flatMap((one, index) => misfits(one, shape[0] as Shape, `${at}[${index}]`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [`${at}: not an object`];
  }
  const keys = shape as Readonly<Record<string, Shape>>;
  return Object.entries(value).flatMap(([key, one]) => {
    const below = keys[key] ?? keys["*"];
    return below === undefined ? [`${at}.${key}: unknown`] : misfits(one, below, `${at}.${key}`);
  });
}

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

/** The part of a Deployment that the tests look at. */
interface Pod {
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly readinessProbe: { readonly httpGet: { readonly port: string } };
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly volumeMounts: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

const OBJECTS = read("deploy/kubernetes/serve.yaml").split(/^---$/m).map((text) =>
  parseYaml(text) as {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
    // deno-lint-ignore no-explicit-any -- the shapes above say what is in it
    readonly spec: any;
  }
);
const objectOf = (kind: string) => OBJECTS.find((one) => one.kind === kind)!;
const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

Deno.test("the objects for Kubernetes have only fields that Kubernetes knows", () => {
  const found = OBJECTS.flatMap((one) => {
    const shape = SHAPES[`${one.apiVersion} ${one.kind}`];
    return shape === undefined ? [`${one.kind}: unknown`] : misfits(one, shape, one.kind);
  });
  assert.deepEqual(found, []);
  assert.deepEqual(OBJECTS.map(({ kind }) => kind).sort(), [
    ...["Deployment", "NetworkPolicy", "PersistentVolumeClaim", "Service"],
  ]);
});

Deno.test("the objects for Kubernetes find each other", () => {
  const deployment = objectOf("Deployment").spec;
  const pod = deployment.template.spec as Pod;
  const [container] = pod.containers;
  const { labels } = deployment.template.metadata;
  for (
    const selector of [
      deployment.selector.matchLabels,
      objectOf("Service").spec.selector,
      objectOf("NetworkPolicy").spec.podSelector.matchLabels,
    ]
  ) assert.deepEqual(selector, labels);
  assert.deepEqual(
    container!.volumeMounts.map(({ name }) => name),
    pod.volumes.map(({ name }) => name),
  );
  const claim = pod.volumes.find(({ name }) => name === "buffer")?.persistentVolumeClaim?.claimName;
  assert.equal(claim, objectOf("PersistentVolumeClaim").metadata.name);
  const [port] = container!.ports;
  assert.equal(objectOf("Service").spec.ports[0].targetPort, port!.name);
  assert.equal(container!.readinessProbe.httpGet.port, port!.name);
  assert.equal(objectOf("NetworkPolicy").spec.ingress[0].ports[0].port, port!.containerPort);
});

Deno.test("the pod sets keys of the program, and mounts what the binary reads and writes", () => {
  const pod = objectOf("Deployment").spec.template.spec as Pod;
  const { env, args, volumeMounts, ports } = pod.containers[0]!;
  assert.deepEqual(args, ["serve"]);
  const known = Object.keys(configurationKeys("/var/ossec")).map(environmentName);
  assert.deepEqual(env.map(({ name }) => name).filter((name) => !known.includes(name)), []);
  const { config } = loadConfig({
    root: "/var/ossec",
    environment: (name) => env.find((one) => one.name === name)?.value,
    readTextFile: () => {
      throw new Deno.errors.NotFound();
    },
  });
  assert.equal(config.server.listen, `0.0.0.0:${ports[0]!.containerPort}`);
  const secrets = volumeMounts.find(({ name }) => name === "secrets")!;
  assert.equal(secrets.readOnly, true);
  const folder = secrets.mountPath;
  for (const path of [config.misp.apiKeyFile!, config.server.tokensFile!]) {
    assert.ok(isBelow(path, folder), path);
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
});

Deno.test("the pod is one process without rights, on a buffer that no other pod uses", () => {
  const { spec } = objectOf("Deployment");
  const pod = spec.template.spec as Pod;
  assert.deepEqual([spec.replicas, spec.strategy], [1, { type: "Recreate" }]);
  const user = /^USER (\d+):\d+$/m.exec(read("deploy/container/Containerfile"))![1];
  const { securityContext: rights } = pod;
  assert.deepEqual([rights.runAsUser, rights.fsGroup, rights.runAsNonRoot], [
    ...[Number(user), Number(user), true],
  ]);
  assert.deepEqual(pod.containers[0]!.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});
