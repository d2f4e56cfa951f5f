/**
 * Sessions at a decoy for scenes with pages: files, clients, commands and keys.
 *
 * @module
 */
import assert from "node:assert/strict";
import { decide } from "../../src/intake/decide.ts";
import { record, sessionRules } from "../cowrie/session_rig.ts";
import { PageScene } from "./page_scene.ts";

export const HASH = "a1".repeat(32);
export const HASSH = "0a07365cc01fa9fc82608ba4019af499";
export const A = "198.51.100.30";
export const B = "198.51.100.31";
const HOSTILE = `<img src=x onerror=alert(1)>"',=cmd|' /C calc'!A0\u202e`;
const BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIKHEChAk4Jk7JPLCGDlUNZpPdSmn37PNT3sXSU3fvBW8";

/** Stores records of a Cowrie, a minute apart from other calls. */
export async function live(scene: PageScene, ...records: readonly Record<string, unknown>[]) {
  const rules = sessionRules();
  const time = new Date(scene.now).toISOString().replace("Z", "+0000");
  const decisions = records.map((data) =>
    decide({ ...record(data), timestamp: time }, rules, scene.now)
  );
  assert.deepEqual(decisions.filter(({ kind }) => kind === "ignored"), []);
  await scene.buffer.intake.accept(decisions, { maxUsernames: 100 }, scene.now);
}

/** A file that a source fetched. */
export const download = (source: string, changes = {}) => ({
  ...{ eventid: "cowrie.session.file_download", src_ip: source, shasum: HASH, size: "4096" },
  ...{ url: "http://203.0.113.9/bot.sh", outfile: "var/lib/x" },
  ...changes,
});

/** Two sources with the same file, client and key; one has a hostile name for the file. */
export async function liveInSessions(made: PageScene): Promise<void> {
  for (const source of [A, B]) {
    await live(
      made,
      { eventid: "cowrie.session.connect", src_ip: source },
      { eventid: "cowrie.login.success", src_ip: source, username: "root", password: "x" },
      { eventid: "cowrie.client.kex", src_ip: source, hassh: HASSH },
      { eventid: "cowrie.command.input", src_ip: source, input: `echo ssh-ed25519 ${BLOB} me>>k` },
      { eventid: "cowrie.command.input", src_ip: source, input: HOSTILE },
      download(source, source === B ? { filename: `/tmp/${HOSTILE}` } : {}),
    );
    made.now += 60_000;
  }
  await made.publish(true);
}
