/**
 * The objects of `deploy/kubernetes`, and what Kubernetes knows of their fields.
 *
 * @module
 */
import { parseYaml } from "../support/yaml.ts";

const FOLDER = new URL("../../deploy/kubernetes/", import.meta.url);

/** What a value of an object may be: a word for a scalar, or the keys below it. `*` is any key. */
export type Shape = "text" | "number" | "true or false" | readonly [Shape] | {
  readonly [key: string]: Shape;
};

const LABELS: Shape = { "*": "text" };
const METADATA: Shape = { name: "text", labels: LABELS };
const PROBE: Shape = {
  httpGet: { path: "text", port: "text" },
  ...{ periodSeconds: "number", timeoutSeconds: "number", failureThreshold: "number" },
};
const POLICY_PORTS: Shape = [{ port: "number", protocol: "text" }];

/** The parts of Kubernetes' API that the files use, from its reference of version 1.32. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  "v1 PersistentVolumeClaim": {
    ...{ apiVersion: "text", kind: "text", metadata: METADATA },
    spec: { accessModes: ["text"], resources: { requests: { storage: "text" } } },
  },
  "apps/v1 Deployment": {
    ...{ apiVersion: "text", kind: "text", metadata: METADATA },
    spec: {
      replicas: "number",
      minReadySeconds: "number",
      strategy: {
        type: "text",
        rollingUpdate: { maxSurge: "number", maxUnavailable: "number" },
      },
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          automountServiceAccountToken: "true or false",
          enableServiceLinks: "true or false",
          terminationGracePeriodSeconds: "number",
          topologySpreadConstraints: [{
            ...{ maxSkew: "number", topologyKey: "text", whenUnsatisfiable: "text" },
            labelSelector: { matchLabels: LABELS },
          }],
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
            lifecycle: { preStop: { exec: { command: ["text"] } } },
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
  "policy/v1 PodDisruptionBudget": {
    ...{ apiVersion: "text", kind: "text", metadata: METADATA },
    spec: { minAvailable: "number", selector: { matchLabels: LABELS } },
  },
  "v1 Secret": {
    ...{ apiVersion: "text", kind: "text", metadata: METADATA, type: "text" },
    stringData: LABELS,
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
export function misfits(value: unknown, shape: Shape, at: string): readonly string[] {
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

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

/** The part of a Deployment that the tests look at. */
export interface Pod {
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly startupProbe: Probe;
    readonly readinessProbe: Probe;
    readonly livenessProbe: Probe;
    readonly lifecycle?: {
      readonly preStop: { readonly exec: { readonly command: readonly string[] } };
    };
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
    readonly secret?: { readonly secretName: string };
  }[];
}

/** One object of a file. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  // deno-lint-ignore no-explicit-any -- the shapes above say what is in it
  readonly spec: any;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** The objects of a file, by their kinds, of which each comes once. */
export function objectsOf(file: string): ReadonlyMap<string, KubernetesObject> {
  const objects = Deno.readTextFileSync(new URL(file, FOLDER)).split(/^---$/m)
    .map((text) => parseYaml(text) as KubernetesObject);
  return new Map(objects.map((one) => [one.kind, one]));
}
