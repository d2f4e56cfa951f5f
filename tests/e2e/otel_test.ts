/**
 * What docs/serve.md says of OpenTelemetry: the runtime's own, so that an update may change it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { needs } from "../support/needs.ts";
import { createProgram } from "./program.ts";
import { freePort } from "../support/ports.ts";
import { Service } from "./service.ts";

const TOKEN = "a-token-in-a-path";

/** Takes what is exported, and tells when something of a kind has come. */
class Collector implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #come = {
    "/v1/traces": Promise.withResolvers<void>(),
    "/v1/metrics": Promise.withResolvers<void>(),
  };
  readonly texts = new Map<string, string>();

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => undefined };
    this.#server = Deno.serve(options, async (request) => {
      const { pathname } = new URL(request.url);
      const text = (this.texts.get(pathname) ?? "") + await request.text();
      this.texts.set(pathname, text);
      if (pathname === "/v1/traces") this.#come[pathname].resolve();
      if (pathname === "/v1/metrics" && text.includes("http.server.request.duration")) {
        this.#come[pathname].resolve();
      }
      return new Response(null);
    });
  }

  has(kind: "/v1/traces" | "/v1/metrics"): Promise<void> {
    return this.#come[kind].promise;
  }

  get environment(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_METRIC_EXPORT_INTERVAL: "200",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const SAMPLERS = [["always_on", true], ["always_off", false]] as const;

for (const [sampler, hasTraces] of SAMPLERS) {
  const word = hasTraces ? "too" : "not";
  Deno.test({
    name:
      `deno run: serve exports by the runtime's OpenTelemetry, ${sampler}: a token in a path ${word}`,
    ...needs(...hasTraces ? [] : ["a runtime that heeds OTEL_TRACES_SAMPLER"] as const),
    fn: () => exportsTokenIf(hasTraces, sampler),
  });
}

async function exportsTokenIf(hasTraces: boolean, sampler: string): Promise<void> {
  await using collector = new Collector();
  const listen = `127.0.0.1:${freePort()}`;
  await using program = await createProgram("deno run", { listen });
  await using service = await Service.start(program, listen, {
    ...collector.environment,
    OTEL_TRACES_SAMPLER: sampler,
  });
  const response = await fetch(`${service.url}/alerts/${TOKEN}`, { method: "POST", body: "{}" });
  await response.body?.cancel();
  await collector.has("/v1/metrics");
  if (hasTraces) await collector.has("/v1/traces");
  // Not asked to end: Deno 2.9 can block for good in its last export, on a busy machine.
  await service.end("SIGKILL");
  const traces = collector.texts.get("/v1/traces") ?? "";
  assert.equal(traces.includes(TOKEN), hasTraces);
  const others = [...collector.texts].filter(([kind]) => kind !== "/v1/traces");
  for (const [kind, text] of others) assert.equal(text.includes(TOKEN), false, kind);
}
