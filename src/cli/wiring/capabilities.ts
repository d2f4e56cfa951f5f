/**
 * First contact with a MISP instance: what our key may do there is asked once an hour, and remembered in
 * the buffer for all processes.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Buffer } from "../../buffer/buffer.ts";
import type { MispClient } from "../../misp/client.ts";
import { lookAtInstance } from "../../misp/instance.ts";
import type { Capabilities } from "../../misp/rest_sink.ts";
import { MISP_CAPABILITIES } from "../../publish/names.ts";

const KEEP_MS = 60 * 60_000;

/** What is asked about. */
export interface CapabilitiesOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly buffer: Buffer;
  readonly now: () => number;
  readonly log: (level: "info" | "warning", message: string) => void;
}

/** Asks, or remembers. Tags are told by the deliveries that lack them, and by `doctor`. */
export function createCapabilities(
  client: MispClient,
  options: CapabilitiesOptions,
): () => Promise<Capabilities> {
  const { buffer, now, log } = options;
  const about = fingerprint(options);
  return async () => {
    const known = JSON.parse(await buffer.settings.get(MISP_CAPABILITIES) ?? "{}") as Partial<
      Known
    >;
    if (known.about === about && Math.abs(now() - (known.at ?? 0)) < KEEP_MS) {
      return known.capabilities!;
    }
    const look = await lookAtInstance(client, [], now);
    if (look.kind === "problem") {
      const { reason, afterMs } = look.problem;
      return { kind: "unavailable", reason, ...(afterMs === undefined ? {} : { afterMs }) };
    }
    const { version, role, rights } = look.instance;
    log("info", `MISP ${version} at ${options.url}, role ${role}`);
    const capabilities: Capabilities = {
      kind: "known",
      mayPublish: rights.perm_publish,
      maySight: rights.perm_sighting,
    };
    await buffer.settings.put(
      MISP_CAPABILITIES,
      JSON.stringify({ about, at: now(), capabilities }),
    );
    return capabilities;
  };
}

interface Known {
  readonly about: string;
  readonly at: number;
  readonly capabilities: Capabilities;
}

/** Another key may have another role. Too short to find a key by. */
function fingerprint({ url, apiKey }: CapabilitiesOptions): string {
  return createHash("sha256").update(`${url}\n${apiKey}`).digest("hex").slice(0, 12);
}
