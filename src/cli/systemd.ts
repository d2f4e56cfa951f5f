/**
 * Tells systemd how `serve` is: that it listens, that it ends, and every now and then that it lives
 * (sd_notify(3)). Elsewhere there is nobody to tell.
 *
 * @module
 */
import type { Log } from "./log.ts";

/** What systemd puts into the environment of a service. */
export interface Notifying {
  /** `NOTIFY_SOCKET`: a path, or `@` and a name without a file. */
  readonly socket: string | undefined;
  /** `WATCHDOG_USEC`: systemd kills a service that it has not heard for so long, microseconds. */
  readonly watchdogUsec: string | undefined;
}

/** Sends one message to systemd. */
export type Send = (message: string) => Promise<void>;

/** Tells systemd; where nobody is to be told, does nothing. */
export interface Supervised extends Disposable {
  /** The service can be used. From now on systemd hears that it lives. */
  ready(): Promise<void>;
  stopping(): Promise<void>;
}

/**
 * Builds what tells systemd.
 *
 * @param repeat does something every so many milliseconds until it is stopped
 */
export function supervised(
  { watchdogUsec }: Pick<Notifying, "watchdogUsec">,
  send: Send | undefined,
  log: Log,
  repeat = repeatInTime,
): Supervised {
  let beat: { readonly stop: () => void } | undefined;
  let isTold = false;
  const tell = async (message: string) => {
    try {
      await send?.(message);
    } catch (error) {
      if (isTold) return;
      isTold = true;
      log("warning", `systemd cannot be told: ${error instanceof Error ? error.message : error}`);
    }
  };
  const microseconds = Number(watchdogUsec ?? 0);
  return {
    ready: async () => {
      await tell("READY=1");
      // Twice as often as is asked for: one that comes late must not be the end.
      if (send !== undefined && microseconds > 0) {
        beat = repeat(() => void tell("WATCHDOG=1"), microseconds / 2000);
      }
    },
    // The last work may take longer than the watchdog's time: systemd still hears that it lives.
    stopping: () => tell("STOPPING=1"),
    [Symbol.dispose]: () => beat?.stop(),
  };
}

/** What the environment says; nothing where the program may not see it. */
export function notifyingOf(environment: (name: string) => string | undefined): Notifying {
  const ask = (name: string) => {
    try {
      return environment(name);
    } catch {
      return undefined;
    }
  };
  return { socket: ask("NOTIFY_SOCKET"), watchdogUsec: ask("WATCHDOG_USEC") };
}

/**
 * A way to send to a socket; undefined where there is none.
 *
 * The runtime sends from a socket that has a name only. It stands in a folder that is the program's,
 * and only until it is made: systemd answers nothing.
 *
 * @param folder where it stands for a moment
 */
export function sendTo({ socket }: Pick<Notifying, "socket">, folder: string): Send | undefined {
  if (socket === undefined || socket === "") return undefined;
  const target = { transport: "unixpacket", path: socket.replace(/^@/, "\0") } as const;
  let from: Deno.DatagramConn | undefined;
  return async (message) => {
    from ??= bind(`${folder}/notify.sock`);
    await from.send(new TextEncoder().encode(message), target);
  };
}

function bind(path: string): Deno.DatagramConn {
  removeIfThere(path);
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  removeIfThere(path);
  return socket;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function repeatInTime(work: () => void, milliseconds: number) {
  const timer = setInterval(work, milliseconds);
  return { stop: () => clearInterval(timer) };
}
