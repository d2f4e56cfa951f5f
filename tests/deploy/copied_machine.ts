/**
 * This machine's files as a copy that a test may change: an overlay in a mount namespace. Packages are
 * installed there by the real `dpkg` and `rpm`, and this machine notices nothing.
 *
 * @module
 */
import { holdMounts } from "../support/held_mounts.ts";
import { findProgram } from "../support/needs.ts";

/** The copy; it is gone with the process that holds it. */
export interface CopiedMachine extends AsyncDisposable {
  /** Stands in front of a command that is to run there. */
  readonly via: readonly string[];
}

/**
 * Makes the copy. It shares `/tmp` and the network with this machine, and has neither a Wazuh nor a
 * running systemd. Its user `wazuh` is made unless this machine has one.
 *
 * @param folder an empty folder below `/tmp`
 * @throws where this machine cannot do it
 */
export async function copyMachine(folder: string): Promise<CopiedMachine> {
  const root = `${folder}/machine`;
  const script = `
    mount -t tmpfs -o mode=755 layer '${folder}'
    mkdir '${root}' '${folder}/changed' '${folder}/work'
    mount -t overlay -o 'lowerdir=/,upperdir=${folder}/changed,workdir=${folder}/work' copy '${root}'
    mkdir -p '${root}/var/ossec'
    mount -t tmpfs -o mode=755 wazuh '${root}/var/ossec'
    mount -t tmpfs -o mode=755 run '${root}/run'
    mount -t proc proc '${root}/proc'
    mount --rbind /dev '${root}/dev'
    mount --bind /tmp '${root}/tmp'
    chroot '${root}' id wazuh >/dev/null 2>&1 || chroot '${root}' useradd --system wazuh`;
  const held = await holdMounts("-m", script, `a copy of this machine in ${folder}`);
  return {
    via: [findProgram("nsenter")!, "-t", `${held.pid}`, "-m", findProgram("chroot")!, root],
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}
