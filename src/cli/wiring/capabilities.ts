/**
 * What our key may do in MISP. MISP is asked once an hour, and the answer is stored in the buffer for all
 * processes.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Buffer } from "../../buffer/buffer.ts";
import { HOUR } from "../../clock.ts";
import { lookAtInstance } from "../../misp/instance.ts";
import type { Capabilities } from "../../misp/rest_sink.ts";
import type { Requests } from "../../misp/line/retries.ts";
import { MISP_CAPABILITIES } from "../../publish/names.ts";

const KEEP_MS = HOUR;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Which instance and key. */
export interface CapabilitiesOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly buffer: Buffer;
  readonly now: () => number;
  readonly log: (level: "info" | "warning", message: string) => void;
}

/** What was found, and the uuid of the key's organisation. */
type Found = Capabilities & { readonly organisation?: string };

/** The uuid of the key's organisation; undefined: MISP did not name it. */
export function organisationIn({ organisation }: Found): string | undefined {
  return organisation !== undefined && UUID.test(organisation) ? organisation : undefined;
}

/** Asks MISP, or the buffer. It asks for no tags: deliveries log those that are missing, and `doctor` does. */
export function createCapabilities(
  client: Requests,
  options: CapabilitiesOptions,
): () => Promise<Found> {
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
    const { version, role, rights, organisation } = look.instance;
    log("info", `MISP ${version} at ${options.url}, role ${role}`);
    const capabilities: Found = {
      kind: "known",
      mayPublish: rights.perm_publish,
      maySight: rights.perm_sighting,
      ...(organisation.uuid === "" ? {} : { organisation: organisation.uuid.toLowerCase() }),
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
  readonly capabilities: Found;
}

/** Another key may have another role. The hash is too short to find a key by. */
function fingerprint({ url, apiKey }: CapabilitiesOptions): string {
  return createHash("sha256").update(`${url}\n${apiKey}`).digest("hex").slice(0, 12);
}
