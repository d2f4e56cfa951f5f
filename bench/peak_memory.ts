/**
 * What another process took: memory and time. Asked by other programs, since Deno reads of `/proc` only
 * with all permissions.
 *
 * @module
 */

/** The most memory that it ever had. @returns MiB */
export async function peakMemory(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("grep", {
    args: ["VmHWM", `/proc/${pid}/status`],
  }).output();
  return Number(/(\d+) kB/.exec(new TextDecoder().decode(stdout))?.[1]) / 1024;
}

/** Time of the processors that it used, its own and the system's. @returns seconds */
export async function cpuTime(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/stat`] }).output();
  // Behind the name, which may hold anything; ticks are hundredths of a second on Linux.
  const fields = new TextDecoder().decode(stdout).split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
