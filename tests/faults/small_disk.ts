/**
 * A disk of our own, small enough to fill: a tmpfs in a mount namespace, which needs no root where
 * the machine lets its users have namespaces.
 *
 * @module
 */
import { holdMounts } from "../support/held_mounts.ts";
import { findProgram } from "../support/needs.ts";

/** A mounted disk. Only what is started by the wrapper sees it. */
export interface SmallDisk extends AsyncDisposable {
  /** Stands in front of a command that is to see the disk. */
  readonly wrapper: readonly string[];
  /**
   * Runs a shell script that sees the disk, in its folder.
   *
   * @returns its output
   */
  sh(script: string): Promise<string>;
  /** Fills the disk, but for so many KiB. */
  fill(leave?: number): Promise<void>;
  /** Makes room again. */
  empty(): Promise<void>;
}

async function outputOf(command: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/**
 * Mounts a disk and puts folders of it into the places of others.
 *
 * @param options of tmpfs, such as `size=1m`
 * @param folders to be on that disk, below a root
 * @param isOfRoot whether root mounts it as root: then other users are known there, too
 * @throws where this machine cannot do it
 */
export async function mountSmallDisk(
  root: string,
  folders: readonly string[],
  options: string,
  isOfRoot = false,
): Promise<SmallDisk> {
  const disk = `${root}/small`;
  await Deno.mkdir(disk, { recursive: true });
  const mounts = folders.map((folder) =>
    `mkdir -p '${disk}/${folder}' '${root}/${folder}' && mount --bind '${disk}/${folder}' '${root}/${folder}'`
  );
  const script = [`mount -t tmpfs -o ${options} small '${disk}'`, ...mounts];
  const held = await holdMounts(isOfRoot ? "-m" : "-Urm", `${script.join(" && ")} || exit 1`, root);
  // The whole path: a program without PATH is started by it.
  const wrapper = [
    findProgram("nsenter")!,
    "-t",
    `${held.pid}`,
    ...(isOfRoot ? ["-m"] : ["-U", "-m", "--preserve-credentials"]),
    "--",
  ];
  const sh = (script: string) =>
    outputOf([...wrapper, "sh", "-c", `cd '${disk}' && { ${script}\n}`]);
  return {
    wrapper,
    sh,
    fill: async (leave = 0) => {
      await sh(
        `dd if=/dev/zero of=filler bs=4k 2>/dev/null || true; truncate -s -${leave}k filler`,
      );
    },
    empty: async () => {
      await sh("rm filler");
    },
    [Symbol.asyncDispose]: async () => {
      // A publisher that stayed leaves once its buffer is gone, and the disk with it.
      await sh("mount -o remount,rw . ; rm -rf ./*/*");
      await held[Symbol.asyncDispose]();
    },
  };
}
