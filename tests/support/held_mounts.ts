/**
 * A mount namespace of its own, which a process holds until the test ends.
 *
 * @module
 */

/** A namespace; `dispose` ends the process that holds it, and with it the mounts. */
export interface HeldMounts extends AsyncDisposable {
  /** For `nsenter -t`. */
  readonly pid: number;
}

/**
 * Starts `unshare`, and waits until a script has mounted all that is wanted.
 *
 * @param flags of `unshare`, such as `-Urm`
 * @param script for `sh -e`
 * @param what it is for, as a message says it
 * @throws where this machine cannot do it
 */
export async function holdMounts(flags: string, script: string, what: string): Promise<HeldMounts> {
  // Lives until its input ends: with this process at the latest.
  const holder = new Deno.Command("unshare", {
    args: [flags, "sh", "-ec", `${script}\necho ready\nexec cat`],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = holder.stdout.getReader();
  const { value } = await reader.read();
  const end = async () => {
    await reader.cancel();
    await holder.stdin.close();
    await holder.status;
  };
  if (!new TextDecoder().decode(value).startsWith("ready")) {
    await end().catch(() => undefined);
    throw new Error(`nothing could be mounted: ${what}`);
  }
  return { pid: holder.pid, [Symbol.asyncDispose]: end };
}
