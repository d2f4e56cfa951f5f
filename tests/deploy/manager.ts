/**
 * A manager that calls the installed program: alerts as integratord hands them over, and what became of
 * them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import type { FakeMisp } from "../fake_misp/server.ts";
import { run } from "./wazuh_root.ts";

const INTEGRATORD = Deno.readTextFileSync(new URL("integratord.pl", import.meta.url));

/** The part of `status --json` that the tests read. */
export interface Status {
  readonly pending: { readonly attacks: number };
  readonly reports: { readonly waiting: number; readonly refused: number };
  readonly alerts: {
    readonly accepted: number;
    readonly duplicate: number;
    readonly ignored: Readonly<Record<string, number>>;
  };
}

/**
 * Makes a manager.
 *
 * @param root Wazuh's folder
 * @param asUser stands in front of a command that is to run as Wazuh's user
 */
export function createManager(root: string, asUser: readonly string[], misp: FakeMisp) {
  const status = async () => {
    const target = `${root}/integrations/${PROGRAM}`;
    const { stdout } = await run([...asUser, target, "status", "--json"], { env: {} });
    return JSON.parse(stdout) as Status;
  };
  return {
    status,
    /** Sends alerts as integratord does. @returns how each call ended */
    integratord: async (alerts: readonly string[]) => {
      const args = [root, PROGRAM, misp.keys.orgadmin, misp.url];
      const line = [...asUser, "perl", "-e", INTEGRATORD, ...args];
      const { code, stdout, stderr } = await run(line, { env: {} }, alerts.join("\n") + "\n");
      assert.deepEqual([code, stderr], [0, ""]);
      return stdout.replace(/\n$/, "").split("\n");
    },
    /** Waits for the background publisher of the last alert. */
    published: async () => {
      for (const deadline = Date.now() + 60_000;;) {
        const found = await status();
        if (found.pending.attacks === 0 && found.reports.waiting === 0) return found;
        assert.ok(Date.now() < deadline, JSON.stringify(found));
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    },
  };
}
