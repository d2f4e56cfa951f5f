/**
 * The most memory that a process ever had.
 *
 * @module
 */

/** @returns MiB; asked by another program, since Deno reads of `/proc` only with all permissions */
export async function peakMemory(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("grep", {
    args: ["VmHWM", `/proc/${pid}/status`],
  }).output();
  return Number(/(\d+) kB/.exec(new TextDecoder().decode(stdout))?.[1]) / 1024;
}
