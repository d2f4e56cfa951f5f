/**
 * What another process took, with the processes that it started: memory and time. A command of the
 * binary that uses the network is two processes. Asked by other programs, since Deno reads of `/proc`
 * only with all permissions.
 *
 * @module
 */

/** A file of `/proc` of a process, and of each that it started. */
async function filesOf(pid: number, name: string): Promise<readonly string[]> {
  const script = `for one in $1 $(cat "/proc/$1/task/$1/children"); do
    cat "/proc/$one/$2"; echo; echo =; done`;
  const args = ["-c", script, "sh", String(pid), name];
  const { stdout } = await new Deno.Command("sh", { args }).output();
  return new TextDecoder().decode(stdout).split("\n=\n").slice(0, -1);
}

const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);

/** The most memory that each ever had, together. @returns MiB */
export async function peakMemory(pid: number): Promise<number> {
  const files = await filesOf(pid, "status");
  return sum(files.map((text) => Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1]) / 1024));
}

/** Time of the processors that they used, their own and the system's. @returns seconds */
export async function cpuTime(pid: number): Promise<number> {
  return sum((await filesOf(pid, "stat")).map((text) => {
    // Behind the name, which may hold anything; ticks are hundredths of a second on Linux.
    const fields = text.split(") ").at(-1)!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }));
}
