/**
 * Managers that forward, and the `serve` that takes what they forward.
 *
 * @module
 */
import assert from "node:assert/strict";
import { numberedAlert } from "../faults/numbered.ts";
import { createProgram, type Program } from "./program.ts";

export const SOURCES = 20;

export const alertOf = (manager: string, number: number) =>
  JSON.stringify({ ...numberedAlert(number, SOURCES), manager: { name: manager } });

export const linesOf = (manager: string, of: readonly number[]) =>
  of.map((number) => `${alertOf(manager, number)}\n`).join("");

export interface Status {
  readonly alerts: { readonly accepted: number; readonly duplicate: number };
  readonly forward: {
    readonly waiting: number;
    readonly oldest: string | null;
    readonly paused: { readonly reason: string } | null;
    readonly refused: number;
    readonly forwarded: number;
    readonly duplicate: number;
  };
}

export async function statusOf(program: Program): Promise<Status> {
  const { code, stdout, stderr } = await program.run(["status", "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Status;
}

/** Looks every so many milliseconds, for a minute. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  milliseconds = 50,
): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`a minute later still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

/** Makes a token at the service, and a manager that shows it. */
export async function createManager(
  kind: Program["kind"],
  listen: string,
  relay: Program,
  name: string,
): Promise<Program> {
  const made = await relay.run(["serve", "token", "new", name]);
  assert.equal(made.code, 0, made.stderr);
  const manager = await createProgram(kind, { forwardHost: listen });
  const tokenFile = `${manager.root}/etc/custom-misp/forward-token`;
  await Deno.writeTextFile(tokenFile, made.stdout, { mode: 0o640 });
  await Deno.writeTextFile(
    `${manager.root}/etc/custom-misp_ssh_bruteforce-publish.json`,
    JSON.stringify({ forward: { url: `http://${listen}`, token_file: tokenFile } }),
  );
  return manager;
}

export async function createRelay(kind: Program["kind"], listen: string): Promise<Program> {
  const relay = await createProgram(kind, { listen });
  await Deno.writeTextFile(
    `${relay.root}/etc/custom-misp_ssh_bruteforce-publish.json`,
    JSON.stringify({ server: { tokens_file: `${relay.root}/queue/custom-misp/tokens`, listen } }),
  );
  return relay;
}
