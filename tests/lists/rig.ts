/** What tests of lists share: sources in a buffer, and lists that are made of them. */
import type { ListRule } from "../../src/list_query.ts";
import type { Gates, ListEntry } from "../../src/lists/entry.ts";
import { listFiles } from "../../src/lists/file.ts";
import { type ListsParts, writeLists } from "../../src/lists/writer.ts";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { accept, guess, type Shape, snapshotAll, START } from "../buffer/sqlite_rig.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

export const OPEN_GATES: Gates = {
  refusal: () => undefined,
  warninglistsOf: () => [],
};

/** A source as lists show it. */
export const entry = (address: string, changes: Partial<ListEntry> = {}): ListEntry => ({
  ...{ address, firstSeen: START, lastSeen: START + 5_000, attempts: 3, sensors: 2, days: 1 },
  ...{ gotIn: false, confidence: 50, ...changes },
});

/** A list of the configuration. */
export const rule = (name: string, changes: Partial<ListRule> = {}): ListRule => ({
  ...{ name, format: "plain", withinMs: undefined, minAttempts: 1, minSensors: 1, gotIn: false },
  ...{ file: name, maxChangePercent: undefined, ...changes },
});

/** So many different addresses. */
export const addresses = (count: number, from = 0): readonly string[] =>
  Array.from(
    { length: count },
    (_, n) => `198.51.${100 + ((n + from) >> 8)}.${(n + from) & 255}`,
  );

/** Makes a link: the permissions of tests do not let the runtime make one. */
export async function link(target: string, path: string): Promise<void> {
  const { success } = await new Deno.Command("ln", { args: ["-s", target, path] }).output();
  if (!success) throw new Error(`${path} could not be made`);
}

/** A buffer, a folder for its lists, and what is logged. */
export class ListRig implements Disposable {
  readonly buffer = new SqliteBuffer(":memory:", START);
  readonly folder: TempFolder = tempFolder();
  readonly logged: string[] = [];
  now = START;
  gates: () => Gates = () => OPEN_GATES;

  /** One attempt of each address, published. */
  async attack(from: readonly string[], shape: Shape = {}): Promise<void> {
    await accept(this.buffer, from.map((ip) => guess("root", ip, shape)), this.now);
    await snapshotAll(this.buffer, this.now);
  }

  parts(rules: readonly ListRule[]): ListsParts {
    return {
      buffer: this.buffer,
      lists: listFiles(rules, this.folder.file("buffer.db")),
      // deno-lint-ignore require-await -- it rejects where it throws
      gates: async () => this.gates(),
      owner: "test",
      now: () => this.now,
      log: (level, message) => void this.logged.push(`${level}: ${message}`),
    };
  }

  async write(rules: readonly ListRule[], accepted: readonly string[] = []) {
    const states = await writeLists(this.parts(rules), new Set(accepted));
    return states?.map(({ name, addresses, problem }) => ({ name, addresses, problem }));
  }

  text(name: string): string {
    return Deno.readTextFileSync(this.folder.file(`lists/${name}`));
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}
