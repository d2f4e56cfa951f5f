/**
 * The program as a build for tests: it dies at a point that is named, in a throw-away Wazuh folder,
 * and publishes to a fake MISP.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BACKGROUND_LEASE } from "../../src/publish/names.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { integratordArgs } from "../e2e/program.ts";
import type { FakeMisp } from "../fake_misp/server.ts";
import { decideDefault } from "../support/fixtures.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";
import type { FaultPoint } from "./fault_point.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;

/** What the shell tells of a process that SIGKILL ended. */
export const KILLED = 137;

/** A point, and the how many-th passing of it kills. */
export interface Fault {
  readonly point: FaultPoint;
  readonly time?: number;
}

/** The program in a folder of its own. */
export class FaultyProgram implements Disposable {
  readonly #folder: TempFolder;
  readonly #isShared: boolean;
  readonly #environment: Readonly<Record<string, string>>;
  readonly buffer: string;
  readonly feed: string;

  /**
   * @param misp undefined: what it publishes goes into the feed folder
   * @param environment more variables
   * @param beside a program whose folder it shares
   */
  constructor(
    misp?: FakeMisp,
    environment: Readonly<Record<string, string>> = {},
    beside?: FaultyProgram,
  ) {
    this.#isShared = beside !== undefined;
    this.#folder = beside === undefined ? tempFolder() : beside.#folder;
    for (const folder of ["queue/custom-misp", "logs", "etc"]) {
      Deno.mkdirSync(this.#folder.file(folder), { recursive: true });
    }
    this.buffer = this.#folder.file("queue/custom-misp/buffer.db");
    this.feed = this.#folder.file("queue/custom-misp/feed");
    this.#environment = {
      WM_GUARD_PUBLISH_PRIVATE: "true",
      ...environment,
      ...(misp === undefined ? {} : {
        WM_MISP_URL: misp.url,
        // Two programs make the same uuids, so that their pictures can be compared.
        WM_MISP_PUBLISHER: "honeypots",
        WM_MISP_API_KEY: misp.keys.publisher,
        WM_MISP_MAX_PARALLEL: "1",
      }),
    };
  }

  [Symbol.dispose](): void {
    if (!this.#isShared) this.#folder[Symbol.dispose]();
  }

  /** Makes the buffer, and lets no integration call leave a publisher behind. */
  holdPublishers(): void {
    new SqliteBuffer(this.buffer, Date.now())[Symbol.dispose]();
    this.#sql(
      "INSERT OR REPLACE INTO lease (name, owner, fence, expires_at) VALUES (?, 'the test', 1, ?)",
      [
        BACKGROUND_LEASE,
        Date.now() + 50 * 60_000,
      ],
    );
  }

  #sql(text: string, values: readonly (string | number)[]): void {
    const db = new DatabaseSync(this.buffer);
    try {
      db.prepare(text).run(...values);
    } finally {
      db.close();
    }
  }

  /** Runs a command; its exit code, 137 when it died. */
  async run(args: readonly string[], fault?: Fault): Promise<number> {
    const inherited = Object.fromEntries(
      ["PATH", "HOME", "DENO_DIR", "DENO_NO_UPDATE_CHECK"].flatMap((name) => {
        const value = Deno.env.get(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--import-map", `${PROJECT}tests/faults/import_map.json`],
        ...["--allow-read", "--allow-write=/tmp", "--allow-net=127.0.0.1", "--allow-env"],
        ...["--allow-run", `${PROJECT}main.ts`, "--root", this.#folder.path, ...args],
      ],
      clearEnv: true,
      env: {
        ...inherited,
        ...this.#environment,
        ...(fault === undefined ? {} : { WM_TEST_FAULT: `${fault.point}:${fault.time ?? 1}` }),
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== KILLED) assert.equal(new TextDecoder().decode(stderr), "", args.join(" "));
    return code;
  }

  /** One call of integratord. */
  async integrate(alert: unknown, fault?: Fault): Promise<number> {
    const file = this.#folder.file("one.alert");
    await Deno.writeTextFile(file, JSON.stringify(alert));
    return await this.run(integratordArgs(file), fault);
  }

  /** Hands over alerts, as no process of its own: none of this is to fail. */
  async accept(alerts: readonly unknown[]): Promise<void> {
    using buffer = new SqliteBuffer(this.buffer, Date.now());
    const { accepted } = await buffer.intake.accept(
      alerts.map(decideDefault),
      { maxUsernames: 100 },
      Date.now(),
    );
    assert.equal(accepted, alerts.length);
  }
}
